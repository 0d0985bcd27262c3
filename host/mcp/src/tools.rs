//! [`Tools`]: lists the tools and calls them.

use std::sync::Arc;

use chatgpt_oauth::answers::connection::{Logout, Models, Poll, Refresh, Start, Status, Usage};
use chatgpt_oauth::answers::{Function, to_json};
use chatgpt_oauth::types::LoginPrompt;
use chatgpt_oauth::{Error, ErrorCode, Profile};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ElicitationAction,
    ErrorData, Implementation, ListToolsResult, PaginatedRequestParams, ServerCapabilities,
    ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};

use crate::arguments::{Cache, Login, Nothing, Revocation, read};
use crate::contract;
use crate::elicitation::{self, Asked, Reply};
use crate::function;
use crate::hooks::{Hooks, NoHooks};
use crate::result;

/// The seven functions of one profile, as tools. Cheap to clone.
#[derive(Clone)]
pub struct Tools {
    pub(crate) profile: Profile,
    hooks: Arc<dyn Hooks>,
    /// Whether the client can be asked during a call.
    pub(crate) connection_lasts: bool,
}

impl Tools {
    /// The tools of a profile.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self::with_hooks(profile, Arc::new(NoHooks))
    }

    /// The tools of a profile, with what a program adds to calls.
    #[must_use]
    pub fn with_hooks(profile: Profile, hooks: Arc<dyn Hooks>) -> Self {
        Self {
            profile,
            hooks,
            connection_lasts: true,
        }
    }

    async fn call(
        &self,
        function: Function,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, Error> {
        let profile = &self.profile;
        let arguments = request.arguments.unwrap_or_default();
        let answer = match function {
            Function::Start => {
                let Nothing {} = read(arguments)?;
                let reply = Reply::of(request.input_responses, request.request_state);
                return self.start(reply, context).await;
            }
            Function::Status => {
                let Nothing {} = read(arguments)?;
                to_json(&Status::from(&profile.status().await?))
            }
            Function::Poll => {
                let Login { pending_id } = read(arguments)?;
                let progress = profile.poll(pending_id.as_deref()).await;
                self.hooks.polled(&progress);
                to_json(&Poll::from(&progress?))
            }
            Function::Logout => {
                let Revocation { revoke } = read(arguments)?;
                to_json(&Logout::from(&profile.logout(revoke).await?))
            }
            Function::Refresh => {
                let Nothing {} = read(arguments)?;
                to_json(&Refresh::from(&profile.refresh().await?))
            }
            Function::Models => {
                let Cache { force } = read(arguments)?;
                to_json(&Models::from(&profile.models(force).await?))
            }
            Function::Usage => {
                let Cache { force } = read(arguments)?;
                to_json(&Usage::from(&profile.usage(force).await?))
            }
        };
        Ok(result::success(answer).into())
    }

    /// Goes on with the login that `reply` is about, or begins one and lets the client show
    /// OpenAI's page if it can.
    async fn start(
        &self,
        reply: Option<Reply>,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, Error> {
        if let Some(reply) = reply
            && let Some(result) = self.go_on(reply).await?
        {
            return Ok(result.into());
        }
        self.hooks.begin_login()?;
        let prompt = self.profile.start().await?;
        let reply = match elicitation::ask(&prompt, context, self.connection_lasts).await {
            Asked::InResult(question) => return Ok(question.into()),
            Asked::Replied(reply) => Some(reply),
            Asked::NoReply => None,
        };
        Ok(prompted(&prompt, reply.as_ref()).into())
    }

    /// The result of a reply. `None` if the person wants to sign in, and the login that they
    /// were asked about waits no longer.
    ///
    /// `start` is not called again for a login that waits: it would replace a code that
    /// expires soon, and the person may have approved that one.
    async fn go_on(&self, reply: Reply) -> Result<Option<CallToolResult>, Error> {
        let status = self.profile.status().await?;
        let meant = status
            .pending
            .filter(|pending| pending.pending_id == reply.pending_id);
        match meant {
            Some(pending) => {
                let prompt = elicitation::prompt_again(pending);
                Ok(Some(prompted(&prompt, reply.action.as_ref())))
            }
            None if !status.connected && reply.action == Some(ElicitationAction::Accept) => {
                Ok(None)
            }
            None => Err(waits_no_longer()),
        }
    }
}

/// The result of `start`: the login that waits, and what the person replied.
fn prompted(prompt: &LoginPrompt, reply: Option<&ElicitationAction>) -> CallToolResult {
    let mut result = result::success(to_json(&Start::from(prompt)));
    let note = reply.map(|reply| ContentBlock::text(elicitation::note(reply)));
    result.content.extend(note);
    result
}

fn waits_no_longer() -> Error {
    Error::permanent(
        ErrorCode::NoPendingLogin,
        "the login that the person was asked about waits no longer",
        "call poll once: it says whether the person is signed in",
    )
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        let this = Implementation::new("chatgpt-oauth", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(this)
            .with_instructions(contract::introduction())
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let mut tools = function::tools().iter();
        tools.find(|tool| tool.name == name).cloned()
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(function::tools().to_vec()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let function = Function::named(&request.name);
        let unknown = || ErrorData::invalid_params("there is no tool with this name", None);
        let function = function.ok_or_else(unknown)?;
        let response = self.call(function, request, &context).await;
        Ok(response.unwrap_or_else(|error| {
            self.hooks.failed(error.code.into());
            result::failure(&error).into()
        }))
    }
}
