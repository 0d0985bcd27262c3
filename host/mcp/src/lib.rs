//! The seven functions of a [`Profile`](chatgpt_oauth::Profile) as tools of the Model Context
//! Protocol (MCP), for any agent whose program is an MCP client.
//!
//! [`Tools`] answers a client: [`Tools::serve`] over two streams, such as standard input and
//! output, and [`Tools::answer`] one request of streamable HTTP at a time, without sessions.
//!
//! # What to know
//!
//! - A tool has the name of its function, and the description is that of `wit/connection.wit`.
//! - A result has the JSON of the command line, from [`chatgpt_oauth_answers`], as structured
//!   content and as text. A call that fails has a result with `isError`, and the JSON of a
//!   [`Failure`](chatgpt_oauth_answers::Failure).
//! - No result contains a token.
//! - A client that shows URLs to its person gets OpenAI's page from `start`, by URL
//!   elicitation.

mod arguments;
mod contract;
mod elicitation;
mod function;
mod hooks;
mod result;
mod stdio;
mod streamable_http;
mod tools;

pub use hooks::Hooks;
pub use tools::Tools;

/// The largest message of a client, in bytes.
const LARGEST: usize = 64 << 10;
