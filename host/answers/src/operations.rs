//! The answers of the commands beside the seven functions.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::{ErrorCode, Failure, True};

#[cfg(feature = "schemars")]
use schemars::JsonSchema;

macro_rules! answers {
    ($($(#[$attribute:meta])* $kind:ident $name:ident { $($body:tt)* })*) => {
        $(
            #[derive(Clone, Debug, Serialize)]
            #[cfg_attr(feature = "schemars", derive(JsonSchema))]
            $(#[$attribute])*
            pub $kind $name { $($body)* }
        )*
    };
}

answers! {
    /// The answer of `adopt`.
    struct Adopt {
        /// Always true.
        pub ok: True,
        /// Whose login it is.
        pub profile: String,
        /// Whether there was anything to accept.
        pub adopted: bool,
    }

    /// The answer of `component`.
    struct Component {
        /// Always true.
        pub ok: True,
        /// The world that was written.
        pub world: String,
        /// Where to.
        pub file: String,
        /// In bytes.
        pub size_bytes: usize,
        /// In hexadecimal.
        pub sha256: String,
    }

    /// The answer of `doctor`.
    struct Doctor {
        /// Always true: the question was answered.
        pub ok: True,
        /// Whether nothing is wrong.
        pub healthy: bool,
        /// What was looked at.
        pub findings: Vec<Finding>,
    }

    /// One thing that `doctor` looked at.
    struct Finding {
        /// Its name.
        pub subject: String,
        /// Whether it is right.
        pub ok: bool,
        /// What was seen, or what is wrong.
        pub message: String,
        /// What is wrong, as an error code.
        pub code: Option<ErrorCode>,
        /// How to fix it.
        pub hint: Option<String>,
    }

    /// The answer of `inspect`. A component that must not be loaded is a failure that
    /// says what was found, too.
    #[serde(untagged)]
    enum Inspect {
        /// It is what it says.
        Accepted {
            /// Always true.
            ok: True,
            /// What was found.
            #[serde(flatten)]
            found: Inspection,
        },
        /// It must not be loaded.
        Refused {
            /// Why.
            #[serde(flatten)]
            failure: Failure,
            /// What was found.
            #[serde(flatten)]
            found: Inspection,
        },
    }

    /// What a component is, and what this host would let it do.
    struct Inspection {
        /// The file, or `embedded`.
        pub component: String,
        /// In hexadecimal.
        pub sha256: String,
        /// In bytes.
        pub size_bytes: usize,
        /// Without names and documentation, in bytes.
        pub size_without_custom_sections_bytes: usize,
        /// What it calls itself.
        pub name: Option<String>,
        /// The world that this names.
        pub world: Option<String>,
        /// The embedded world that has the same bytes.
        pub same_as_embedded: Option<String>,
        /// Which version it says it is.
        pub version: Option<String>,
        /// What it says it does.
        pub description: Option<String>,
        /// The tools that made it, as it says.
        pub producers: Vec<String>,
        /// Where a build for tests sends its requests.
        pub test_origin: Option<String>,
        /// The names of its imports.
        pub imports: Vec<String>,
        /// The names of its exports.
        pub exports: Vec<String>,
        /// What it has beyond its world.
        pub beyond_contract: Vec<String>,
        /// Imports and exports as WIT; null unless it was asked for.
        pub wit: Option<String>,
        /// The requests that this host would send for it.
        pub policy: Vec<String>,
        /// How much of this machine it would get.
        pub limits: Limits,
        /// The proxy to each host of the policy.
        pub proxies: BTreeMap<String, Option<String>>,
        /// What is wrong with the setting of the proxy.
        pub unusable_proxy: Option<String>,
        /// The ranges of addresses that are reached although they are not public.
        pub allowed_addresses: Vec<String>,
    }

    /// The limits of one call.
    struct Limits {
        /// Linear memory.
        pub memory_bytes: usize,
        /// Handles at a time.
        pub handles: usize,
        /// What one host call may copy.
        pub host_call_bytes: usize,
        /// Computing.
        pub computing_seconds: u64,
        /// One request.
        pub request_seconds: u64,
        /// One operation of the store.
        pub store_seconds: u64,
        /// The call as a whole.
        pub call_seconds: u64,
    }

    /// The answer of `profiles list`.
    struct Profiles {
        /// Always true.
        pub ok: True,
        /// Their names, in order.
        pub profiles: Vec<String>,
    }

    /// The answer of `profiles remove`.
    struct RemoveProfile {
        /// Always true.
        pub ok: True,
        /// Which one.
        pub profile: String,
        /// Whether there was one.
        pub removed: bool,
    }

    /// The answer of `rekey`.
    struct Rekey {
        /// Always true.
        pub ok: True,
        /// The id of the key that seals now.
        pub key_id: String,
        /// How many values were sealed with it.
        pub resealed: u64,
        /// What was left as it was.
        pub left: Vec<LeftSealed>,
    }

    /// A value that was left as it was.
    struct LeftSealed {
        /// Whose it is.
        pub profile: String,
        /// Its key in the store.
        pub key: String,
        /// Why, as an error code.
        pub code: ErrorCode,
        /// Why.
        pub message: String,
        /// How to fix it.
        pub hint: String,
    }

    /// The answer of `reset`.
    struct Reset {
        /// Always true.
        pub ok: True,
        /// Whose values.
        pub profile: String,
        /// The keys of the values that were set aside.
        pub set_aside: Vec<String>,
    }

    /// The answer of `--version`.
    struct Version {
        /// Always true.
        pub ok: True,
        /// Of this software.
        pub version: String,
        /// The digest of the component that runs, in hexadecimal.
        pub component_sha256: String,
        /// The digest of each embedded world, in hexadecimal.
        pub worlds: BTreeMap<String, String>,
    }
}
