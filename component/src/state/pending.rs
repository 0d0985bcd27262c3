//! The login that waits for approval: one record under the key `pending`.

use crate::contract::PendingLogin;
use crate::error::Result;
use crate::json::{Object, Value};
use crate::openai;
use crate::openai::device_authorization::{self, DeviceAuthorizationResponse};
use crate::ports::StoreError;
use crate::secret::Secret;
use crate::state::clock_skew::{self, Stamp};
use crate::state::envelope;
use crate::state::fields::Fields;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// The version of the record that this code writes.
const VERSION: u64 = 1;

/// What `slow_down` adds to the interval, in seconds (RFC 8628 §3.5).
const SLOW_DOWN: u64 = 5;

/// The longest interval, in seconds.
const INTERVAL_MAX: u64 = 60;

/// The longest wait before the next poll, in seconds, whatever the service asks
/// for: a third of the lifetime of a code.
const WAIT_MAX: u64 = 300;

/// The age at which an exchange counts as abandoned, in seconds.
const EXCHANGE_LEASE_TTL: u64 = 65;

/// The record. docs/storage.md shows one.
#[derive(Clone)]
pub(crate) struct Pending {
    /// Random. It identifies this login to the caller, and later in the
    /// credential.
    pub(crate) id: String,
    /// The `login_seq` of the credential when this login began; stored as
    /// `epoch`.
    pub(crate) login_seq: u64,
    pub(crate) device_auth_id: Secret,
    pub(crate) user_code: String,
    /// The shortest time between two polls, in seconds.
    pub(crate) interval: u64,
    /// Unix seconds.
    pub(crate) started_at: u64,
    /// Unix seconds.
    pub(crate) expires_at: u64,
    /// No poll before this, Unix seconds.
    pub(crate) next_poll_at: u64,
    /// Stored before it is used.
    pub(crate) approval: Option<Approval>,
    /// 128 random bits, new at every write: they identify the call that wrote the
    /// record.
    pub(crate) attempt: String,
    /// Both clocks when the times of the record were right.
    stamp: Option<Stamp>,
    other: Object,
}

/// What the service returns after the person has approved.
#[derive(Clone)]
pub(crate) struct Approval {
    pub(crate) code: Secret,
    pub(crate) verifier: Secret,
    /// How many exchanges began whose outcome is unknown.
    pub(crate) attempts: u64,
    /// When the exchange in progress began, Unix seconds.
    pub(crate) exchanging_since: Option<u64>,
}

impl Pending {
    pub(crate) fn new(
        id: String,
        login_seq: u64,
        code: DeviceAuthorizationResponse,
        stamp: Option<Stamp>,
        now: u64,
    ) -> Self {
        Self {
            id,
            login_seq,
            device_auth_id: code.device_auth_id,
            user_code: code.user_code,
            interval: code.interval,
            started_at: now,
            expires_at: now.saturating_add(code.lifetime),
            next_poll_at: now,
            approval: None,
            attempt: String::new(),
            stamp,
            other: Object::default(),
        }
    }

    /// Moves the waits by what the wall clock was set between the stamp and this reading,
    /// which becomes the stamp. `expires_at` stays: the service decides how long a code is
    /// valid.
    pub(crate) fn move_to(&mut self, now: Option<Stamp>) {
        if let (Some(stamp), Some(now)) = (&self.stamp, &now) {
            let step = stamp.step(now);
            self.next_poll_at = self.next_poll_at.saturating_add_signed(step);
            if let Some(approval) = &mut self.approval
                && let Some(since) = &mut approval.exchanging_since
            {
                *since = since.saturating_add_signed(step);
            }
        }
        self.stamp = now;
    }

    /// Reads a stored record.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let fields = envelope::fields(bytes, VERSION, "pending login")?;
        Ok(Self::read(fields).ok_or(StoreError::Corrupt)?)
    }

    /// Whether both are the same write of the record.
    pub(crate) fn is_same_write(&self, other: &Self) -> bool {
        self.attempt == other.attempt
    }

    fn read(mut from: Fields) -> Option<Self> {
        let user_code = from.required_text("user_code");
        if !device_authorization::is_user_code(&user_code) {
            return None;
        }
        Some(Self {
            id: from.required_identifier("id"),
            login_seq: from.required_number("epoch"),
            device_auth_id: from.secret("device_auth_id")?,
            user_code,
            interval: from.required_number("interval").min(INTERVAL_MAX),
            started_at: from.required_number("started_at"),
            expires_at: from.required_number("expires_at"),
            next_poll_at: from.required_number("next_poll_at"),
            approval: from.object("approval", Approval::read),
            attempt: from.identifier("attempt").unwrap_or_default(),
            stamp: match from.number("written_at") {
                Some(written_at) => Stamp::stored(from.text("clock"), written_at),
                None => None,
            },
            other: from.rest()?,
        })
    }

    /// Encodes the record for the bucket.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let approval = self.approval.as_ref().map_or(Value::Null, Approval::write);
        let stamp = self.stamp.as_ref();
        self.other
            .clone()
            .with("version", VERSION)
            .with("id", &*self.id)
            .with("epoch", self.login_seq)
            .with("device_auth_id", self.device_auth_id.reveal())
            .with("user_code", &*self.user_code)
            .with("interval", self.interval)
            .with("started_at", self.started_at)
            .with("expires_at", self.expires_at)
            .with("next_poll_at", self.next_poll_at)
            .with("approval", approval)
            .with("attempt", Some(&*self.attempt).filter(|id| !id.is_empty()))
            .with("clock", stamp.map(|stamp| &*stamp.steady))
            .with("written_at", stamp.map(|stamp| stamp.wall))
            .to_bytes()
    }

    /// Whether both are the same login.
    pub(crate) fn is_same_login(&self, other: &Self) -> bool {
        self.id == other.id && self.login_seq == other.login_seq
    }

    /// Whether the code has expired. An approved login does not expire.
    pub(crate) fn has_ended(&self, now: u64) -> bool {
        self.approval.is_none() && self.seconds_left(now) == 0
    }

    /// How long the code is valid, in seconds. Setting the clock back does not
    /// prolong it.
    pub(crate) fn seconds_left(&self, now: u64) -> u64 {
        let lifetime = self.expires_at.saturating_sub(self.started_at);
        self.expires_at.saturating_sub(now).min(lifetime)
    }

    /// The seconds until the next poll may be sent. A time further away than the
    /// longest wait is of a clock that was set back, and ignored.
    pub(crate) fn seconds_to_next_poll(&self, now: u64) -> u64 {
        clock_skew::wait(self.next_poll_at, WAIT_MAX, now).unwrap_or(0)
    }

    /// Whether the caller means this login.
    pub(crate) fn matches(&self, name: &str) -> bool {
        name == self.id || name.eq_ignore_ascii_case(&self.user_code)
    }

    /// Puts the next poll an interval away.
    pub(crate) fn wait_an_interval(&mut self, now: u64) {
        self.next_poll_at = now.saturating_add(self.interval);
    }

    /// Follows the service's `slow_down`; `retry_after` is in seconds.
    pub(crate) fn slow_down(&mut self, now: u64, retry_after: Option<u64>) {
        self.interval = (self.interval + SLOW_DOWN).min(INTERVAL_MAX);
        let wait = retry_after.unwrap_or(0).clamp(self.interval, WAIT_MAX);
        self.next_poll_at = now.saturating_add(wait);
    }

    /// What the caller sees of it.
    pub(crate) fn for_caller(&self, now: u64) -> PendingLogin {
        PendingLogin {
            pending_id: self.id.clone(),
            user_code: self.user_code.clone(),
            verification_url: openai::VERIFICATION_URL.to_owned(),
            interval_seconds: u32::try_from(self.interval).unwrap_or(u32::MAX),
            expires_in_seconds: self.seconds_left(now),
            expires_at: self.expires_at,
        }
    }
}

impl Approval {
    pub(crate) fn new(code: Secret, verifier: Secret) -> Self {
        Self {
            code,
            verifier,
            attempts: 0,
            exchanging_since: None,
        }
    }

    fn read(from: &mut Fields) -> Option<Self> {
        Some(Self {
            code: from.secret("code")?,
            verifier: from.secret("verifier")?,
            attempts: from.required_number("attempts"),
            exchanging_since: from.number("exchanging_since"),
        })
    }

    fn write(&self) -> Value {
        Value::Object(
            Object::default()
                .with("code", self.code.reveal())
                .with("verifier", self.verifier.reveal())
                .with("attempts", self.attempts)
                .with("exchanging_since", self.exchanging_since),
        )
    }

    /// How long to wait for the exchange in progress, in seconds. `None` when
    /// there is none.
    pub(crate) fn exchange_under_way(&self, now: u64) -> Option<u64> {
        let age = clock_skew::age(self.exchanging_since?, now)?;
        EXCHANGE_LEASE_TTL.checked_sub(age).filter(|left| *left > 0)
    }

    /// The approval when an exchange begins.
    pub(crate) fn exchanging(&self, now: u64) -> Self {
        Self {
            attempts: self.attempts.saturating_add(1),
            exchanging_since: Some(now),
            ..self.clone()
        }
    }

    /// The approval after an exchange without a result; `counts` if the service
    /// may have used the code.
    pub(crate) fn tried(&self, counts: bool) -> Self {
        Self {
            attempts: self.attempts.saturating_add(u64::from(counts)),
            exchanging_since: None,
            ..self.clone()
        }
    }
}
