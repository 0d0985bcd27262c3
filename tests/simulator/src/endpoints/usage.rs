//! `GET /backend-api/wham/usage`: the plan, its windows and credits. This plan is the present one; the plan in the
//! tokens is that of the sign-in.

use serde_json::{Value, json};

use super::bearer::authorize;
use crate::http::{Answer, Request};
use crate::issuer::{Arrival, Issuer};

/// The lengths of the two windows of a paid plan, in seconds.
const FIVE_HOURS: i64 = 18_000;
const WEEK: i64 = 604_800;

pub(super) fn answer(issuer: &Issuer, request: &Request, arrival: Arrival) -> Answer {
    let account = match authorize(issuer, request, arrival) {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let (primary, secondary) = windows(&account.plan_type, arrival.now);
    let answer = json!({
        "account_id": account.account_id,
        "user_id": account.user_id,
        "email": account.email,
        "plan_type": account.plan_type,
        "rate_limit": {
            "allowed": true,
            "limit_reached": false,
            "primary_window": primary,
            "secondary_window": secondary,
        },
        "code_review_rate_limit": null,
        "additional_rate_limits": null,
        "credits": {
            "has_credits": false,
            "unlimited": false,
            "balance": "0",
            "approx_local_messages": [0, 0],
            "approx_cloud_messages": [0, 0],
        },
        "spend_control": { "reached": false, "individual_limit": null },
        "rate_limit_reached_type": null,
        "rate_limit_reset_credits": { "available_count": 0 },
        "promo": null,
    });
    Answer::json(200, &answer)
}

/// The primary and the secondary window of a plan; accounts with only a weekly one have it in the primary slot.
pub(super) fn windows(plan: &str, now: i64) -> (Value, Value) {
    match plan {
        "free" => (window(31, WEEK, now), Value::Null),
        _ => (window(12, FIVE_HOURS, now), window(31, WEEK, now)),
    }
}

/// A window of this length, aligned with the Unix epoch.
fn window(used_percent: i64, seconds: i64, now: i64) -> Value {
    let reset_after = seconds - now.rem_euclid(seconds);
    json!({
        "used_percent": used_percent,
        "limit_window_seconds": seconds,
        "reset_after_seconds": reset_after,
        "reset_at": now + reset_after,
    })
}
