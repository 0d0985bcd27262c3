//! The name of a conversation, by which the backend finds the cache of its prompt.
//!
//! A chat request repeats the whole conversation and names it seldom. Without a name no
//! prompt is found in the cache, so one is made of what stays the same.

use chatgpt_oauth::{Digest, Host, Profile};

use crate::json::Fields;

/// How long a name is, in characters.
const LENGTH: usize = 32;

/// What the names of one profile's conversations are made of, beside the requests.
#[derive(Clone, Debug)]
pub(crate) struct Conversations {
    store: String,
    profile: String,
}

impl Conversations {
    /// Those of a profile. Two profiles never share a name.
    pub(crate) fn of(host: &Host, profile: &Profile) -> Self {
        Self {
            store: host.store().identity().unwrap_or_default().to_owned(),
            profile: profile.name().to_string(),
        }
    }

    /// The name of the conversation of a request: the same as long as its messages, and what
    /// stands before them, begin the same.
    pub(super) fn name(&self, sent: &Fields<'_>, messages: &str) -> String {
        let of_request = |name| sent.get(name).unwrap_or_default();
        let mut begin = Vec::new();
        for text in [
            &self.store,
            &self.profile,
            of_request("model"),
            of_request("tools"),
            messages,
        ] {
            // Its length tells where a text ends.
            begin.extend_from_slice(&(text.len() as u64).to_be_bytes());
            begin.extend_from_slice(text.as_bytes());
        }
        digest(&begin)
    }
}

/// A session id for a name of the caller's own: the name, if it can be sent.
pub(super) fn id(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_graphic();
    match !name.is_empty() && name.len() <= 64 && name.bytes().all(is_plain) {
        true => name.to_owned(),
        false => Digest::of(name.as_bytes()).to_string(),
    }
}

fn digest(bytes: &[u8]) -> String {
    let mut digits = Digest::of(bytes).to_string();
    digits.truncate(LENGTH);
    digits
}

#[cfg(test)]
impl Conversations {
    pub(super) fn for_tests(store: &str, profile: &str) -> Self {
        Self {
            store: store.to_owned(),
            profile: profile.to_owned(),
        }
    }
}
