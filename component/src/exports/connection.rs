//! The seven functions of the interface `connection`, one file each.
//!
//! Arguments and ports come in from `wasi/`, and a type of the contract goes out. `status`
//! only reads the bucket; every other function may also ask the service, and stores what it
//! receives before it returns.

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
