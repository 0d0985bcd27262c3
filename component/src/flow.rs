//! The transactions over the ports: all requests, reads, writes and retries.
//!
//! Records come in from the bucket and answers from the service. `state/` decides
//! what to do with them, `openai/` builds the requests and reads the answers, and
//! the results go back into the bucket and to `exports/`.

pub(crate) mod backend;
pub(crate) mod exchange;
pub(crate) mod records;
pub(crate) mod refresh;
