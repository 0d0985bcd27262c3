//! The login that waits for approval: one record under the key `pending`.

use crate::contract::{Error, ErrorCode, PendingLogin};
use crate::error::Result;
use crate::json::{self, Object, Value};
use crate::openai::{self, user_code, user_code::UserCode};
use crate::ports::{Ports, StoreError};
use crate::secret::Secret;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

const KEY: &str = "pending";

/// The version of the record that this code writes.
const VERSION: u64 = 1;

/// What slow-down adds to the interval, in seconds (RFC 8628 §3.5).
const SLOW_DOWN: u64 = 5;

/// The longest interval, in seconds.
const INTERVAL_MAX: u64 = 60;

/// How often removing starts again after a conflict.
const REMOVE_TRIES: u32 = 3;

/// An exchange started longer ago than this has no holder any more, in seconds.
const EXCHANGE_ABANDONED_AFTER: u64 = 65;

/// The record. docs/storage.md shows one.
#[derive(Clone)]
pub(crate) struct Pending {
    /// Random: names this login to the caller and, later, in the credential.
    pub(crate) id: String,
    /// The credential's epoch when this login began.
    pub(crate) epoch: u64,
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
    /// Stored as soon as the service has given it, before it is used.
    pub(crate) approval: Option<Approval>,
    other: Object,
}

/// What the service gives when the person has approved.
#[derive(Clone)]
pub(crate) struct Approval {
    pub(crate) code: Secret,
    pub(crate) verifier: Secret,
    /// How many exchanges were begun whose outcome is not known.
    pub(crate) attempts: u64,
    /// When the exchange under way began, Unix seconds.
    pub(crate) exchanging_since: Option<u64>,
}

impl Pending {
    pub(crate) fn new(id: String, epoch: u64, code: UserCode, now: u64) -> Self {
        Self {
            id,
            epoch,
            device_auth_id: code.device_auth_id,
            user_code: code.user_code,
            interval: code.interval,
            started_at: now,
            expires_at: now + code.lifetime,
            next_poll_at: now,
            approval: None,
            other: Object::default(),
        }
    }

    /// Reads the record from the bucket, if there is one.
    pub(crate) fn load(ports: Ports) -> Result<Option<Self>> {
        let Some(bytes) = ports.store.get(KEY)? else {
            return Ok(None);
        };
        let mut fields = json::parse_object(&bytes).ok_or(StoreError::Corrupt)?;
        match fields.take_number("version") {
            Some(Some(VERSION)) => Ok(Some(Self::read(fields).ok_or(StoreError::Corrupt)?)),
            Some(Some(version)) if version > VERSION => Err(Error::new(
                ErrorCode::RecordNewer,
                format!("the pending login has version {version}, this software knows {VERSION}"),
            )),
            _ => Err(StoreError::Corrupt.into()),
        }
    }

    /// Writes the record.
    pub(crate) fn store(&self, ports: Ports) -> core::result::Result<(), StoreError> {
        ports.store.set(KEY, &self.write().to_bytes())
    }

    fn read(mut fields: Object) -> Option<Self> {
        let from = &mut fields;
        Some(Self {
            id: from.take_text("id")??,
            epoch: from.take_number("epoch")??,
            device_auth_id: Secret::new(from.take_text("device_auth_id")??)?,
            user_code: from
                .take_text("user_code")?
                .filter(|code| user_code::is_user_code(code))?,
            interval: from.take_number("interval")??.min(INTERVAL_MAX),
            started_at: from.take_number("started_at")??,
            expires_at: from.take_number("expires_at")??,
            next_poll_at: from.take_number("next_poll_at")??,
            approval: match from.take_object("approval")? {
                Some(fields) => Some(Approval::read(fields)?),
                None => None,
            },
            other: fields,
        })
    }

    fn write(&self) -> Object {
        let approval = self.approval.as_ref().map_or(Value::Null, Approval::write);
        self.other
            .clone()
            .with("version", VERSION)
            .with("id", &*self.id)
            .with("epoch", self.epoch)
            .with("device_auth_id", self.device_auth_id.reveal())
            .with("user_code", &*self.user_code)
            .with("interval", self.interval)
            .with("started_at", self.started_at)
            .with("expires_at", self.expires_at)
            .with("next_poll_at", self.next_poll_at)
            .with("approval", approval)
    }

    /// Removes the record, readable or not. One that stays behind is harmless:
    /// it has ended, or its epoch has, or its id is in the credential.
    pub(crate) fn remove(ports: Ports) {
        for _ in 0..REMOVE_TRIES {
            if ports.store.delete(KEY) != Err(StoreError::Conflict) {
                return;
            }
            let _ = ports.store.get(KEY);
        }
    }

    /// Whether the code counts no more. A login that was approved does not end.
    pub(crate) fn has_ended(&self, now: u64) -> bool {
        self.approval.is_none() && self.seconds_left(now) == 0
    }

    /// How long the code counts, in seconds. A clock that was set back does not
    /// prolong it.
    pub(crate) fn seconds_left(&self, now: u64) -> u64 {
        let lifetime = self.expires_at.saturating_sub(self.started_at);
        self.expires_at.saturating_sub(now).min(lifetime)
    }

    /// When the next poll may ask, in seconds from now. A time further away than
    /// any interval is of a clock that was set back, and ignored.
    pub(crate) fn seconds_to_next_poll(&self, now: u64) -> u64 {
        match self.next_poll_at.saturating_sub(now) {
            left @ 0..=INTERVAL_MAX => left,
            _ => 0,
        }
    }

    /// Whether the caller means this login.
    pub(crate) fn is(&self, name: &str) -> bool {
        name == self.id || name.eq_ignore_ascii_case(&self.user_code)
    }

    /// The record with the next poll an interval away.
    pub(crate) fn polled(&self, now: u64) -> Self {
        Self {
            next_poll_at: now + self.interval,
            ..self.clone()
        }
    }

    /// The record after the service asked to slow down.
    pub(crate) fn slowed_down(&self, now: u64) -> Self {
        let interval = (self.interval + SLOW_DOWN).min(INTERVAL_MAX);
        Self {
            interval,
            next_poll_at: now + interval,
            ..self.clone()
        }
    }

    /// The record with the approval.
    pub(crate) fn approved(&self, code: Secret, verifier: Secret) -> Self {
        self.with_approval(&Approval {
            code,
            verifier,
            attempts: 0,
            exchanging_since: None,
        })
    }

    /// The record with that stage of the approval.
    pub(crate) fn with_approval(&self, approval: &Approval) -> Self {
        Self {
            approval: Some(approval.clone()),
            ..self.clone()
        }
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
    fn read(mut from: Object) -> Option<Self> {
        Some(Self {
            code: Secret::new(from.take_text("code")??)?,
            verifier: Secret::new(from.take_text("verifier")??)?,
            attempts: from.take_number("attempts")??,
            exchanging_since: from.take_number("exchanging_since")?,
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

    /// How long an exchange that is under way is waited for, in seconds.
    /// `None` when none is.
    pub(crate) fn exchange_under_way(&self, now: u64) -> Option<u64> {
        let left = (self.exchanging_since? + EXCHANGE_ABANDONED_AFTER).saturating_sub(now);
        (1..=EXCHANGE_ABANDONED_AFTER)
            .contains(&left)
            .then_some(left)
    }

    /// The approval with an exchange begun.
    pub(crate) fn exchanging(&self, now: u64) -> Self {
        Self {
            attempts: self.attempts + 1,
            exchanging_since: Some(now),
            ..self.clone()
        }
    }

    /// The approval after an exchange without an outcome; `counts` if the
    /// service may have taken the code.
    pub(crate) fn exchanged(&self, counts: bool) -> Self {
        let attempts = if counts {
            self.attempts
        } else {
            self.attempts.saturating_sub(1)
        };
        Self {
            attempts,
            exchanging_since: None,
            ..self.clone()
        }
    }
}
