//! The transactions over the ports: the refresh, the exchange, calls to the backend, and
//! reading and writing the records.
//!
//! Records come in from the bucket and responses from the service. `state/` decides
//! what to do with them, `openai/` builds the requests and reads the responses, and
//! the results go back into the bucket and to `exports/`, which itself sends the requests
//! that begin, poll and revoke a login.

pub(crate) mod backend;
pub(crate) mod exchange;
pub(crate) mod records;
pub(crate) mod refresh;

/// How often a transaction starts in total when it meets conflicts.
pub(crate) const MAX_ATTEMPTS: u32 = 8;
