//! Counts the calls in flight, so that a program can end without cutting a call off.

use tokio::sync::watch;

use crate::error::{Error, ErrorCode};

/// The calls of one host.
#[derive(Default)]
pub(crate) struct InFlight(watch::Sender<Count>);

#[derive(Default)]
struct Count {
    in_flight: usize,
    /// No further call begins.
    draining: bool,
}

/// One call in flight, until this is dropped.
pub(crate) struct InFlightGuard(watch::Sender<Count>);

impl InFlight {
    /// Counts a call; an error once the host is draining.
    pub(crate) fn begin(&self) -> Result<InFlightGuard, Error> {
        let begun = self.0.send_if_modified(|count| {
            count.in_flight += usize::from(!count.draining);
            !count.draining
        });
        if begun {
            Ok(InFlightGuard(self.0.clone()))
        } else {
            Err(Error::transient(
                ErrorCode::Internal,
                "the program is ending and begins no further calls",
                "call again after the program has restarted",
                5,
            ))
        }
    }

    /// Refuses further calls, and waits for the end of the calls in flight.
    pub(crate) async fn drain(&self) {
        self.0.send_modify(|count| count.draining = true);
        let mut count = self.0.subscribe();
        // Fails only without a sender, and `self` holds one.
        _ = count.wait_for(|count| count.in_flight == 0).await;
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.send_modify(|count| count.in_flight -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn draining_waits_for_the_calls_in_flight_alone() {
        let calls = InFlight::default();
        drop(calls.begin().unwrap());
        let (one, two) = (calls.begin().unwrap(), calls.begin().unwrap());
        let moment = std::time::Duration::from_millis(1);
        assert!(tokio::time::timeout(moment, calls.drain()).await.is_err());
        assert!(calls.begin().is_err());
        drop(one);
        assert!(tokio::time::timeout(moment, calls.drain()).await.is_err());
        drop(two);
        calls.drain().await;
        assert!(calls.begin().err().unwrap().retryable);
    }
}
