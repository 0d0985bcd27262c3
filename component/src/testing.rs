//! Fakes of the ports for the tests, and the promises of the parsers for fuzzing.
//! Not part of the component.

#[cfg(test)]
pub(crate) mod fakes;

#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
