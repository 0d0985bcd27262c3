//! The network: what happens to a request on its way, and what a call learns
//! of the token in it.

use super::Worker;
use crate::fault_plan::{Moment, WireFault};
use crate::oracle::Received;
use crate::service::{Endpoint, Quirk, Said, Sent, UNKNOWN_CODE};
use chatgpt_oauth_component::ports::{Http, HttpError, HttpRequest, HttpResponse, MaybeSent};

impl Http for Worker<'_> {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let sent = Sent::of(request);
        let presented_at = self.env.time.get();
        self.presents(&sent);
        let step = self.begin(true);
        self.happen(step, Moment::Before);
        let fault = self
            .fails(step, Moment::Before)
            .or_else(|| self.fails(step, Moment::After));
        let fault = fault.map(|(_, wire)| wire);
        if self.elapsed(step.began) > request.timeout_seconds {
            self.env.is_harmed.set(true);
            return Err(HttpError::MaybeSent(MaybeSent::TimedOut));
        }
        let mut answered = None;
        if fault.is_none_or(WireFault::arrives) {
            let quirk = fault.and_then(WireFault::quirk);
            answered = Some(self.env.arrive(&sent, quirk));
        } else if let Some(WireFault::Delayed(seconds)) = fault {
            let mut service = self.env.service.borrow_mut();
            service.delay(&sent, self.env.time.get(), seconds);
        }
        self.happen(step, Moment::After);
        if self.elapsed(step.began) > request.timeout_seconds {
            self.env.is_harmed.set(true);
            return Err(HttpError::MaybeSent(MaybeSent::TimedOut));
        }
        let (response, said) = answered.unzip();
        let response = match fault {
            Some(fault) => fault.instead(response),
            None => Ok(response.expect("what arrives is answered")),
        };
        self.receive(&sent, fault, said.flatten(), presented_at);
        response
    }
}

impl Worker<'_> {
    fn presents(&self, sent: &Sent) {
        let mut report = self.report.borrow_mut();
        report.requests.push(sent.endpoint);
        let is_harmed = self.env.is_harmed.get();
        let mut oracle = self.env.oracle.borrow_mut();
        match sent.endpoint {
            Endpoint::Refresh => {
                oracle.presents(&sent.secret, report.seen.as_ref(), is_harmed);
                oracle.refusals_wait(&sent.secret);
            }
            Endpoint::Exchange => {
                oracle.redeems(&sent.secret, &mut self.env.tally.borrow_mut());
            }
            _ => {}
        }
    }

    /// The answer is there: what has the call learnt of the token it presented?
    fn receive(&self, sent: &Sent, fault: Option<WireFault>, said: Option<Said>, at: u64) {
        let mut report = self.report.borrow_mut();
        let mut oracle = self.env.oracle.borrow_mut();
        let secret = sent.secret.clone();
        let is_unknown = matches!(said, Some(Said::Refused(UNKNOWN_CODE)));
        let is_delivered = fault.is_none_or(WireFault::delivers);
        if sent.endpoint == Endpoint::Refresh
            && (is_unknown && is_delivered || fault.is_some_and(WireFault::refuses))
        {
            let probes = report.seen.as_ref().map_or(0, |seen| seen.probes);
            oracle.is_refused(&secret, probes, self.env.time.get());
            return;
        }
        if fault.is_some_and(WireFault::means_not_processed) {
            oracle.takes_back(&secret);
            return;
        }
        if !fault.is_none_or(WireFault::delivers) {
            return;
        }
        let is_mixed_up = fault.and_then(WireFault::quirk) == Some(Quirk::MixesAccounts);
        match (sent.endpoint, said) {
            (Endpoint::Refresh, Some(Said::Refused(_))) => {
                oracle.takes_back(&secret);
                report.received.push(Received::Refused(secret));
            }
            (Endpoint::Refresh, Some(Said::Granted { .. })) if is_mixed_up => {
                report.received.push(Received::Refused(secret));
            }
            (Endpoint::Refresh, Some(Said::Granted { pair, is_rotated })) => {
                oracle.is_answered(&secret);
                report.received.push(Received::Grant {
                    presented: secret,
                    presented_at: at,
                    successor: is_rotated.then_some(pair.refresh),
                });
            }
            (Endpoint::Exchange, Some(Said::Granted { pair, .. })) => {
                report.received.push(Received::Login(pair.refresh));
            }
            (Endpoint::Exchange, Some(Said::Refused(_))) => oracle.takes_back(&secret),
            _ => {}
        }
    }
}
