//! The calls under way, counted, so that a program can end without cutting one off.

use tokio::sync::watch;

use crate::error::{Error, ErrorCode};

/// The calls of one host.
#[derive(Default)]
pub(crate) struct InFlight(watch::Sender<Count>);

#[derive(Default)]
struct Count {
    under_way: usize,
    /// No call begins any more.
    draining: bool,
}

/// One call, for as long as this lives.
pub(crate) struct InFlightGuard(watch::Sender<Count>);

impl InFlight {
    /// Counts a call in; an error once the host is draining.
    pub(crate) fn begin(&self) -> Result<InFlightGuard, Error> {
        let begun = self.0.send_if_modified(|count| {
            count.under_way += usize::from(!count.draining);
            !count.draining
        });
        if begun {
            Ok(InFlightGuard(self.0.clone()))
        } else {
            Err(Error::transient(
                ErrorCode::Internal,
                "the program is ending and begins no calls any more",
                "call again when it runs again",
                5,
            ))
        }
    }

    /// Lets no call begin any more, and waits for the end of those under way.
    pub(crate) async fn drain(&self) {
        self.0.send_modify(|count| count.draining = true);
        let mut count = self.0.subscribe();
        // Fails only without a sender, and here is one.
        _ = count.wait_for(|count| count.under_way == 0).await;
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.send_modify(|count| count.under_way -= 1);
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
