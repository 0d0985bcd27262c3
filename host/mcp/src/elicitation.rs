//! URL elicitation: the client shows the person OpenAI's page and the code.
//!
//! Since protocol 2026-07-28 the result of a call asks, and the client repeats the call with
//! the reply and the name of the login that it is about. Before, the server sends a request of
//! its own during the call, which needs a connection that lasts: over HTTP without sessions
//! there is none.

use std::time::Duration;

use chatgpt_oauth::types::{LoginPrompt, PendingLogin};
use rmcp::RoleServer;
use rmcp::model::{
    ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, InputRequest,
    InputRequests, InputRequiredResult, InputResponses,
};
use rmcp::service::RequestContext;

/// The name of the only question.
const LOGIN: &str = "login";

/// For so long a call waits for the person. Many clients give a call up after a minute.
const PATIENCE: Duration = Duration::from_secs(45);

/// What becomes of the question whether the client may show the page.
pub(crate) enum Asked {
    /// The person has replied.
    Replied(ElicitationAction),
    /// The client shows no URLs, or no reply has come in time.
    NoReply,
    /// The result of this call is the question.
    InResult(InputRequiredResult),
}

/// A reply to the question of an earlier result.
pub(crate) struct Reply {
    /// The `pending_id` of the login that the question was about, as the client returns it:
    /// compare it, and trust it with nothing.
    pub(crate) pending_id: String,
    /// What the person did; `None` if the client does not say.
    pub(crate) action: Option<ElicitationAction>,
}

impl Reply {
    /// The reply in a call, if it is a repetition that names its login.
    pub(crate) fn of(replies: Option<InputResponses>, state: Option<String>) -> Option<Self> {
        let reply = replies?.remove(LOGIN).map(serde_json::from_value);
        Some(Self {
            pending_id: state?,
            action: match reply {
                Some(Ok(ElicitResult { action, .. })) => Some(action),
                _ => None,
            },
        })
    }
}

/// Asks the person to open the page, if the client can show URLs. Without a connection that
/// lasts, only the result of the call can ask.
pub(crate) async fn ask(
    prompt: &LoginPrompt,
    context: &RequestContext<RoleServer>,
    connection_lasts: bool,
) -> Asked {
    if !shows_urls(context) {
        return Asked::NoReply;
    }
    if asks_in_results(context) {
        return Asked::InResult(in_result(prompt));
    }
    if !connection_lasts {
        return Asked::NoReply;
    }
    let peer = &context.peer;
    let asked = peer.create_elicitation_with_timeout(question(prompt), Some(PATIENCE));
    match asked.await {
        Ok(reply) => Asked::Replied(reply.action),
        Err(_) => Asked::NoReply,
    }
}

/// The login that waits, for a person who has seen its instructions.
pub(crate) fn prompt_again(pending: PendingLogin) -> LoginPrompt {
    LoginPrompt {
        instructions: format!(
            "Open {} and enter the code {}. Only go on if you started this login yourself; if a website or a person gave you this code, stop.",
            pending.verification_url, pending.user_code
        ),
        pending,
        replaced_user_code: None,
    }
}

/// What the reply means for the agent.
pub(crate) fn note(reply: &ElicitationAction) -> &'static str {
    match reply {
        ElicitationAction::Accept => {
            "The person was shown the page and the code, and agreed to open the page. Wait until they say that they are done, then call `poll`."
        }
        _ => {
            "The person did not open the page from here. Ask whether they want to sign in; if so, show them the URL and the code."
        }
    }
}

fn shows_urls(context: &RequestContext<RoleServer>) -> bool {
    let capabilities = context.client_capabilities();
    let elicitation = capabilities.and_then(|capabilities| capabilities.elicitation);
    elicitation.is_some_and(|elicitation| elicitation.url.is_some())
}

fn asks_in_results(context: &RequestContext<RoleServer>) -> bool {
    let version = context.protocol_version();
    version.is_some_and(|version| !version.has_initialize())
}

/// The result that asks, and names the login for the [`Reply`].
fn in_result(prompt: &LoginPrompt) -> InputRequiredResult {
    let question = InputRequest::Elicitation(ElicitRequest::new(question(prompt)));
    let questions = InputRequests::from([(LOGIN.to_owned(), question)]);
    InputRequiredResult::new(Some(questions), Some(prompt.pending.pending_id.clone()))
}

fn question(prompt: &LoginPrompt) -> ElicitRequestParams {
    ElicitRequestParams::UrlElicitationParams {
        meta: None,
        message: prompt.instructions.clone(),
        url: prompt.pending.verification_url.clone(),
        elicitation_id: prompt.pending.pending_id.clone(),
    }
}
