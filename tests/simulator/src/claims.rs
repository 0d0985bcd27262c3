//! The claims of the id token and the access token, as in the live service's tokens.

use serde_json::{Value, json};

use crate::account::Account;
use crate::clock::iso8601;
use crate::jwt::access_token_hash;
use crate::random;
use crate::settings::ISSUER;

/// Namespaced claims that hold the ChatGPT account and the profile.
const AUTH: &str = "https://api.openai.com/auth";
const PROFILE: &str = "https://api.openai.com/profile";

/// The lifetime of an id token in seconds. Nothing depends on it.
const ID_TOKEN_LIFETIME: i64 = 3600;

/// The time and the sign-in of a token.
pub(crate) struct Minting<'a> {
    pub(crate) account: &'a Account,
    pub(crate) client_id: &'a str,
    /// Names the sign-in in the `sid` and `session_id` claims.
    pub(crate) session_id: &'a str,
    pub(crate) now: i64,
    /// The lifetime of the access token in seconds.
    pub(crate) lifetime: i64,
}

impl Minting<'_> {
    pub(crate) fn access_token(&self) -> Value {
        let account = self.account;
        let mut auth = self.shared_auth();
        auth["chatgpt_account_user_id"] =
            json!(format!("{}__{}", account.user_id, account.account_id));
        auth["chatgpt_compute_residency"] = json!("no_constraint");
        auth["chatgpt_data_residency"] = json!("no_constraint");
        auth["amr"] = json!(["pwd", "otp", "mfa"]);
        auth["poid"] = json!(
            account
                .organizations
                .first()
                .map(|organization| &organization.id)
        );
        json!({
            "iss": ISSUER,
            "aud": ["https://api.openai.com/v1"],
            "sub": self.subject(),
            "client_id": self.client_id,
            "scp": ["openid", "profile", "email", "offline_access"],
            "iat": self.now,
            "nbf": self.now,
            "exp": self.now + self.lifetime,
            "jti": random::id(""),
            "session_id": self.session_id,
            PROFILE: { "email": account.email, "email_verified": true },
            AUTH: auth,
        })
    }

    pub(crate) fn id_token(&self, access_token: &str) -> Value {
        let account = self.account;
        let mut auth = self.shared_auth();
        auth["chatgpt_subscription_active_start"] = json!(iso8601(self.now - 20 * 86_400));
        auth["chatgpt_subscription_active_until"] = json!(iso8601(self.now + 10 * 86_400));
        auth["chatgpt_subscription_last_checked"] = json!(iso8601(self.now));
        auth["groups"] = json!([]);
        auth["organizations"] = json!(account.organizations);
        json!({
            "iss": ISSUER,
            "aud": [self.client_id],
            "sub": self.subject(),
            "iat": self.now,
            "exp": self.now + ID_TOKEN_LIFETIME,
            "auth_time": self.now,
            "auth_provider": "password",
            "at_hash": access_token_hash(access_token),
            "jti": random::id(""),
            "rat": self.now,
            "sid": self.session_id,
            "email": account.email,
            "email_verified": true,
            AUTH: auth,
        })
    }

    /// The part of the `auth` object that both tokens have.
    fn shared_auth(&self) -> Value {
        let account = self.account;
        let mut auth = json!({
            "chatgpt_user_id": account.user_id,
            "user_id": account.user_id,
            "chatgpt_plan_type": account.plan_type,
            "localhost": true,
        });
        if !account.account_id.is_empty() {
            auth["chatgpt_account_id"] = json!(account.account_id);
        }
        if account.fedramp {
            auth["chatgpt_account_is_fedramp"] = json!(true);
        }
        auth
    }

    fn subject(&self) -> String {
        format!("auth0|{}", self.account.user_id)
    }
}
