//! The seven functions of the interface `connection`, one file each.
//!
//! Every function has the same steps: it reads the stored records, asks the
//! service if needed, stores what it received, and returns a type of the
//! contract.

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
