//! What each error code means for a person: the cause, what was kept, and what to do.
//! `chatgpt-oauth explain` and docs/troubleshooting.md show these entries.

use alloc::string::String;
use alloc::vec::Vec;

use crate::{ErrorCode, True};

/// The entry of one error code.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// Why calls fail with the code.
    pub cause: &'static str,
    /// What the failure has left as it was, and what may be lost.
    pub kept: &'static str,
    /// What a person can do, in order. A command stands in backticks.
    pub steps: &'static [&'static str],
}

answers! {
    /// The answer of `explain`.
    struct Explain {
        /// Always true.
        pub ok: True,
        /// The entry of the code that was named, or of all codes.
        pub explanations: Vec<Explained>,
    }

    /// An error code with its entry.
    struct Explained {
        /// The code.
        pub code: ErrorCode,
        /// The exit code of the command line.
        pub exit_code: u8,
        /// Why calls fail with the code.
        pub cause: String,
        /// What the failure has left as it was, and what may be lost.
        pub kept: String,
        /// What a person can do, in order. A command stands in backticks.
        pub steps: Vec<String>,
    }
}

impl From<ErrorCode> for Explained {
    fn from(code: ErrorCode) -> Self {
        let Explanation { cause, kept, steps } = code.explanation();
        Self {
            code,
            exit_code: code.class().exit_code(),
            cause: cause.into(),
            kept: kept.into(),
            steps: steps.iter().copied().map(String::from).collect(),
        }
    }
}

const LOG_IN: &str = "Run `chatgpt-oauth login`.";
const REPEAT: &str = "Repeat the command after `retry_after_seconds`, or in a minute.";
const DOCTOR: &str = "Run `chatgpt-oauth doctor`, and fix what it names.";
const SET_ASIDE: &str = "If values of this profile alone cannot be read, run `chatgpt-oauth reset`, which sets them aside for 30 days, then `chatgpt-oauth login`.";

const LOGIN_KEPT: &str = "The login and an approved code are kept.";
const EARLIER_LOGIN_KEPT: &str = "An earlier login of the profile is kept.";
const UNCHANGED: &str = "Nothing was changed, and nothing was sent.";
const VALUES_UNCHANGED: &str = "The stored values were left as they are.";

const fn explained(
    cause: &'static str,
    kept: &'static str,
    steps: &'static [&'static str],
) -> Explanation {
    Explanation { cause, kept, steps }
}

impl ErrorCode {
    /// What the code means for a person.
    #[must_use]
    pub const fn explanation(self) -> Explanation {
        match self {
            Self::NotConnected => explained(
                "The profile is not signed in.",
                UNCHANGED,
                &[
                    "Check the profile and the store with `chatgpt-oauth profiles list`: the login may be under another name.",
                    LOG_IN,
                ],
            ),
            Self::NoPendingLogin => explained(
                "No code waits for an approval, or the login that it made has ended since.",
                EARLIER_LOGIN_KEPT,
                &[
                    "Run `chatgpt-oauth status`, which says whether the profile is signed in.",
                    LOG_IN,
                ],
            ),
            Self::LoginSuperseded => explained(
                "A later login or a logout has replaced the code that was named.",
                "The later login is kept.",
                &[
                    "Approve the code that `chatgpt-oauth start` shows, then run `chatgpt-oauth poll`.",
                ],
            ),
            Self::LoginDenied => explained(
                "The person declined the login on OpenAI's page.",
                EARLIER_LOGIN_KEPT,
                &["If that was a mistake, run `chatgpt-oauth login`."],
            ),
            Self::LoginExpired => explained(
                "The code was not approved within 15 minutes, or OpenAI's page refused it.",
                EARLIER_LOGIN_KEPT,
                &[
                    "If the page refused the code, switch on device codes for Codex in ChatGPT under Settings, Security; in a workspace its admin must permit them.",
                    LOG_IN,
                ],
            ),
            Self::LoginExchangeFailed => explained(
                "The code was approved, and OpenAI gave no tokens for it: it refused, or two answers were lost.",
                EARLIER_LOGIN_KEPT,
                &[LOG_IN],
            ),
            Self::NeedsLogin => explained(
                "OpenAI has ended the login; `service_code` says why. After `refresh_token_reused`, another program uses a copy of it.",
                "The subscription is not affected. Models, usage and API keys of the profile are kept.",
                &["Give every program a login of its own, then run `chatgpt-oauth login`."],
            ),
            Self::RefreshInProgress => explained(
                "Another call refreshes the access token, or many logins are being refreshed.",
                LOGIN_KEPT,
                &[REPEAT],
            ),
            Self::RefreshUncertain => explained(
                "An answer to a refresh was lost, or OpenAI refused it by an unknown code, so that the login may or may not be alive.",
                "The login is kept, and the next call after the pause tries it once.",
                &[
                    "Repeat the command after `retry_after_seconds`: `chatgpt-oauth refresh` says how it ended.",
                    "To wait no longer, run `chatgpt-oauth login`.",
                ],
            ),
            Self::RejectedByBackend => explained(
                "ChatGPT's backend refuses an access token that OpenAI has just issued.",
                LOGIN_KEPT,
                &[
                    "Wait some minutes, then run `chatgpt-oauth usage --force`.",
                    "If it continues, run `chatgpt-oauth logout`, then `chatgpt-oauth login`.",
                ],
            ),
            Self::RateLimited => explained(
                "OpenAI has answered that there are too many requests.",
                LOGIN_KEPT,
                &[REPEAT],
            ),
            Self::UpstreamBlocked => explained(
                "The content delivery network in front of OpenAI has answered with a web page: it distrusts this address, or a portal of this network stands in between.",
                LOGIN_KEPT,
                &[
                    "Wait, or use another network or a proxy (`HTTPS_PROXY`).",
                    DOCTOR,
                    REPEAT,
                ],
            ),
            Self::RegionUnsupported => explained(
                "OpenAI does not offer the service in the country that the traffic comes from.",
                LOGIN_KEPT,
                &["Let both hosts be reached from a supported country, then repeat the command."],
            ),
            Self::CodexNotEnabled => explained(
                "The account, its workspace or its plan does not allow Codex or device codes.",
                LOGIN_KEPT,
                &[
                    "Switch on device codes for Codex in ChatGPT under Settings, Security; in a workspace ask its admin to permit Codex and device codes.",
                    "Then repeat the command.",
                ],
            ),
            Self::Network => explained(
                "OpenAI could not be reached, or its answer did not arrive.",
                LOGIN_KEPT,
                &[DOCTOR, REPEAT],
            ),
            Self::UpstreamError => explained("OpenAI's service has failed.", LOGIN_KEPT, &[REPEAT]),
            Self::UnexpectedAnswer => explained(
                "OpenAI's answer does not follow the protocol that this version knows.",
                LOGIN_KEPT,
                &[
                    "Repeat the command once.",
                    "If it continues, look for a newer version than `chatgpt-oauth --version` names.",
                ],
            ),
            Self::EgressDenied => explained(
                "The address is not among those that this host permits, or a name leads to no public address; of `inspect`: the component can do more than its world.",
                UNCHANGED,
                &[
                    "Run `chatgpt-oauth inspect`, which lists what is permitted.",
                    DOCTOR,
                    "Behind a VPN or router that gives made-up addresses, permit their range with `--allow-addresses`.",
                ],
            ),
            Self::StoreUnavailable => explained(
                "The store cannot be reached, read or written: a right, a full disk, a limit of the process, a database that is down.",
                "The login is kept, and no refresh token was sent unless its answer is stored.",
                &["Do what `hint` says.", DOCTOR],
            ),
            Self::StoreBusy => explained(
                "Another process has locked the store or has written to it at the same moment.",
                "The login is kept, and the other process's write too.",
                &[REPEAT],
            ),
            Self::StoreNeedsUpgrade => explained(
                "An earlier version made the store, and this command only reads.",
                UNCHANGED,
                &[
                    "Run `chatgpt-oauth doctor`, which upgrades a file.",
                    "For a database, run `chatgpt-oauth store migrate`.",
                ],
            ),
            Self::StoreFailedAfterRefresh => explained(
                "OpenAI has returned new tokens, and the store has not taken them within the time that the host repeats the write.",
                "The earlier tokens are kept, and OpenAI may not take them any more.",
                &[
                    "Repair the store first: run `chatgpt-oauth doctor`.",
                    "Then run `chatgpt-oauth refresh`, which says whether the login is alive.",
                    "If it is not, run `chatgpt-oauth login`.",
                ],
            ),
            Self::KeyUnknown => explained(
                "The values are sealed with a key that is not in the key file, or the key file is missing.",
                VALUES_UNCHANGED,
                &[
                    "Run `chatgpt-oauth doctor`, which says which key file is used.",
                    "Put the right key file back, or name it with `--key-file`.",
                    SET_ASIDE,
                    "If the key of the whole store is lost, its logins, API keys and links are lost too: move the files of the store, which `doctor` names, to another directory, or name another database, then run `chatgpt-oauth login`.",
                ],
            ),
            Self::RecordCorrupt => explained(
                "A stored value or the file of the store is damaged, or a value was moved here from another place.",
                VALUES_UNCHANGED,
                &[
                    "Restore the latest store, if the disk or a replica has it: logins of an older copy are not refreshed (`rollback-suspected`).",
                    SET_ASIDE,
                    "If an API key cannot be read, `chatgpt-oauth keys list` names it: revoke it and make a new one. Make a new link in place of one that cannot be read.",
                    "If the store cannot be opened, move its files, which `doctor` names, to another directory, then run `chatgpt-oauth login` for each profile.",
                ],
            ),
            Self::RecordNewer => explained(
                "A newer version of this software wrote the value or the store.",
                VALUES_UNCHANGED,
                &["Use that version or a newer one; `chatgpt-oauth --version` names this one."],
            ),
            Self::RollbackSuspected => explained(
                "The stored login is older than the last one written here, as after a restored backup, or the database may lack the latest writes, as after a failover.",
                "The stored login is kept, and serves while its access token lives.",
                &[
                    "Restore the latest store, or bring back the server that has it.",
                    "Or run `chatgpt-oauth login`.",
                    "Or accept what is stored, which OpenAI may end at the next refresh: run `chatgpt-oauth adopt`, or `chatgpt-oauth store accept-failover` for a database.",
                ],
            ),
            Self::AccountMismatch => explained(
                "The tokens are of another account than the one that was expected or connected before.",
                "The tokens of the other account were dropped. After `login --expect`, the profile is signed out.",
                &[
                    "Sign in to ChatGPT with the right account in the browser, then run `chatgpt-oauth login`.",
                ],
            ),
            Self::NotRefreshable => explained(
                "The login has no refresh token, so that it has ended with its access token.",
                "The subscription is not affected.",
                &[LOG_IN],
            ),
            Self::InvalidArgument => explained(
                "An argument, an option, a variable or the kind of the store cannot be used.",
                UNCHANGED,
                &[
                    "Correct what `error` names; `chatgpt-oauth --help` shows the commands and options.",
                ],
            ),
            Self::Internal => explained(
                "A fault of this software, or a machine that refuses memory, threads or executable memory.",
                "The login is kept: a call that ends early presents no refresh token a second time.",
                &[
                    "Do what `hint` says.",
                    DOCTOR,
                    "If it continues, report it with the log of `chatgpt-oauth -v status`, which holds no secret.",
                ],
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ErrorCode;

    #[test]
    fn every_entry_has_a_cause_what_was_kept_and_a_step() {
        for code in ErrorCode::ALL {
            let entry = code.explanation();
            let texts = [entry.cause, entry.kept].into_iter();
            for text in texts.chain(entry.steps.iter().copied()) {
                assert!(text.ends_with('.'), "{code:?}: {text}");
            }
            assert!(!entry.steps.is_empty(), "{code:?}");
        }
    }

    #[test]
    fn a_code_is_found_by_its_name() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::named(code.name()), Some(*code));
        }
        assert_eq!(ErrorCode::named("no-such-code"), None);
    }
}
