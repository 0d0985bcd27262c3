//! `take_over`: moves the login of another program into a profile.

use std::fmt;

use base16ct::HexDisplay;
use chatgpt_oauth_storage::server_store::{Collection, EntryPlace, Owner};
use chatgpt_oauth_storage::{StoreError, Version};
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorCode};
use crate::profile::Profile;
use crate::sandbox::GivenAnswers;
use crate::types::{ConnectionState, LoginProgress};

/// What is stored for a token that was taken over.
const RECORD: &[u8] = br#"{"version":1}"#;

/// A login that another program has made. `Debug` does not show the tokens.
#[derive(Clone, Copy)]
pub struct ForeignLogin<'a> {
    /// The refresh token, which works once.
    pub refresh_token: &'a str,
    /// The id token, whose claims name the account; may be empty.
    pub id_token: &'a str,
}

impl fmt::Debug for ForeignLogin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForeignLogin")
    }
}

impl Profile {
    /// Stores the login of another program as that of this profile, and presents its refresh
    /// token at once: from then on the other program's copy is spent, and that program has to
    /// sign in again.
    ///
    /// The store remembers which refresh tokens were taken over, by fingerprint, and refuses
    /// them from then on.
    ///
    /// # Errors
    ///
    /// - `invalid-argument` when the profile holds a login or a code that waits;
    /// - `needs-login` when the refresh token was taken over before, or when OpenAI does not
    ///   take it;
    /// - those of the network and the store. If OpenAI could not be asked, the login is
    ///   stored, and the next call presents its token.
    pub async fn take_over(&self, login: ForeignLogin<'_>) -> Result<LoginProgress, Error> {
        self.refuse_if_in_use().await?;
        let fingerprint = fingerprint(login.refresh_token);
        let noted = self.note_taken_over(&fingerprint).await?;
        if let Err(error) = self.store_login(login).await {
            self.forget_taken_over(&fingerprint, noted).await;
            return Err(error);
        }
        self.refresh().await?;
        // The answer to `poll` holds what these calls cache; the login stands without them.
        _ = self.models(true).await;
        _ = self.usage(true).await;
        self.poll(None).await
    }

    async fn refuse_if_in_use(&self) -> Result<(), Error> {
        let name = self.name();
        match self.status().await?.state {
            ConnectionState::NotConnected | ConnectionState::NeedsLogin => Ok(()),
            _ => Err(Error::permanent(
                ErrorCode::InvalidArgument,
                format!("the profile {name} holds a login already"),
                format!(
                    "run `chatgpt-oauth --profile {name} logout` first, or name another profile"
                ),
            )),
        }
    }

    /// Lets the component store the login, with the answers of the host.
    async fn store_login(&self, login: ForeignLogin<'_>) -> Result<(), Error> {
        let given = GivenAnswers::of_login(login.refresh_token, login.id_token);
        let answered = self.answered_by(given);
        let prompt = answered.start().await?;
        answered.poll(Some(&prompt.pending.pending_id)).await?;
        Ok(())
    }

    /// Notes that the token is taken over; none if the store keeps no notes.
    async fn note_taken_over(&self, fingerprint: &str) -> Result<Option<Version>, Error> {
        let Some(entries) = self.host.entries() else {
            return Ok(None);
        };
        match entries.write(place(fingerprint), None, RECORD).await {
            Ok(version) => Ok(Some(version)),
            Err(StoreError::Conflict) => Err(spent()),
            Err(error) => Err(error.into()),
        }
    }

    async fn forget_taken_over(&self, fingerprint: &str, noted: Option<Version>) {
        if let (Some(entries), Some(version)) = (self.host.entries(), noted)
            && let Err(error) = entries.remove(place(fingerprint), version).await
        {
            tracing::warn!(%error, "the login counts as taken over, and was not");
        }
    }
}

fn place(fingerprint: &str) -> EntryPlace<'_> {
    EntryPlace {
        collection: Collection::TakenOver,
        // Not the profile's: the token is spent for every profile.
        owner: &Owner::Server,
        id: fingerprint,
    }
}

/// As the component has it: the first 32 hexadecimal digits of the SHA-256.
fn fingerprint(token: &str) -> String {
    format!("{:x}", HexDisplay(&Sha256::digest(token)[..16]))
}

fn spent() -> Error {
    Error::permanent(
        ErrorCode::NeedsLogin,
        "this login was taken over before, so that its refresh token is spent",
        "sign in with `chatgpt-oauth login`, or let the other program sign in again first",
    )
}
