//! What the tests need beside the code: fakes of the ports, and the parsers'
//! promises for fuzzing. Not part of the component.

#[cfg(test)]
pub(crate) mod fakes;

#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
