//! A whole login by an MCP client, over any transport.

use jsonschema::Validator;
use openai_simulator::Simulator;
use rmcp::model::{CallToolRequestParams, CallToolResult, JsonObject, Tool};
use rmcp::service::{RunningService, Service};
use rmcp::{Peer, RoleClient};
use serde_json::{Value, json};

/// The seven functions.
pub const ALL: [&str; 7] = [
    "status", "start", "poll", "logout", "refresh", "models", "usage",
];

/// A client whose results are checked, and what it got.
pub struct Agent<S: Service<RoleClient>> {
    pub client: RunningService<RoleClient, S>,
    tools: Vec<Tool>,
    got: String,
}

impl<S: Service<RoleClient>> Agent<S> {
    pub async fn new(client: RunningService<RoleClient, S>) -> Self {
        let peer: &Peer<RoleClient> = &client;
        let tools = peer.list_all_tools().await.unwrap();
        Self {
            client,
            tools,
            got: String::new(),
        }
    }

    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// The result of a tool, which fits the tool's schema and has the same JSON as text.
    pub async fn result(&mut self, tool: &str, arguments: Value) -> CallToolResult {
        let Value::Object(arguments) = arguments else {
            panic!("{arguments} is no object")
        };
        let request = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let result = self.client.call_tool(request).await.unwrap();
        self.got += &serde_json::to_string(&result).unwrap();
        let structured = result
            .structured_content
            .as_ref()
            .expect("structured content");
        let errors: Vec<_> = self
            .schema(tool)
            .iter_errors(structured)
            .map(|it| it.to_string())
            .collect();
        assert!(errors.is_empty(), "{tool}: {structured}: {errors:?}");
        let text = &result.content[0].as_text().expect("a text").text;
        assert_eq!(&serde_json::from_str::<Value>(text).unwrap(), structured);
        assert_eq!(
            result.is_error,
            Some(structured["ok"] == false),
            "{structured}"
        );
        result
    }

    /// The answer of a tool.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.result(tool, arguments).await;
        result.structured_content.unwrap()
    }

    fn schema(&self, tool: &str) -> Validator {
        let tool = self.tools.iter().find(|it| it.name == tool).expect(tool);
        let schema: JsonObject = (**tool.output_schema.as_ref().unwrap()).clone();
        jsonschema::validator_for(&Value::Object(schema)).unwrap()
    }

    /// Signs in, calls every tool and signs out. `pass` lets so many seconds pass. No result
    /// has a token.
    pub async fn sign_in_and_out(&mut self, simulator: &Simulator, pass: impl Fn(u64)) {
        assert_eq!(
            self.call("status", json!({})).await["state"],
            "not_connected"
        );
        assert_eq!(self.call("usage", json!({})).await["code"], "not-connected");

        let prompt = self.call("start", json!({})).await;
        assert_eq!(prompt["status"], "pending", "{prompt}");
        assert_eq!(self.call("poll", json!({})).await["status"], "pending");
        simulator
            .approve(prompt["user_code"].as_str().unwrap())
            .unwrap();
        pass(1);
        let login = json!({"pending_id": prompt["pending_id"]});
        assert_eq!(self.call("poll", login).await["status"], "connected");

        assert_eq!(
            self.call("status", json!({})).await["email"],
            "ada@example.com"
        );
        assert_eq!(self.call("models", json!({})).await["source"], "cache");
        pass(120);
        assert_eq!(
            self.call("usage", json!({"force": true})).await["source"],
            "api"
        );
        assert_eq!(self.call("refresh", json!({})).await["status"], "refreshed");
        assert_eq!(
            self.call("logout", json!({"revoke": true})).await["revoked"],
            true
        );
        assert_eq!(
            self.call("models", json!({})).await["code"],
            "not-connected"
        );

        let secrets = simulator.secrets();
        assert!(secrets.len() > 5, "{secrets:?}");
        for secret in secrets {
            assert!(!self.got.contains(&secret.value), "{:?}", secret.kind);
        }
    }
}
