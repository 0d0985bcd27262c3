//! The component in other runtimes: whole logins over several processes against the
//! simulator, and the failures that people meet.
//!
//! These runtimes have no option that connects the component to the simulator. So the
//! component is a build for tests that sends every request to one port of this machine.

mod act;
mod command;
mod node;
mod python;
mod stories;
mod test_component;
mod test_env;
