//! `take_over`: moves the login of another program into a profile.
//!
//! 1. Note that the token is taken over, so that no other profile takes it.
//! 2. Let the component store the login, with the answers of the host.
//! 3. Present the token.
//!
//! An attempt that dies leaves the note, and possibly the approved code of the host. The next
//! attempt of the same profile goes on with both; `start` discards the code.

mod note;

use std::fmt;
use std::sync::Arc;

use chatgpt_oauth_storage::StoreError;
use chatgpt_oauth_storage::sealed_store::{LoginWrite, PENDING};

use crate::error::{Error, ErrorCode};
use crate::profile::Profile;
use crate::sandbox::GivenAnswers;
use crate::types::{ConnectionState, LoginProgress, LoginPrompt, LoginStatus, PendingLogin};
use note::Note;

/// The longest refresh token that the component accepts, in bytes.
const REFRESH_TOKEN_MAX: usize = 4 * 1024;

/// How long the component waits for an exchange that another process has begun, in seconds.
const EXCHANGE_WAIT: u32 = 65;

/// A login that another program has made. `Debug` does not show the tokens.
#[derive(Clone, Copy)]
pub struct ForeignLogin<'a> {
    /// The refresh token, which works once: visible ASCII, at most 4096 bytes.
    pub refresh_token: &'a str,
    /// The id token, whose claims name the account; may be empty.
    pub id_token: &'a str,
}

impl ForeignLogin<'_> {
    fn check(&self) -> Result<(), Error> {
        let token = self.refresh_token;
        let is_text = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        match is_text && token.len() <= REFRESH_TOKEN_MAX {
            true => Ok(()),
            false => Err(Error::permanent(
                ErrorCode::InvalidArgument,
                "the other program's refresh token cannot be used: it is empty, too long or no visible ASCII",
                "let the other program sign in again, or sign in with `chatgpt-oauth login`",
            )),
        }
    }
}

impl fmt::Debug for ForeignLogin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForeignLogin")
    }
}

impl Profile {
    /// Stores the login of another program as that of this profile, calls `stored`, and
    /// presents the refresh token at once: from then on the other program's copy is spent, and
    /// that program has to sign in again.
    ///
    /// The store remembers which refresh tokens were taken over, by fingerprint, and refuses
    /// them from then on.
    ///
    /// # Errors
    ///
    /// - `invalid-argument` when the profile holds a login or a code that waits, or when the
    ///   token cannot be one;
    /// - `needs-login` when the refresh token was or may have been taken over before, or when
    ///   OpenAI does not take it;
    /// - `store-busy` when another process stores a login in this profile;
    /// - those of the network and the store. If OpenAI could not be asked, the login is
    ///   stored, and the next call presents its token.
    ///
    /// An error before `stored` is called leaves the other program's login as it was, and the
    /// same call of the same profile can succeed later; after `store-failed-after-refresh` and
    /// `internal`, the login may be stored nevertheless.
    pub async fn take_over(
        &self,
        login: ForeignLogin<'_>,
        stored: impl FnOnce(),
    ) -> Result<LoginProgress, Error> {
        login.check()?;
        self.refuse_if_in_use().await?;
        let note = Note::write(self, login.refresh_token).await?;
        if let Err(error) = self.store_login(login).await {
            match note {
                Some(note) if !may_be_stored(&error) => note.forget().await,
                _ => {}
            }
            return Err(error);
        }
        stored();
        self.refresh().await?;
        // The answer to `poll` holds what these calls cache; the login stands without them.
        _ = self.models(true).await;
        _ = self.usage(true).await;
        self.poll(None).await
    }

    /// An unreadable login is in no use: the call that stores the new one says why it cannot
    /// be read.
    async fn refuse_if_in_use(&self) -> Result<(), Error> {
        let status = self.status().await?;
        let is_free = matches!(
            status.state,
            ConnectionState::NotConnected
                | ConnectionState::Pending
                | ConnectionState::NeedsLogin
                | ConnectionState::Unreadable
        );
        match is_free && status.pending.as_ref().is_none_or(is_given) {
            true => Ok(()),
            false => Err(self.in_use()),
        }
    }

    /// Lets the component store the login, with the answers of the host.
    async fn store_login(&self, login: ForeignLogin<'_>) -> Result<(), Error> {
        let given = GivenAnswers::of_login(login.refresh_token, login.id_token);
        let given = Arc::new(given);
        let answered = self.answered_by(given.clone());
        let pending = answered.start().await?.pending;
        if !is_given(&pending) {
            return Err(self.in_use());
        }
        // A login that another process has stored meanwhile would be replaced.
        self.refuse_if_in_use().await?;
        let progress = answered.poll(Some(&pending.pending_id)).await?;
        match progress.status == LoginStatus::Connected && given.gave_tokens() {
            true => Ok(()),
            false => Err(Error::transient(
                ErrorCode::StoreBusy,
                "another process stores a login in this profile",
                "run `chatgpt-oauth status` in a minute, and repeat the command if there is no login",
                EXCHANGE_WAIT,
            )),
        }
    }

    /// Whether `start` has shown the code of a take-over that has died, which is discarded then:
    /// the service does not know it, and once it is approved it never expires.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub(crate) async fn discard_given(&self, shown: &LoginPrompt) -> Result<bool, Error> {
        if self.given.is_some() {
            return Ok(false);
        }
        if !is_given(&shown.pending) {
            let replaced = shown.replaced_user_code.as_deref();
            return Ok(replaced == Some(GivenAnswers::USER_CODE));
        }
        let sealed = &self.host.parts.sealed;
        let records = sealed.profile(self.name().clone(), LoginWrite::Replace);
        let Some(row) = records.read(PENDING).await? else {
            return Ok(true);
        };
        // The row was read before: a code that another process begins now is not discarded.
        if self.status().await?.pending.as_ref().is_some_and(is_given) {
            match records.write(PENDING, Some(row.version), None).await {
                Ok(_) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    fn in_use(&self) -> Error {
        let name = self.name();
        Error::permanent(
            ErrorCode::InvalidArgument,
            format!("the profile {name} holds a login or a code that waits"),
            format!("run `chatgpt-oauth --profile {name} logout` first, or name another profile"),
        )
    }
}

/// Whether the code is the one of the host.
fn is_given(pending: &PendingLogin) -> bool {
    pending.user_code == GivenAnswers::USER_CODE
}

/// Whether the tokens may be in the store although the call that stores them has failed.
fn may_be_stored(error: &Error) -> bool {
    matches!(
        error.code,
        ErrorCode::StoreFailedAfterRefresh | ErrorCode::Internal
    )
}
