//! The person who signs in.

use serde::{Deserialize, Serialize};

/// A ChatGPT account as the claims of its tokens describe it.
///
/// The simulator knows one account by default; [`Builder::account`](crate::Builder::account) replaces it and adds more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// The address in the `email` claim, verified.
    pub email: String,
    /// `chatgpt_account_id`: the workspace. Two people of a team share it. If empty, the claim is left out.
    pub account_id: String,
    /// `chatgpt_user_id`: the person.
    pub user_id: String,
    /// `chatgpt_plan_type`, an open enumeration: `free`, `plus`, `pro`, `team`, `enterprise` …
    ///
    /// Tokens keep the plan of the sign-in; usage answers with the present plan, as the real backend does.
    pub plan_type: String,
    /// `chatgpt_account_is_fedramp`; the claim is present only when true.
    pub fedramp: bool,
    /// `organizations`: API platform organisations. They are not workspaces.
    pub organizations: Vec<Organization>,
    /// Whether the account permits "device code authorization for Codex". If not, the simulator still issues a code,
    /// the page refuses it, and polls stay pending.
    pub device_codes_enabled: bool,
}

/// An entry of the `organizations` claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// `org-…`
    pub id: String,
    /// Whether API calls go to it by default.
    pub is_default: bool,
    /// `owner`, `reader` …
    pub role: String,
    /// Name shown to people.
    pub title: String,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            email: "ada@example.com".into(),
            account_id: "0f1e2d3c-4b5a-4678-9abc-def012345678".into(),
            user_id: "user-Qm9zU2ltdWxhdGVkVXNlcg".into(),
            plan_type: "plus".into(),
            fedramp: false,
            organizations: vec![Organization {
                id: "org-c2ltdWxhdGVkLW9yZw".into(),
                is_default: true,
                role: "owner".into(),
                title: "Personal".into(),
            }],
            device_codes_enabled: true,
        }
    }
}
