//! How a call ended, for the log and the metrics of a platform.

/// How a call ended, in the extensions of its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The code of the error; none for a call that succeeded, or an error without a code. The
    /// backend may have chosen it, so it is cut and escaped: a log may have it, and metrics
    /// compare it with the codes that they know.
    pub code: Option<String>,
}
