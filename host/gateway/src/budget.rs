//! [`Budget`]: how much a guest may use of the plan that it calls with.
//!
//! A platform makes a budget for a guest, and gives the guest a
//! [`ModelAccess`](crate::ModelAccess) with it. A call above a limit is refused before the
//! backend hears of it, and the platform is informed.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;

use crate::error::ErrorAnswer;

/// How long a guest waits before it repeats a call that was one too many at a time, in
/// seconds.
const PAUSE: u32 = 1;

/// What a guest may use. None is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// How many calls the guest may make. A refused call does not count.
    pub calls: Option<u64>,
    /// How many bytes the bodies of its requests and of their answers may have together. An
    /// answer that has begun is relayed to its end, so those that run can exceed the limit.
    pub bytes: Option<u64>,
    /// How many calls may run at a time: each until its answer has ended or was dropped.
    pub streams: Option<u64>,
}

/// One of the [`Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`Limits::calls`]
    Calls,
    /// [`Limits::bytes`]
    Bytes,
    /// [`Limits::streams`]
    Streams,
}

/// What a guest has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Used {
    /// Calls that were not refused.
    pub calls: u64,
    /// Bytes of the bodies of requests and answers.
    pub bytes: u64,
    /// Calls that run.
    pub streams: u64,
    /// Calls that were refused because of a limit.
    pub refused: u64,
}

/// The limits of one guest, and what it has used. Clones share both: a guest that is
/// instantiated again goes on with the clone of its first budget. Without limits by default.
///
/// ```
/// use chatgpt_oauth_gateway::{Budget, Limits};
///
/// let limits = Limits { calls: Some(100), streams: Some(4), ..Limits::default() };
/// let budget = Budget::informing(limits, |limit| eprintln!("the guest reached {limit:?}"));
/// assert_eq!(budget.used().calls, 0);
/// // gateway.access(profile).with_budget(budget.clone())
/// ```
#[derive(Clone, Default)]
pub struct Budget(Arc<Parts>);

#[derive(Default)]
struct Parts {
    limits: Limits,
    used: Mutex<Used>,
    inform: Option<Box<dyn Fn(Limit) + Send + Sync>>,
}

impl Budget {
    /// A budget with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Parts {
            limits,
            ..Parts::default()
        }))
    }

    /// A budget that calls this function with the limit of each call that it refuses. The
    /// function runs before the guest has the answer, and must not block.
    #[must_use]
    pub fn informing(limits: Limits, inform: impl Fn(Limit) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Parts {
            limits,
            inform: Some(Box::new(inform)),
            ..Parts::default()
        }))
    }

    /// What the guest has used until now.
    #[must_use]
    pub fn used(&self) -> Used {
        *self.lock()
    }

    /// Lets a call begin, or refuses it.
    pub(crate) fn begin(&self) -> Result<Running, ErrorAnswer> {
        let begun = self.lock().begin(&self.0.limits);
        begun.map_err(|limit| self.refuse(limit))?;
        Ok(Running(self.clone()))
    }

    /// Counts a refused call, and informs the platform.
    fn refuse(&self, limit: Limit) -> ErrorAnswer {
        self.lock().refused += 1;
        tracing::warn!(?limit, "the budget of a guest is exceeded");
        if let Some(inform) = &self.0.inform {
            inform(limit);
        }
        exceeded(limit)
    }

    /// No panic leaves the numbers incomplete, so poisoning is ignored.
    fn lock(&self) -> MutexGuard<'_, Used> {
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("limits", &self.0.limits)
            .field("used", &self.used())
            .finish_non_exhaustive()
    }
}

impl Used {
    fn begin(&mut self, limits: &Limits) -> Result<(), Limit> {
        let is_reached = |used, limit: Option<u64>| limit.is_some_and(|limit| used >= limit);
        if is_reached(self.calls, limits.calls) {
            return Err(Limit::Calls);
        }
        if is_reached(self.bytes, limits.bytes) {
            return Err(Limit::Bytes);
        }
        if is_reached(self.streams, limits.streams) {
            return Err(Limit::Streams);
        }
        self.calls += 1;
        self.streams += 1;
        Ok(())
    }

    fn add_to_request(&mut self, bytes: u64, limits: &Limits) -> Result<(), Limit> {
        let sum = self.bytes.saturating_add(bytes);
        if limits.bytes.is_some_and(|limit| sum > limit) {
            // The call began, but is not made.
            self.calls -= 1;
            return Err(Limit::Bytes);
        }
        self.bytes = sum;
        Ok(())
    }
}

/// A call of a guest that runs, until it is dropped.
pub(crate) struct Running(Budget);

impl Running {
    /// Counts bytes of a request, or refuses the call.
    pub(crate) fn add_to_request(&self, bytes: usize) -> Result<(), ErrorAnswer> {
        let Self(budget) = self;
        let added = budget.lock().add_to_request(bytes as u64, &budget.0.limits);
        added.map_err(|limit| budget.refuse(limit))
    }

    /// Counts bytes of an answer.
    pub(crate) fn add_to_answer(&self, bytes: usize) {
        let mut used = self.0.lock();
        used.bytes = used.bytes.saturating_add(bytes as u64);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.lock().streams -= 1;
    }
}

fn exceeded(limit: Limit) -> ErrorAnswer {
    let message = match limit {
        Limit::Calls => "This guest has made the calls that its platform allows.",
        Limit::Bytes => "This guest has sent and received the bytes that its platform allows.",
        Limit::Streams => "This guest runs as many calls at a time as its platform allows.",
    };
    let status = StatusCode::TOO_MANY_REQUESTS;
    let answer = ErrorAnswer::new(status, "guest_budget_exceeded", message);
    match limit {
        Limit::Streams => answer.retry_after(PAUSE),
        Limit::Calls | Limit::Bytes => ErrorAnswer {
            is_final: true,
            ..answer
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(limits: Limits) -> (Budget, Arc<Mutex<Vec<Limit>>>) {
        let informed = Arc::new(Mutex::new(Vec::new()));
        let list = informed.clone();
        let budget = Budget::informing(limits, move |limit| list.lock().unwrap().push(limit));
        (budget, informed)
    }

    fn refusal(begun: Result<Running, ErrorAnswer>) -> ErrorAnswer {
        begun.err().expect("the call is refused")
    }

    #[test]
    fn a_budget_without_limits_counts_and_refuses_nothing() {
        let budget = Budget::default();
        let running: Vec<_> = (0..100).map(|_| budget.begin().ok().unwrap()).collect();
        running[0].add_to_request(usize::MAX).unwrap();
        running[0].add_to_answer(usize::MAX);
        let used = budget.used();
        assert_eq!((used.calls, used.streams), (100, 100));
        assert_eq!((used.bytes, used.refused), (u64::MAX, 0));
    }

    #[test]
    fn clones_of_a_budget_share_its_calls() {
        let limits = Limits {
            calls: Some(2),
            ..Limits::default()
        };
        let (budget, informed) = limited(limits);
        let again = budget.clone();
        drop(budget.begin());
        drop(again.begin());
        let refused = refusal(budget.begin());
        assert_eq!(refused.code(), "guest_budget_exceeded");
        assert!(refused.is_final);
        assert_eq!(*informed.lock().unwrap(), [Limit::Calls]);
        let used = again.used();
        assert_eq!((used.calls, used.refused, used.streams), (2, 1, 0));
    }

    #[test]
    fn a_call_at_a_time_ends_when_it_is_dropped() {
        let limits = Limits {
            streams: Some(1),
            ..Limits::default()
        };
        let (budget, informed) = limited(limits);
        let running = budget.begin().ok().unwrap();
        let refused = refusal(budget.begin());
        assert_eq!(refused.retry_after, Some(1));
        assert!(!refused.is_final);
        drop(running);
        assert!(budget.begin().is_ok());
        assert_eq!(*informed.lock().unwrap(), [Limit::Streams]);
    }

    #[test]
    fn a_request_ends_at_the_limit_of_bytes_and_an_answer_does_not() {
        let limits = Limits {
            bytes: Some(10),
            ..Limits::default()
        };
        let (budget, informed) = limited(limits);
        let running = budget.begin().ok().unwrap();
        running.add_to_request(10).unwrap();
        running.add_to_request(1).unwrap_err();
        assert_eq!(budget.used().bytes, 10);
        running.add_to_answer(5);
        drop(running);
        refusal(budget.begin());
        let used = budget.used();
        assert_eq!((used.calls, used.bytes, used.refused), (0, 15, 2));
        assert_eq!(*informed.lock().unwrap(), [Limit::Bytes, Limit::Bytes]);
    }
}
