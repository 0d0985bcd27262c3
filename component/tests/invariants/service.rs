//! OpenAI at its strictest: refresh tokens rotate, and reuse ends the login.

mod devices;
mod tokens;

pub use devices::{CODE_LIFETIME, INTERVAL};
pub use tokens::{Quirk, Said};

use crate::MARKER;
use base64ct::{Base64UrlUnpadded, Encoding};
use chatgpt_oauth_component::ports::{HttpRequest, HttpResponse};
use devices::Devices;
use serde_json::{Value, json};
use tokens::Tokens;

/// What the names of all models begin with.
const MODEL: &str = "gpt-of-login-";

/// A code of the service's that is in no list.
pub const UNKNOWN_CODE: &str = "unheard_of";

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    UserCode,
    Poll,
    Exchange,
    Refresh,
    Revoke,
    Models,
    Usage,
}

/// A request, reduced to what counts.
#[derive(Clone)]
pub struct Sent {
    pub endpoint: Endpoint,
    /// The refresh token, authorization code, device id or access token in it.
    pub secret: String,
}

impl Sent {
    pub fn of(request: &HttpRequest) -> Self {
        let body = String::from_utf8(request.body.clone()).expect("UTF-8");
        let json: Value = serde_json::from_str(&body).unwrap_or_default();
        let in_json = |field: &str| json[field].as_str().unwrap_or_default().to_owned();
        let in_form = |field: &str| {
            let fields = body.split('&').filter_map(|pair| pair.split_once('='));
            fields
                .filter(|(name, _)| *name == field)
                .map(|(_, value)| value.to_owned())
                .collect()
        };
        let bearer = || {
            let mut headers = request.headers.iter();
            let authorization = headers.find(|(name, _)| *name == "authorization");
            authorization.map_or_else(String::new, |(_, value)| value.replace("Bearer ", ""))
        };
        let path = request.path.split('?').next().unwrap_or_default();
        let (endpoint, secret) = match (request.host, path) {
            ("auth.openai.com", "/api/accounts/deviceauth/usercode") => {
                (Endpoint::UserCode, String::new())
            }
            ("auth.openai.com", "/api/accounts/deviceauth/token") => {
                (Endpoint::Poll, in_json("device_auth_id"))
            }
            ("auth.openai.com", "/oauth/token") if json.is_object() => {
                (Endpoint::Refresh, in_json("refresh_token"))
            }
            ("auth.openai.com", "/oauth/token") => (Endpoint::Exchange, in_form("code")),
            ("auth.openai.com", "/oauth/revoke") => (Endpoint::Revoke, in_json("token")),
            ("chatgpt.com", "/backend-api/codex/models") => (Endpoint::Models, bearer()),
            ("chatgpt.com", "/backend-api/wham/usage") => (Endpoint::Usage, bearer()),
            (host, path) => panic!("nothing is ever sent to {host}{path}"),
        };
        Self { endpoint, secret }
    }
}

/// The service. Times given to it are true ones; its own clock is off by a constant.
pub struct Service {
    clock_offset: i64,
    tokens: Tokens,
    devices: Devices,
    /// Requests that arrive later, and when.
    under_way: Vec<(u64, Sent)>,
    /// Every refresh token is refused by an unknown code and stays as it is.
    only_refuses: bool,
}

impl Service {
    /// `clock_offset` is how far the service's clock is ahead, in seconds.
    pub fn new(clock_offset: i64, lifetime: u64, grace: u64) -> Self {
        Self {
            clock_offset,
            tokens: Tokens::new(lifetime, grace),
            devices: Devices::default(),
            under_way: Vec::new(),
            only_refuses: false,
        }
    }

    pub fn only_refuses(&mut self, does: bool) {
        self.only_refuses = does;
    }

    fn clock(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.clock_offset)
    }

    /// Answers a request that arrives now.
    pub fn answer(
        &mut self,
        sent: &Sent,
        quirk: Option<Quirk>,
        now: u64,
    ) -> (HttpResponse, Option<Said>) {
        let clock = self.clock(now);
        let secret = &sent.secret;
        let mut said = None;
        let (status, body) = match sent.endpoint {
            Endpoint::UserCode => (200, self.devices.begin(clock)),
            Endpoint::Poll => self.devices.poll(secret, clock),
            Endpoint::Exchange => {
                said = Some(match self.devices.redeem(secret) {
                    Some(account) => Said::Granted {
                        pair: self.tokens.begin_login(account, clock),
                        is_rotated: true,
                    },
                    None => Said::Refused("invalid_grant"),
                });
                token_answer(said.as_ref(), None)
            }
            Endpoint::Refresh if self.only_refuses => {
                said = Some(Said::Refused(UNKNOWN_CODE));
                token_answer(said.as_ref(), None)
            }
            Endpoint::Refresh => {
                said = Some(self.tokens.refresh(secret, quirk, clock));
                token_answer(said.as_ref(), quirk)
            }
            Endpoint::Revoke => {
                self.tokens.revoke(secret);
                (200, json!({"message": "success"}))
            }
            Endpoint::Models | Endpoint::Usage if !self.works(secret, now, 0) => {
                (401, error("token_expired"))
            }
            Endpoint::Models => (200, self.models(secret)),
            Endpoint::Usage => (200, json!({"plan_type": "pro", "rate_limit": null})),
        };
        let mut response = answer(status, &body.to_string());
        let date = http_date(clock).into_bytes();
        response.headers.push(("date".to_owned(), date));
        (response, said)
    }

    /// Each login has a model of its own, so that a cached list identifies its login.
    fn models(&self, access: &str) -> Value {
        let login = self.tokens.login_of_access(access).unwrap_or_default();
        let slug = format!("{MODEL}{login}");
        json!({"models": [{"slug": slug, "visibility": "list", "priority": 1}]})
    }

    /// The login whose model that is.
    pub fn login_of_model(id: &str) -> Option<usize> {
        id.strip_prefix("openai-codex/")?
            .strip_prefix(MODEL)?
            .parse()
            .ok()
    }

    /// Lets a request arrive after that many seconds.
    pub fn delay(&mut self, sent: &Sent, now: u64, seconds: u64) {
        self.under_way.push((now + seconds, sent.clone()));
    }

    /// Takes the next request out that is to arrive until then, and when.
    pub fn arrival(&mut self, until: u64) -> Option<(u64, Sent)> {
        self.under_way.sort_by_key(|(at, _)| *at);
        let is_next = self.under_way.first().is_some_and(|(at, _)| *at <= until);
        is_next.then(|| self.under_way.remove(0))
    }

    pub fn decide(&mut self, account: Option<&'static str>, now: u64) {
        self.devices.decide(account, self.clock(now));
    }

    pub fn end_all_logins(&mut self) {
        self.tokens.end_all();
    }

    /// Whether the backend takes this access token for `seconds` more.
    pub fn works(&self, access: &str, now: u64, seconds: u64) -> bool {
        self.tokens.works(access, self.clock(now), seconds)
    }

    /// The true time at which reuse was detected in the login of this refresh token.
    pub fn tripped_at(&self, refresh: &str) -> Option<u64> {
        let clock = self.tokens.tripped_at(refresh)?;
        Some(clock.saturating_add_signed(-self.clock_offset))
    }

    /// Names the login of a refresh token.
    pub fn login_of(&self, refresh: &str) -> Option<usize> {
        self.tokens.login_of(refresh)
    }
}

fn token_answer(said: Option<&Said>, quirk: Option<Quirk>) -> (u16, Value) {
    match said {
        Some(Said::Granted { pair, is_rotated }) => (200, pair.body(*is_rotated, quirk)),
        Some(Said::Refused(code)) if *code == "invalid_grant" => (400, error(code)),
        Some(Said::Refused(code)) => (401, error(code)),
        None => (500, Value::Null),
    }
}

/// An error as OpenAI words it; its text repeats what it was asked with.
pub fn error(code: &str) -> Value {
    json!({"error": {"code": code, "message": format!("not with {MARKER}")}})
}

/// An answer of that status and body.
pub fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("Content-Type".to_owned(), b"application/json".to_vec())],
        body: body.as_bytes().to_vec(),
    }
}

fn jwt(claims: &Value, signature: &str) -> String {
    let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    format!(
        "{}.{}.{signature}",
        part(&json!({"alg": "RS256"})),
        part(claims)
    )
}

/// A time within 2026 as HTTP writes it.
fn http_date(unix: u64) -> String {
    const FIRST_OF_2026: u64 = 1_767_225_600;
    const MONTHS: [(&str, u64); 12] = [
        ("Jan", 31),
        ("Feb", 28),
        ("Mar", 31),
        ("Apr", 30),
        ("May", 31),
        ("Jun", 30),
        ("Jul", 31),
        ("Aug", 31),
        ("Sep", 30),
        ("Oct", 31),
        ("Nov", 30),
        ("Dec", 31),
    ];
    let seconds = unix - FIRST_OF_2026;
    let mut day = seconds / 86_400;
    let mut months = MONTHS.iter();
    let month = months.find(|(_, days)| match day.checked_sub(*days) {
        Some(left) => {
            day = left;
            false
        }
        None => true,
    });
    let (month, _) = month.expect("a time within 2026");
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!(
        "Thu, {:02} {month} 2026 {hour:02}:{minute:02}:{second:02} GMT",
        day + 1
    )
}
