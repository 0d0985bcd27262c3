//! [`Tools`]: lists the tools and calls them.

use std::sync::Arc;

use chatgpt_oauth::answers::connection::{Logout, Models, Poll, Refresh, Start, Status, Usage};
use chatgpt_oauth::answers::to_json;
use chatgpt_oauth::types::LoginPrompt;
use chatgpt_oauth::{Error, Profile};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ContentBlock, ErrorData, Implementation,
    InputResponses, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
    Tool,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};

use crate::arguments::{Cache, Login, Nothing, Revocation, read};
use crate::contract;
use crate::elicitation::{self, Asked};
use crate::function::Function;
use crate::hooks::{Hooks, NoHooks};
use crate::result;

/// The seven functions of one profile, as tools. Cheap to clone.
#[derive(Clone)]
pub struct Tools {
    pub(crate) profile: Profile,
    hooks: Arc<dyn Hooks>,
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
        Self { profile, hooks }
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
                return self.start(request.input_responses, context).await;
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

    /// Begins a login, and lets the client show OpenAI's page if it can. `replies` are those of
    /// the person if this call is a repetition.
    async fn start(
        &self,
        replies: Option<InputResponses>,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, Error> {
        let prompt = self.begin_login(replies.is_some()).await?;
        let reply = match elicitation::ask(&prompt, replies, context).await {
            Asked::InResult(question) => return Ok(question.into()),
            Asked::Replied(reply) => Some(reply),
            Asked::NoReply => None,
        };
        let mut result = result::success(to_json(&Start::from(&prompt)));
        let notes = reply.map(|reply| ContentBlock::text(elicitation::note(&reply)));
        result.content.extend(notes);
        Ok(result.into())
    }

    /// A repetition needs no permission while a login waits: it makes the service send no code.
    async fn begin_login(&self, is_repetition: bool) -> Result<LoginPrompt, Error> {
        let waits = is_repetition && self.profile.status().await?.pending.is_some();
        if !waits {
            self.hooks.begin_login()?;
        }
        self.profile.start().await
    }
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        let this = Implementation::new("chatgpt-oauth", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(this)
            .with_instructions(contract::introduction())
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let mut tools = Function::tools().iter();
        tools.find(|tool| tool.name == name).cloned()
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(Function::tools().to_vec()))
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
