//! The component in runtimes that are not ours: whole logins over several
//! processes against the simulator, and what people run into.
//!
//! There is no option there that leads the component to the simulator, so it is
//! a build for tests, whose requests all go to one port of this machine.

mod node;
mod python;
mod stories;
mod test_component;
mod test_env;
