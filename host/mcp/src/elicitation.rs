//! URL elicitation: the client shows the person OpenAI's page and the code.
//!
//! Since protocol 2026-07-28 the result of a call asks, and the client repeats the call with
//! the reply. Before, the server sends a request of its own during the call, which needs a
//! connection that lasts: over HTTP without sessions there is none, and no client is known to
//! take URLs.

use std::time::Duration;

use chatgpt_oauth::types::LoginPrompt;
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

/// Asks the person to open the page, if the client can show URLs. `replies` are those to the
/// question of an earlier result.
pub(crate) async fn ask(
    prompt: &LoginPrompt,
    replies: Option<InputResponses>,
    context: &RequestContext<RoleServer>,
) -> Asked {
    if !shows_urls(context) {
        return Asked::NoReply;
    }
    if let Some(replies) = replies {
        return reply(replies);
    }
    let question = question(prompt);
    if asks_in_results(context) {
        let question = InputRequest::Elicitation(ElicitRequest::new(question));
        let questions = InputRequests::from([(LOGIN.to_owned(), question)]);
        return Asked::InResult(InputRequiredResult::from_input_requests(questions));
    }
    let peer = &context.peer;
    let asked = peer.create_elicitation_with_timeout(question, Some(PATIENCE));
    match asked.await {
        Ok(reply) => Asked::Replied(reply.action),
        Err(_) => Asked::NoReply,
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

fn question(prompt: &LoginPrompt) -> ElicitRequestParams {
    ElicitRequestParams::UrlElicitationParams {
        meta: None,
        message: prompt.instructions.clone(),
        url: prompt.pending.verification_url.clone(),
        elicitation_id: prompt.pending.pending_id.clone(),
    }
}

fn reply(mut replies: InputResponses) -> Asked {
    let reply = replies.remove(LOGIN).map(serde_json::from_value);
    match reply {
        Some(Ok(ElicitResult { action, .. })) => Asked::Replied(action),
        _ => Asked::NoReply,
    }
}
