//! The authorization server's state, without input or output: the endpoints query it, the simulator handle controls
//! it.

use serde_json::{Value, json};

use crate::account::Account;
use crate::claims::Minting;
use crate::device::{Approval, DecisionError, DeviceCodes, NotApproved, NotRedeemed};
use crate::jwt::Signer;
use crate::secrets::{Secret, SecretKind};
use crate::settings::{Rotation, Settings};
use crate::tokens::{RefreshRefused, Tokens};

pub(crate) struct Issuer {
    pub(crate) settings: Settings,
    pub(crate) accounts: Vec<Account>,
    pub(crate) devices: DeviceCodes,
    pub(crate) tokens: Tokens,
    pub(crate) signer: Signer,
    pub(crate) secrets: Vec<Secret>,
}

/// What the state needs to know about a request, beside its content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// The number in the request log.
    pub(crate) sequence: u64,
    /// Unix seconds.
    pub(crate) now: i64,
}

impl Issuer {
    pub(crate) fn new(settings: Settings, accounts: Vec<Account>) -> Self {
        Self {
            settings,
            accounts,
            devices: DeviceCodes::default(),
            tokens: Tokens::default(),
            signer: Signer::generate(),
            secrets: Vec::new(),
        }
    }

    /// Issues a device code; returns the fields of the answer that depend on it.
    pub(crate) fn issue_device_code(&mut self, now: i64) -> (String, String, i64) {
        let code = self
            .devices
            .issue(now, self.settings.code_lifetime.as_secs() as i64);
        let issued = (
            code.device_auth_id.clone(),
            code.user_code.clone(),
            code.expires_at,
        );
        self.remember(SecretKind::DeviceAuthId, &issued.0);
        issued
    }

    /// Approves as the account with this index.
    pub(crate) fn approve(
        &mut self,
        user_code: &str,
        account: usize,
        now: i64,
    ) -> Result<(), DecisionError> {
        let person = self
            .accounts
            .get(account)
            .ok_or(DecisionError::UnknownAccount)?;
        if !person.device_codes_enabled {
            return Err(DecisionError::DeviceCodesDisabled);
        }
        let approval = self.devices.approve(user_code, account, now)?;
        self.remember(SecretKind::AuthorizationCode, &approval.authorization_code);
        self.remember(SecretKind::CodeVerifier, &approval.code_verifier);
        Ok(())
    }

    /// Exchanges an authorization code for the token answer.
    pub(crate) fn redeem(
        &mut self,
        code: &str,
        verifier: &str,
        now: i64,
    ) -> Result<Value, NotRedeemed> {
        let account = self.devices.redeem(code, verifier, now)?;
        Ok(self.sign_in(self.accounts[account].clone(), now))
    }

    pub(crate) fn poll(
        &mut self,
        device_auth_id: &str,
        user_code: &str,
        now: i64,
    ) -> Result<Approval, NotApproved> {
        self.auto_approve(now);
        self.devices.poll(device_auth_id, user_code, now).cloned()
    }

    /// The token answer to a sign-in.
    pub(crate) fn sign_in(&mut self, account: Account, now: i64) -> Value {
        let (family, refresh_token) = self.tokens.sign_in(account, now);
        self.token_answer(family, Some(refresh_token), now)
    }

    /// The token answer to a refresh.
    pub(crate) fn refresh(
        &mut self,
        refresh_token: &str,
        arrival: Arrival,
    ) -> Result<Value, RefreshRefused> {
        let Settings {
            rotation,
            refresh_token_lifetime,
            ..
        } = self.settings;
        let lifetime = refresh_token_lifetime.map(|lifetime| lifetime.as_secs() as i64);
        let refreshed = self
            .tokens
            .refresh(refresh_token, rotation, lifetime, arrival)?;
        let mut answer = self.token_answer(refreshed.family, refreshed.refresh_token, arrival.now);
        if rotation == Rotation::OmitsAccessToken
            && let Some(fields) = answer.as_object_mut()
        {
            fields.remove("access_token");
        }
        Ok(answer)
    }

    /// The account as it is now; a token describes it as it was at sign-in.
    pub(crate) fn present_account(&self, at_sign_in: &Account) -> Account {
        self.accounts
            .iter()
            .find(|known| {
                (&known.account_id, &known.user_id) == (&at_sign_in.account_id, &at_sign_in.user_id)
            })
            .unwrap_or(at_sign_in)
            .clone()
    }

    fn auto_approve(&mut self, now: i64) {
        let Some(after) = self.settings.auto_approve else {
            return;
        };
        let due: Vec<_> = self
            .devices
            .pending(now)
            .filter(|code| now >= code.issued_at + after.as_secs() as i64)
            .map(|code| code.user_code.clone())
            .collect();
        for user_code in due {
            // An account that does not permit device codes cannot approve: the code stays pending, as with a person.
            let _ = self.approve(&user_code, 0, now);
        }
    }

    fn token_answer(&mut self, family: usize, refresh_token: Option<String>, now: i64) -> Value {
        let lifetime = self.settings.access_token_lifetime.as_secs() as i64;
        let session = self.tokens.family(family);
        let minting = Minting {
            account: &session.account,
            client_id: &self.settings.client_id,
            session_id: &session.session_id,
            now,
            lifetime,
        };
        let access_token = self.signer.sign(&minting.access_token());
        let id_token = self.signer.sign(&minting.id_token(&access_token));
        self.tokens.add_access_token(access_token.clone(), family);
        self.remember(SecretKind::AccessToken, &access_token);
        self.remember(SecretKind::IdToken, &id_token);
        let mut answer = json!({
            "id_token": id_token,
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": lifetime,
            "scope": "openid profile email offline_access",
        });
        if let Some(refresh_token) = refresh_token {
            self.remember(SecretKind::RefreshToken, &refresh_token);
            answer["refresh_token"] = json!(refresh_token);
        }
        answer
    }

    fn remember(&mut self, kind: SecretKind, value: &str) {
        self.secrets.push(Secret {
            kind,
            value: value.to_owned(),
        });
    }
}
