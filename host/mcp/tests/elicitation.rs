//! The client shows the person OpenAI's page, where it can.

mod support;

use std::sync::{Arc, Mutex};

use chatgpt_oauth::Profile;
use openai_simulator::Endpoint;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ClientConfig,
    ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationCapability, ErrorData,
    Implementation, InputRequiredResult, UrlElicitationCapability,
};
use rmcp::service::RequestContext;
use rmcp::{ClientHandler, RoleClient};
use serde_json::{Value, json};
use support::story::Agent;
use support::{TestEnv, connect, lifecycles, newest};

/// A client whose person replies to every page in one way.
#[derive(Clone)]
struct Person {
    reply: ElicitationAction,
    /// The messages and URLs that were shown.
    shown: Arc<Mutex<Vec<(String, String)>>>,
}

impl Person {
    fn who(reply: ElicitationAction) -> Self {
        Self {
            reply,
            shown: Arc::default(),
        }
    }
}

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let urls = ElicitationCapability::new().with_url(UrlElicitationCapability::new());
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation = Some(urls);
        ClientConfig::new(capabilities, Implementation::new("test", "1"))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let ElicitRequestParams::UrlElicitationParams { message, url, .. } = request else {
            panic!("{request:?} is not about a URL")
        };
        self.shown.lock().unwrap().push((message, url));
        Ok(ElicitResult::new(self.reply.clone()))
    }
}

#[tokio::test]
async fn a_client_that_shows_urls_shows_the_page_and_the_code() {
    for lifecycle in lifecycles() {
        let test = TestEnv::new();
        let person = Person::who(ElicitationAction::Accept);
        let mut agent = connect(test.profile(), person.clone(), lifecycle).await;
        let result = agent.result("start", json!({})).await;
        let prompt = result.structured_content.unwrap();
        let note = &result.content[1].as_text().unwrap().text;
        assert!(note.contains("agreed to open the page"), "{note}");
        let shown = person.shown.lock().unwrap().clone();
        let [(message, url)] = &shown[..] else {
            panic!("{shown:?}")
        };
        assert_eq!(prompt["verification_url"], **url);
        let code = prompt["user_code"].as_str().unwrap();
        assert!(message.contains(code), "{message}");
        assert!(!url.contains(code), "{url}");
    }
}

#[tokio::test]
async fn a_person_who_declines_leaves_the_login_waiting() {
    for lifecycle in lifecycles() {
        for reply in [ElicitationAction::Decline, ElicitationAction::Cancel] {
            let test = TestEnv::new();
            let mut agent = connect(test.profile(), Person::who(reply), lifecycle.clone()).await;
            let result = agent.result("start", json!({})).await;
            let note = &result.content[1].as_text().unwrap().text;
            assert!(note.contains("did not open the page"), "{note}");
            let status = agent.call("status", json!({})).await;
            assert_eq!(status["state"], "pending", "{status}");
        }
    }
}

#[tokio::test]
async fn a_client_that_shows_no_urls_is_not_asked() {
    for lifecycle in lifecycles() {
        let test = TestEnv::new();
        let mut agent = connect(test.profile(), (), lifecycle).await;
        let result = agent.result("start", json!({})).await;
        assert_eq!(result.content.len(), 1);
    }
}

#[tokio::test]
async fn the_question_makes_the_service_send_one_code() {
    for lifecycle in lifecycles() {
        let test = TestEnv::new();
        let person = Person::who(ElicitationAction::Accept);
        let mut agent = connect(test.profile(), person, lifecycle).await;
        agent.call("start", json!({})).await;
        let codes = test.simulator.requests_to(Endpoint::UserCode);
        assert_eq!(codes.len(), 1);
    }
}

/// A client that shows the question of `start` and lets the test repeat the call.
struct Slow {
    test: TestEnv,
    profile: Profile,
    agent: Agent<Person>,
}

impl Slow {
    async fn connected() -> Self {
        let test = TestEnv::new();
        let profile = test.profile();
        let person = Person::who(ElicitationAction::Cancel);
        let agent = connect(profile.clone(), person, newest()).await;
        Self {
            test,
            profile,
            agent,
        }
    }

    async fn start(&self, request: CallToolRequestParams) -> CallToolResponse {
        self.agent.client.call_tool_once(request).await.unwrap()
    }

    /// Calls `start`, which asks.
    async fn question(&self) -> InputRequiredResult {
        asked(self.start(CallToolRequestParams::new("start")).await)
    }

    /// Repeats the call with a reply.
    async fn reply(
        &self,
        question: &InputRequiredResult,
        reply: ElicitationAction,
    ) -> CallToolResponse {
        let reply = serde_json::to_value(ElicitResult::new(reply)).unwrap();
        let mut request = CallToolRequestParams::new("start");
        request.input_responses = Some([("login".to_owned(), reply)].into());
        request.request_state = question.request_state.clone();
        self.start(request).await
    }

    fn codes_sent(&self) -> usize {
        self.test.simulator.requests_to(Endpoint::UserCode).len()
    }

    fn approve(&self) {
        let code = self.test.simulator.pending_codes().remove(0);
        self.test.simulator.approve(&code).unwrap();
    }
}

fn asked(response: CallToolResponse) -> InputRequiredResult {
    match response {
        CallToolResponse::InputRequired(question) => question,
        other => panic!("{other:?} asks nothing"),
    }
}

fn complete(response: CallToolResponse) -> CallToolResult {
    match response {
        CallToolResponse::Complete(result) => result,
        other => panic!("{other:?} is no result"),
    }
}

fn content(result: &CallToolResult) -> &Value {
    result.structured_content.as_ref().unwrap()
}

#[tokio::test]
async fn a_late_reply_returns_the_login_that_it_is_about() {
    let mut slow = Slow::connected().await;
    let question = slow.question().await;
    // By now, `start` would replace the code.
    slow.test.pass(800);
    slow.approve();
    let reply = slow.reply(&question, ElicitationAction::Accept).await;
    let result = complete(reply);
    let prompt = content(&result);
    assert_eq!(prompt["pending_id"], question.request_state.unwrap());
    let code = prompt["user_code"].as_str().unwrap();
    let instructions = prompt["instructions"].as_str().unwrap();
    assert!(instructions.contains(code), "{instructions}");
    let note = &result.content[1].as_text().unwrap().text;
    assert!(note.contains("agreed to open the page"), "{note}");
    assert_eq!(slow.codes_sent(), 1);
    let progress = slow.agent.call("poll", json!({})).await;
    assert_eq!(progress["status"], "connected", "{progress}");
}

#[tokio::test]
async fn a_reply_after_another_process_has_finished_the_login_begins_none() {
    let mut slow = Slow::connected().await;
    let question = slow.question().await;
    slow.approve();
    slow.profile.poll(None).await.unwrap();
    let reply = slow.reply(&question, ElicitationAction::Accept).await;
    let result = complete(reply);
    let failure = content(&result);
    assert_eq!(failure["code"], "no-pending-login", "{failure}");
    assert!(failure["hint"].as_str().unwrap().contains("poll"));
    assert_eq!(slow.codes_sent(), 1);
    let progress = slow.agent.call("poll", json!({})).await;
    assert_eq!(progress["status"], "connected", "{progress}");
}

#[tokio::test]
async fn a_person_who_agrees_after_the_code_has_expired_is_asked_about_a_new_one() {
    let slow = Slow::connected().await;
    let first = slow.question().await;
    slow.test.pass(1000);
    let reply = slow.reply(&first, ElicitationAction::Accept).await;
    let second = asked(reply);
    assert_ne!(second.request_state, first.request_state);
    assert_eq!(slow.codes_sent(), 2);
}

#[tokio::test]
async fn a_person_who_declines_after_the_code_has_expired_gets_no_new_one() {
    let slow = Slow::connected().await;
    let question = slow.question().await;
    slow.test.pass(1000);
    let reply = slow.reply(&question, ElicitationAction::Decline).await;
    let result = complete(reply);
    let failure = content(&result);
    assert_eq!(failure["code"], "no-pending-login", "{failure}");
    assert_eq!(slow.codes_sent(), 1);
}
