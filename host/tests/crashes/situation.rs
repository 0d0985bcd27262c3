//! What led to a command, and the command's arguments.

use crate::LIFETIME;
use crate::matrix::{Death, run};
use crate::recovery::holds_tokens;
use crate::support::TestEnv;

/// Long enough after the login for everything to be asked for again, in seconds.
pub const A_WHILE: u64 = 120;

fn command(arguments: &[&str]) -> Vec<String> {
    arguments.iter().copied().map(str::to_owned).collect()
}

fn signed_in(world: &TestEnv, seconds_ago: u64) {
    world.sign_in();
    world.pass(seconds_ago);
}

pub fn nobody_signed_in(_: &TestEnv) -> Vec<String> {
    command(&["start"])
}

pub fn code_waits(world: &TestEnv) -> Vec<String> {
    world.ask(&["start"]);
    command(&["poll"])
}

pub fn code_approved(world: &TestEnv) -> Vec<String> {
    let prompt = world.ask(&["start"]);
    let code = prompt["user_code"].as_str().unwrap();
    world.simulator.approve(code).unwrap();
    command(&["poll"])
}

pub fn token_lives(world: &TestEnv) -> Vec<String> {
    signed_in(world, A_WHILE);
    command(&["refresh"])
}

pub fn token_due(world: &TestEnv) -> Vec<String> {
    signed_in(world, LIFETIME - 240);
    command(&["authorize"])
}

pub fn token_ended(world: &TestEnv) -> Vec<String> {
    signed_in(world, LIFETIME);
    command(&["authorize"])
}

pub fn token_refused(world: &TestEnv) -> Vec<String> {
    signed_in(world, A_WHILE);
    let authorization = world.ask(&["authorize"]);
    let fingerprint = authorization["fingerprint"].as_str().unwrap();
    command(&["authorize", "--refused", fingerprint])
}

pub fn models_wanted(world: &TestEnv) -> Vec<String> {
    signed_in(world, A_WHILE);
    command(&["models", "--force"])
}

pub fn usage_wanted(world: &TestEnv) -> Vec<String> {
    signed_in(world, A_WHILE);
    command(&["usage", "--force"])
}

pub fn signing_out(world: &TestEnv) -> Vec<String> {
    signed_in(world, A_WHILE);
    assert!(holds_tokens(world));
    command(&["logout"])
}

pub fn signing_out_everywhere(world: &TestEnv) -> Vec<String> {
    signing_out(world);
    command(&["logout", "--revoke"])
}

/// The tokens are stored still, to be revoked.
pub fn logout_interrupted(world: &TestEnv) -> Vec<String> {
    let logout = signing_out_everywhere(world);
    run(
        world,
        &logout,
        Some((Death::Kill, "before send /oauth/revoke")),
    );
    assert!(holds_tokens(world));
    command(&["start"])
}
