//! The transactions over the ports: all requests, reads, writes and retries.
//!
//! Records come in from the bucket and responses from the service. `state/` decides
//! what to do with them, `openai/` builds the requests and reads the responses, and
//! the results go back into the bucket and to `exports/`.

pub(crate) mod backend;
pub(crate) mod exchange;
pub(crate) mod records;
pub(crate) mod refresh;

/// How often a transaction starts in total when it meets conflicts.
pub(crate) const MAX_ATTEMPTS: u32 = 8;
