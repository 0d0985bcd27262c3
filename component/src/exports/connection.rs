//! The seven functions of a connection, one file each, all of one shape: read
//! what is stored, ask the service if need be, store what came, answer.

mod logout;
mod models;
mod poll;
mod refresh;
mod start;
mod status;
mod usage;

pub use logout::logout;
pub use models::models;
pub use poll::poll;
pub use refresh::refresh;
pub use start::start;
pub use status::status;
pub use usage::usage;
