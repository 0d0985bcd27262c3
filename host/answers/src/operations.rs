//! The answers of the commands beside the seven functions.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{ErrorCode, Failure, True};

answers! {
    /// The answer of `store accept-failover`.
    struct AcceptFailover {
        /// Always true.
        pub ok: True,
        /// The URL of the database, without user, password and options.
        pub store: String,
        /// Whether acknowledged writes were suspected to be lost.
        pub accepted: bool,
    }

    /// The answer of `adopt`.
    struct Adopt {
        /// Always true.
        pub ok: True,
        /// The profile of the login.
        pub profile: String,
        /// Whether there was a login to accept.
        pub adopted: bool,
    }

    /// The answer of `component`.
    struct Component {
        /// Always true.
        pub ok: True,
        /// The world that was written.
        pub world: String,
        /// The path of the file.
        pub file: String,
        /// In bytes.
        pub size_bytes: usize,
        /// In hexadecimal.
        pub sha256: String,
    }

    /// The answer of `store copy`.
    struct CopyStore {
        /// Always true.
        pub ok: True,
        /// The file that was moved.
        pub from: String,
        /// The URL of the database, without user, password and options.
        pub to: String,
        /// How many values and tombstones of profiles were copied; none if they had been before.
        pub rows: u64,
        /// How many entries of the server, such as keys and links, were copied.
        pub entries: u64,
    }

    /// The answer of `doctor`.
    struct Doctor {
        /// Always true, whatever the findings are.
        pub ok: True,
        /// Whether all findings are ok.
        pub healthy: bool,
        /// The outcomes of the checks.
        pub findings: Vec<Finding>,
    }

    /// The outcome of one check of `doctor`.
    struct Finding {
        /// The subject of the check.
        pub subject: String,
        /// Whether the check has passed.
        pub ok: bool,
        /// The state of the subject, or what is wrong with it.
        pub message: String,
        /// What is wrong, as an error code.
        pub code: Option<ErrorCode>,
        /// How to fix it.
        pub hint: Option<String>,
    }

    /// The answer of `inspect`. For a component that must not be loaded it is a failure with the
    /// same description.
    #[serde(untagged)]
    enum Inspect {
        /// The component is what it claims to be.
        Accepted {
            /// Always true.
            ok: True,
            /// The description of the component.
            #[serde(flatten)]
            found: Inspection,
        },
        /// The component must not be loaded.
        Refused {
            /// Why.
            #[serde(flatten)]
            failure: Failure,
            /// The description of the component.
            #[serde(flatten)]
            found: Inspection,
        },
    }

    /// The answer of `inspect-agent`: the agent may be composed with the world.
    struct InspectAgent {
        /// Always true.
        pub ok: True,
        /// The file.
        pub component: String,
        /// The world.
        pub world: String,
    }

    /// What a component is, and what this host allows it.
    struct Inspection {
        /// The file, or `embedded`.
        pub component: String,
        /// In hexadecimal.
        pub sha256: String,
        /// In bytes.
        pub size_bytes: usize,
        /// Without names and documentation, in bytes.
        pub size_without_custom_sections_bytes: usize,
        /// The name of the component in its metadata.
        pub name: Option<String>,
        /// The world with this name.
        pub world: Option<String>,
        /// The embedded world that has the same bytes.
        pub same_as_embedded: Option<String>,
        /// The version in the metadata.
        pub version: Option<String>,
        /// The description in the metadata.
        pub description: Option<String>,
        /// The tools in the metadata that produced the component.
        pub producers: Vec<String>,
        /// Where a build for tests sends its requests.
        pub test_origin: Option<String>,
        /// The names of its imports.
        pub imports: Vec<String>,
        /// The names of its exports.
        pub exports: Vec<String>,
        /// The violations: what the component has beyond its world.
        pub beyond_contract: Vec<String>,
        /// Imports and exports as WIT; null unless it was asked for.
        pub wit: Option<String>,
        /// The requests that this host sends for the component.
        pub policy: Vec<String>,
        /// The limits of the component on this host.
        pub limits: Limits,
        /// The proxy to each host of the policy.
        pub proxies: BTreeMap<String, Option<String>>,
        /// The error of an unusable proxy setting.
        pub unusable_proxy: Option<String>,
        /// The ranges of addresses that are allowed although they are not public.
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

    /// The answer of `man`.
    struct Man {
        /// Always true.
        pub ok: True,
        /// The directory.
        pub directory: String,
        /// How many pages were written.
        pub pages: usize,
    }

    /// The answer of `store migrate`.
    struct MigrateStore {
        /// Always true.
        pub ok: True,
        /// The URL of the database, without user, password and options.
        pub store: String,
        /// The layout before; 0 if there was no store.
        pub from_layout: u32,
        /// The layout now.
        pub to_layout: u32,
    }

    /// The answer of `profiles list`.
    struct Profiles {
        /// Always true.
        pub ok: True,
        /// Their names, in order.
        pub profiles: Vec<String>,
    }

    /// One page of the profiles that a server knows.
    struct ProfilePage {
        /// Always true.
        pub ok: True,
        /// Their names, in order.
        pub profiles: Vec<String>,
        /// The name that the next page comes after; null on the last page.
        pub next_after: Option<String>,
    }

    /// The answer of `profiles remove`.
    struct RemoveProfile {
        /// Always true.
        pub ok: True,
        /// The name of the profile.
        pub profile: String,
        /// Whether the profile existed.
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
        /// The values that were not changed.
        pub left: Vec<LeftSealed>,
    }

    /// A value that was not changed.
    struct LeftSealed {
        /// The profile of the value.
        pub profile: String,
        /// The key of the value in the store.
        pub key: String,
        /// Why the value was not changed, as an error code.
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
        /// The profile of the values.
        pub profile: String,
        /// The keys of the quarantined values.
        pub set_aside: Vec<String>,
    }

    /// The answer of `--version`.
    struct Version {
        /// Always true.
        pub ok: True,
        /// The version of this software.
        pub version: String,
        /// The digest of the component that runs, in hexadecimal.
        pub component_sha256: String,
        /// The digest of each embedded world, in hexadecimal.
        pub worlds: BTreeMap<String, String>,
    }
}
