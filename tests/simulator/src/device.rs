//! Device codes: issued, shown to a person, decided on the page, polled for, and exchanged once.

use crate::jwt::code_challenge;
use crate::random;

/// The lifetime of an authorization code in seconds (RFC 6749, section 4.1.2 recommends at most ten minutes).
const AUTHORIZATION_CODE_LIFETIME: i64 = 600;

#[derive(Default)]
pub(crate) struct DeviceCodes(Vec<DeviceCode>);

pub(crate) struct DeviceCode {
    pub(crate) device_auth_id: String,
    pub(crate) user_code: String,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    decision: Decision,
}

enum Decision {
    Pending,
    Approved(Approval),
    Denied,
    /// The authorization code has been exchanged.
    Redeemed,
}

/// The result of an approval. The server chooses the PKCE pair and returns it to the client that polls.
#[derive(Clone)]
pub(crate) struct Approval {
    /// The index of the account that approved.
    pub(crate) account: usize,
    pub(crate) authorization_code: String,
    pub(crate) code_verifier: String,
    pub(crate) code_challenge: String,
    expires_at: i64,
}

/// Why the simulator refused a person's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionError {
    /// There is no such user code.
    UnknownCode,
    /// The code has expired.
    Expired,
    /// The code was approved or denied before.
    AlreadyDecided,
    /// The account does not permit device codes.
    DeviceCodesDisabled,
    /// The simulator has no such account.
    UnknownAccount,
}

impl std::fmt::Display for DecisionError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::UnknownCode => "no such code was issued",
            Self::Expired => "the code has expired",
            Self::AlreadyDecided => "the code has been used already",
            Self::DeviceCodesDisabled => {
                "device code authorization is switched off for this account"
            }
            Self::UnknownAccount => "there is no such account",
        })
    }
}

impl std::error::Error for DecisionError {}

/// Why a poll got no authorization code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotApproved {
    Pending,
    Denied,
    Expired,
    Unknown,
}

/// Why the simulator refused an authorization code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRedeemed {
    Unknown,
    Expired,
    VerifierMismatch,
}

impl DeviceCodes {
    pub(crate) fn issue(&mut self, now: i64, lifetime: i64) -> &DeviceCode {
        self.0.push(DeviceCode {
            device_auth_id: random::id("deviceauth_"),
            user_code: random::user_code(),
            issued_at: now,
            expires_at: now + lifetime,
            decision: Decision::Pending,
        });
        &self.0[self.0.len() - 1]
    }

    /// User codes that wait for a decision.
    pub(crate) fn pending(&self, now: i64) -> impl Iterator<Item = &DeviceCode> {
        self.0
            .iter()
            .filter(move |code| matches!(code.decision, Decision::Pending) && now < code.expires_at)
    }

    pub(crate) fn approve(
        &mut self,
        user_code: &str,
        account: usize,
        now: i64,
    ) -> Result<Approval, DecisionError> {
        let code = self.undecided(user_code, now)?;
        let code_verifier = random::token("");
        let approval = Approval {
            account,
            authorization_code: random::token("ac_"),
            code_challenge: code_challenge(&code_verifier),
            code_verifier,
            expires_at: now + AUTHORIZATION_CODE_LIFETIME,
        };
        code.decision = Decision::Approved(approval.clone());
        Ok(approval)
    }

    pub(crate) fn deny(&mut self, user_code: &str, now: i64) -> Result<(), DecisionError> {
        self.undecided(user_code, now)?.decision = Decision::Denied;
        Ok(())
    }

    /// Lets a code expire now, whether it was decided or not.
    pub(crate) fn expire(&mut self, user_code: &str, now: i64) -> Result<(), DecisionError> {
        self.by_user_code(user_code)?.expires_at = now;
        Ok(())
    }

    /// Returns the approval to every poll until its code is exchanged: an answer can be lost.
    pub(crate) fn poll(
        &self,
        device_auth_id: &str,
        user_code: &str,
        now: i64,
    ) -> Result<&Approval, NotApproved> {
        let code = self
            .0
            .iter()
            .find(|code| code.device_auth_id == device_auth_id && code.user_code == user_code)
            .ok_or(NotApproved::Unknown)?;
        match &code.decision {
            Decision::Redeemed => Err(NotApproved::Unknown),
            _ if now >= code.expires_at => Err(NotApproved::Expired),
            Decision::Pending => Err(NotApproved::Pending),
            Decision::Denied => Err(NotApproved::Denied),
            Decision::Approved(approval) => Ok(approval),
        }
    }

    /// Exchanges an authorization code once. A wrong verifier does not spend the code.
    pub(crate) fn redeem(
        &mut self,
        authorization_code: &str,
        verifier: &str,
        now: i64,
    ) -> Result<usize, NotRedeemed> {
        for code in &mut self.0 {
            let Decision::Approved(approval) = &code.decision else {
                continue;
            };
            if approval.authorization_code != authorization_code {
                continue;
            }
            if now >= approval.expires_at {
                return Err(NotRedeemed::Expired);
            }
            if code_challenge(verifier) != approval.code_challenge {
                return Err(NotRedeemed::VerifierMismatch);
            }
            let account = approval.account;
            code.decision = Decision::Redeemed;
            return Ok(account);
        }
        Err(NotRedeemed::Unknown)
    }

    fn undecided(&mut self, user_code: &str, now: i64) -> Result<&mut DeviceCode, DecisionError> {
        let code = self.by_user_code(user_code)?;
        match code.decision {
            Decision::Pending if now >= code.expires_at => Err(DecisionError::Expired),
            Decision::Pending => Ok(code),
            _ => Err(DecisionError::AlreadyDecided),
        }
    }

    /// People type codes in small letters, without the dash, with spaces.
    fn by_user_code(&mut self, typed: &str) -> Result<&mut DeviceCode, DecisionError> {
        let typed = plain(typed);
        self.0
            .iter_mut()
            .find(|code| plain(&code.user_code) == typed)
            .ok_or(DecisionError::UnknownCode)
    }
}

fn plain(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}
