//! Device codes at the service, and the person in front of its page.

use crate::MARKER;
use serde_json::{Value, json};

/// How long a code counts, in seconds.
pub const CODE_LIFETIME: u64 = 900;

/// The pause between two polls, in seconds.
pub const INTERVAL: u64 = 5;

enum Stage {
    Waiting,
    /// By that account's owner; the authorization code counts once.
    Approved {
        account: &'static str,
        is_used: bool,
    },
    Declined,
}

struct Device {
    number: usize,
    ends_at: u64,
    stage: Stage,
}

#[derive(Default)]
pub struct Devices(Vec<Device>);

impl Device {
    fn id(&self) -> String {
        format!("dev.{MARKER}.{}", self.number)
    }

    fn code(&self) -> String {
        format!("code.{MARKER}.{}", self.number)
    }
}

impl Devices {
    /// A new code, as the service answers it.
    pub fn begin(&mut self, now: u64) -> Value {
        let device = Device {
            number: self.0.len(),
            ends_at: now + CODE_LIFETIME,
            stage: Stage::Waiting,
        };
        let body = json!({
            "device_auth_id": device.id(), "user_code": format!("ABCD-{:05}", device.number),
            "interval": INTERVAL.to_string(),
        });
        self.0.push(device);
        body
    }

    /// The person decides about the newest code that waits: with the account,
    /// or with none to decline.
    pub fn decide(&mut self, account: Option<&'static str>, now: u64) {
        let waits =
            |device: &&mut Device| matches!(device.stage, Stage::Waiting) && now < device.ends_at;
        if let Some(device) = self.0.iter_mut().rev().find(waits) {
            device.stage = account.map_or(Stage::Declined, |account| Stage::Approved {
                account,
                is_used: false,
            });
        }
    }

    /// Status and body of a poll.
    pub fn poll(&self, id: &str, now: u64) -> (u16, Value) {
        let refused = |code: &str| {
            (
                403,
                json!({"error": {"code": code, "message": format!("no, {MARKER}")}}),
            )
        };
        match self.0.iter().find(|device| device.id() == id) {
            None => refused("deviceauth_authorization_unknown"),
            Some(Device {
                stage: Stage::Declined,
                ..
            }) => refused("deviceauth_access_denied"),
            Some(device) if now >= device.ends_at => refused("deviceauth_expired_token"),
            Some(Device {
                stage: Stage::Waiting,
                ..
            }) => refused("deviceauth_authorization_pending"),
            Some(device) => (
                200,
                json!({
                    "authorization_code": device.code(), "code_challenge": "challenge",
                    "code_verifier": format!("verifier.{MARKER}.{}", device.number),
                }),
            ),
        }
    }

    /// The account whose owner approved, the first time that the code comes.
    pub fn redeem(&mut self, code: &str) -> Option<&'static str> {
        let device = self.0.iter_mut().find(|device| device.code() == code)?;
        match &mut device.stage {
            Stage::Approved { account, is_used } if !*is_used => {
                *is_used = true;
                Some(*account)
            }
            _ => None,
        }
    }
}
