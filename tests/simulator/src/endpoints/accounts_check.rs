//! `GET /backend-api/wham/accounts/check`: the person's workspaces, and the backend of each. Codex requests it before
//! it calls a model.

use serde_json::{Value, json};

use super::bearer::authenticate;
use crate::http::{Answer, Request};
use crate::issuer::{Arrival, Issuer};

pub(super) fn answer(issuer: &Issuer, request: &Request, arrival: Arrival) -> Answer {
    let asking = match authenticate(issuer, request, arrival) {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    // The person's workspaces, each once, with the workspace of the token first.
    let mut workspaces = vec![&asking];
    workspaces.extend(issuer.accounts.iter().filter(|account| {
        account.user_id == asking.user_id && account.account_id != asking.account_id
    }));
    let accounts: Vec<Value> = workspaces
        .iter()
        .map(|account| {
            let personal = matches!(
                account.plan_type.as_str(),
                "free" | "go" | "plus" | "pro" | "prolite"
            );
            json!({
                "id": account.account_id,
                "structure": if personal { "personal" } else { "workspace" },
                "plan_type": account.plan_type,
                "name": if personal { Value::Null } else { json!("Simulated workspace") },
                "profile_picture_url": null,
                "account_user_role": "account-owner",
                "account_user_id": format!("{}__{}", account.user_id, account.account_id),
                "can_access_with_session": true,
                "workspace_backend_origin": "NO_CONSTRAINT",
                "account_routing_override": "NO_CONSTRAINT",
            })
        })
        .collect();
    let ordering: Vec<&str> = workspaces
        .iter()
        .map(|account| account.account_id.as_str())
        .collect();
    let answer = json!({
        "accounts": accounts,
        "account_ordering": ordering,
        "default_account_id": asking.account_id,
    });
    Answer::json(200, &answer)
}
