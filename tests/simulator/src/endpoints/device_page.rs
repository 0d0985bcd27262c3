//! `/codex/device`: the page on which a person types the user code and decides. Plain HTML, no script.

use crate::account::Account;
use crate::device::DecisionError;
use crate::http::{Answer, Request};
use crate::issuer::{Arrival, Issuer};

pub(super) fn answer(issuer: &mut Issuer, request: &Request, arrival: Arrival) -> Answer {
    if request.method == "GET" {
        return Answer::html(200, form(&issuer.accounts, None));
    }
    let mut user_code = String::new();
    let mut approved = false;
    let mut account = 0;
    for (name, value) in form_urlencoded::parse(&request.body) {
        match &*name {
            "user_code" => user_code = value.into_owned(),
            "decision" => approved = value == "approve",
            "account" => account = value.parse().unwrap_or_default(),
            _ => {}
        }
    }
    let decided = if approved {
        issuer.approve(&user_code, account, arrival.now)
    } else {
        issuer.devices.deny(&user_code, arrival.now)
    };
    match decided {
        Ok(()) if approved => Answer::html(
            200,
            page("Signed in to Codex", "<p>You may now close this page.</p>"),
        ),
        Ok(()) => Answer::html(
            200,
            page("Sign-in denied", "<p>The device was not connected.</p>"),
        ),
        // Only the page shows the refusal: for the device, the code stays pending.
        Err(DecisionError::DeviceCodesDisabled) => Answer::html(
            403,
            page(
                "Device code authorization is switched off",
                "<p role=\"alert\">Enable device code authorization for Codex in ChatGPT → Settings → Security. In a \
                 workspace, its administrator must permit it.</p>",
            ),
        ),
        Err(error) => Answer::html(400, form(&issuer.accounts, Some(error))),
    }
}

fn form(accounts: &[Account], error: Option<DecisionError>) -> String {
    let error = error.map_or_else(String::new, |error| {
        format!("<p role=\"alert\">Not accepted: {error}.</p>")
    });
    let options: String = accounts
        .iter()
        .enumerate()
        .map(|(index, account)| {
            let (email, plan) = (escape(&account.email), escape(&account.plan_type));
            format!("<option value=\"{index}\">{email} ({plan})</option>")
        })
        .collect();
    page(
        "Connect a device to Codex",
        &format!(
            "{error}<form method=\"post\">\
             <p><label for=\"account\">Signed in as</label> <select id=\"account\" name=\"account\">{options}</select></p>\
             <p><label for=\"user_code\">Enter the code that your device shows</label> \
             <input id=\"user_code\" name=\"user_code\" required autofocus autocomplete=\"off\" \
             autocapitalize=\"characters\" spellcheck=\"false\" placeholder=\"ABCD-12345\"></p>\
             <p>Continue only if you started this sign-in yourself.</p>\
             <p><button name=\"decision\" value=\"approve\">Continue</button> \
             <button name=\"decision\" value=\"deny\">Cancel</button></p></form>"
        ),
    )
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} (simulator)</title>\
         <meta name=\"viewport\" content=\"width=device-width\"></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
