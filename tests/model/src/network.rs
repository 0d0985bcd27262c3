//! The wire between a worker and the service: it loses, delays and repeats requests.

use crate::clock::LAST_ARRIVAL;
use crate::oracle::Violation;
use crate::record::Presentation;
use crate::server::{Service, Token, TokenOutcome};
use crate::system::{System, spend};
use crate::worker::{Wire, Worker};

/// A request that the service may still serve, and whose answer no worker receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stray {
    token: Token,
    /// Ticks since it was sent.
    age: u8,
}

impl Stray {
    /// The request a tick later, if it can still arrive then.
    pub(crate) fn aged(self) -> Option<Self> {
        let age = self.age + 1;
        (age <= LAST_ARRIVAL).then_some(Self { age, ..self })
    }
}

impl System {
    /// The service serves a request and answers.
    pub(crate) fn serve(mut self, worker: u8, service: Service) -> Option<Self> {
        let presented = self.request_of(worker)?;
        let outcome = self.take(presented.token, service);
        let wire = Wire::Back(outcome);
        self.put(worker, Worker::Waiting { presented, wire });
        Some(self)
    }

    /// The service answers that it did not process the token.
    pub(crate) fn refrain(self, worker: u8) -> Option<Self> {
        self.answer(worker, TokenOutcome::NotProcessed)
    }

    /// The service refuses with an unknown code and leaves the token unchanged.
    pub(crate) fn refuse_unknown(mut self, worker: u8) -> Option<Self> {
        spend(&mut self.left.refusals)?;
        self.answer(worker, TokenOutcome::UnknownRefusal)
    }

    fn answer(mut self, worker: u8, outcome: TokenOutcome) -> Option<Self> {
        let presented = self.request_of(worker)?;
        self.oracle.sees_a_fault();
        let wire = Wire::Back(outcome);
        self.put(worker, Worker::Waiting { presented, wire });
        Some(self)
    }

    /// The network delivers a request, and will deliver it again later.
    pub(crate) fn repeat_later(mut self, worker: u8, service: Service) -> Option<Self> {
        spend(&mut self.left.repeats)?;
        let presented = self.request_of(worker)?;
        self.oracle.sees_a_repeat(presented.token);
        self.stray(presented)?;
        self.serve(worker, service)
    }

    /// The network delivers a request and loses the answer. It will deliver the request
    /// again.
    pub(crate) fn repeat_unanswered(mut self, worker: u8, service: Service) -> Option<Self> {
        spend(&mut self.left.repeats)?;
        let presented = self.request_of(worker)?;
        self.oracle.sees_a_repeat(presented.token);
        self.take(presented.token, service);
        Some(self)
    }

    /// The answer arrives.
    pub(crate) fn receive(mut self, worker: u8) -> Option<Self> {
        let Worker::Waiting {
            presented,
            wire: Wire::Back(outcome),
        } = self.worker(worker)
        else {
            return None;
        };
        self.put(worker, Worker::Holding { presented, outcome });
        Some(self)
    }

    /// The connection ends without an answer. With `late`, the request can still
    /// arrive.
    pub(crate) fn cut(mut self, worker: u8, late: bool) -> Option<Self> {
        let Worker::Waiting { presented, .. } = self.worker(worker) else {
            return None;
        };
        self.lose_sender(worker, late)?;
        self.oracle.sees_a_fault();
        let outcome = TokenOutcome::Unknown;
        self.put(worker, Worker::Holding { presented, outcome });
        Some(self)
    }

    /// A request without a sender arrives.
    pub(crate) fn serve_stray(mut self, service: Service) -> Option<Self> {
        let stray = self.stray.take()?;
        self.take(stray.token, service);
        Some(self)
    }

    pub(crate) fn lose_sender(&mut self, worker: u8, late: bool) -> Option<()> {
        if !late {
            return Some(());
        }
        spend(&mut self.left.late)?;
        let presented = self.request_of(worker)?;
        self.stray(presented)
    }

    fn request_of(&self, worker: u8) -> Option<Presentation> {
        match self.worker(worker) {
            Worker::Waiting {
                presented,
                wire: Wire::Out,
            } => Some(presented),
            _ => None,
        }
    }

    /// One such request at a time is enough: the next presentation waits until it has
    /// arrived.
    fn stray(&mut self, Presentation { token, age, .. }: Presentation) -> Option<()> {
        if self.stray.is_some() {
            return None;
        }
        self.stray = Some(Stray { token, age });
        Some(())
    }

    fn take(&mut self, token: Token, service: Service) -> TokenOutcome {
        if service == Service::Refusing {
            self.oracle.sees_a_fault();
        }
        let taken = self.families[usize::from(token.family)].take(token, service);
        if taken.is_reuse && self.access_works(token.family) {
            self.oracle.violates(Violation::Reuse, token);
        }
        taken.outcome
    }

    /// Whether the login has an access token that works: a stored one, or one that is
    /// granted to a worker that will store it.
    fn access_works(&self, family: u8) -> bool {
        let of_family = |token: Option<Token>| token.is_some_and(|token| token.family == family);
        let mut granted = self.workers.iter().map(|worker| worker.granted());
        self.record.has_login()
            && of_family(self.record.token)
            && (self.record.access_works || granted.any(of_family))
    }
}
