mod approval;
mod asking;
mod clock_steps;
mod commit;
mod exchange;
mod finished;
mod record;
mod superseded;

use super::poll;
use crate::contract::{ConnectionState, ErrorCode, LoginProgress, LoginStatus};
use crate::error::Result;
use crate::exports::connection::{logout, start, status};
use crate::ports::StoreError;
use crate::ports::{MaybeSent, NotSent};
use crate::testing::fakes::{
    DEVICE_TOKEN, Fault, HttpResult, LIFETIME, MODELS, NOW, Op, REVOKE, TOKEN, TestEnv, USAGE,
    USER_CODE, access_token, approval, broken, changed, credential, dead, fails, grant, id_token,
    intent, models, not_sent, ok, page, pending, refusal, response, usage, with_header,
};
use serde_json::{Value, json};

/// An environment with a pending login.
fn waiting(changes: Value) -> TestEnv {
    let env = TestEnv::new();
    env.put("pending", &pending(changes));
    env
}

/// An environment with a pending login whose approval is stored.
fn approved(changes: Value) -> TestEnv {
    let approval = json!({"code": "code-1", "verifier": "verifier-1", "attempts": 0});
    waiting(json!({"approval": changed(approval, changes)}))
}

fn asked(env: &TestEnv, name: Option<&str>) -> Result<LoginProgress> {
    env.call(|ports| poll(ports, name))
}

#[track_caller]
fn is_pending(env: &TestEnv) -> LoginProgress {
    let progress = asked(env, None).expect("a pending login");
    assert_eq!(progress.status, LoginStatus::Pending);
    progress
}

#[track_caller]
fn is_connected(env: &TestEnv) -> LoginProgress {
    let progress = asked(env, None).expect("a login");
    assert_eq!(progress.status, LoginStatus::Connected);
    progress
}

fn code(env: &TestEnv) -> ErrorCode {
    fails(asked(env, None)).code
}

/// Answers all requests for models and usage.
fn with_backend(env: &TestEnv) -> &TestEnv {
    env.serve(MODELS, |_, _| models());
    env.serve(USAGE, |_, _| usage())
}
