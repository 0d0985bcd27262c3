//! The client shows the person OpenAI's page, where it can.

mod support;

use std::sync::{Arc, Mutex};

use openai_simulator::Endpoint;
use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationCapability, ErrorData, Implementation, UrlElicitationCapability,
};
use rmcp::service::RequestContext;
use rmcp::{ClientHandler, RoleClient};
use serde_json::json;
use support::{TestEnv, connect, lifecycles};

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
