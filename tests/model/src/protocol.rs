//! What the model explores: the rules, the service, and every action that can happen
//! next.

use crate::properties;
use crate::rules::Rules;
use crate::server::Service;
use crate::system::System;
use crate::worker::{Wire, Worker};
use stateright::{Model, Property};

/// The configuration of an exploration.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// The rules of the component.
    pub rules: Rules,
    /// The behaviour of the service.
    pub service: Service,
    /// How many calls run at a time: two or three.
    pub workers: u8,
    /// How often each action can happen.
    pub limits: Limits,
}

/// How often each of these actions happens in one history, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// A worker claims the token.
    pub claims: u8,
    /// A worker crashes.
    pub crashes: u8,
    /// The network delivers a request twice.
    pub repeats: u8,
    /// A request is served after its sender is gone.
    pub late: u8,
    /// The person begins a new login.
    pub logins: u8,
    /// The person logs out.
    pub logouts: u8,
    /// The service refuses with an unknown code.
    pub refusals: u8,
    /// The wall clock is set. If it can be set, all workers run on one machine.
    pub steps: u8,
}

impl Limits {
    /// Enough for every action to meet every other. The four claims allow a first
    /// presentation, two probes without an answer, and the probe that recovers. The two
    /// crashes allow one of the holder and one of the worker that takes over. A fifth
    /// claim nearly triples the states and has found nothing more.
    pub const EVERYTHING: Self = Self {
        claims: 4,
        crashes: 2,
        repeats: 1,
        late: 1,
        logins: 1,
        logouts: 1,
        refusals: 0,
        steps: 0,
    };

    /// No login and no logout. That has far fewer states and leaves room for one more
    /// claim, a third worker, or a service that does more.
    pub const ONE_LOGIN: Self = Self {
        claims: 5,
        logins: 0,
        logouts: 0,
        ..Self::EVERYTHING
    };

    /// The service may also refuse with an unknown code. Five claims are a first
    /// presentation, three probes that end the login, and the probe that recovers it.
    pub const REFUSALS: Self = Self {
        refusals: 4,
        crashes: 1,
        repeats: 0,
        ..Self::ONE_LOGIN
    };

    /// Calls continue at a service that only refuses. Five claims are a first
    /// presentation and four probes, which suffice at any pace; three can be too close
    /// together.
    pub const ONLY_REFUSALS: Self = Self {
        claims: 5,
        crashes: 0,
        repeats: 0,
        late: 0,
        ..Self::ONE_LOGIN
    };

    /// The wall clock is set once, at any moment, forward or back.
    pub const STEPS: Self = Self {
        steps: 1,
        ..Self::ONE_LOGIN
    };
}

/// An action; the number is the worker's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Half a minute passes.
    Tick,
    /// The wall clock is set forward.
    StepForward,
    /// The wall clock is set back.
    StepBack,
    /// The stored access token expires, or the backend refuses it.
    AccessDies,
    /// The service stops forgiving the tokens that it has superseded so far.
    GraceEnds,
    /// A worker claims the token, which usually stores an intent.
    Claim(u8),
    /// An abandoned refresh becomes uncertain.
    TakeOver(u8),
    /// The worker presents the token.
    Send(u8),
    /// The worker does not present the token after all.
    GiveUp(u8),
    /// The service serves the request.
    Serve(u8),
    /// The service does not process the request.
    Refrain(u8),
    /// The service refuses with an unknown code.
    RefuseUnknown(u8),
    /// The network delivers the request, and will deliver it again later.
    RepeatLater(u8),
    /// The network delivers the request and loses the answer.
    RepeatUnanswered(u8),
    /// The answer arrives.
    Receive(u8),
    /// The connection ends.
    Cut(u8),
    /// The connection ends, and the request can still arrive.
    CutLate(u8),
    /// The worker stores what the answer says.
    Commit(u8),
    /// The process ends.
    Crash(u8),
    /// The process ends, and its request can still arrive.
    CrashLate(u8),
    /// A request without a sender is served.
    ServeStray,
    /// The person begins a login.
    BeginLogin,
    /// The component stores the login.
    EndLogin,
    /// The person logs out.
    Logout,
    /// The person logs out and asks for revocation.
    BeginRevocation,
    /// The service revokes the login.
    EndRevocation,
}

impl Model for Protocol {
    type State = System;
    type Action = Action;

    fn init_states(&self) -> Vec<System> {
        vec![System::new(self.limits)]
    }

    fn actions(&self, system: &System, actions: &mut Vec<Action>) {
        actions.extend([
            Action::Tick,
            Action::StepForward,
            Action::StepBack,
            Action::AccessDies,
            Action::GraceEnds,
            Action::ServeStray,
            Action::BeginLogin,
            Action::EndLogin,
            Action::Logout,
            Action::BeginRevocation,
            Action::EndRevocation,
        ]);
        for worker in 0..self.workers {
            actions.extend(system.worker(worker).actions().iter().map(|of| of(worker)));
        }
    }

    fn next_state(&self, system: &System, action: Action) -> Option<System> {
        let (rules, service) = (&self.rules, self.service);
        let next = match action {
            Action::TakeOver(_) | Action::Refrain(_) | Action::Cut(_)
                if service == Service::Refusing =>
            {
                None
            }
            Action::Tick => system.tick(),
            Action::StepForward => system.step(true),
            Action::StepBack => system.step(false),
            Action::AccessDies => system.access_dies(),
            Action::GraceEnds => system.grace_ends(service),
            Action::Claim(worker) => system.claim(worker, rules),
            Action::TakeOver(worker) => system.take_over(worker, rules),
            Action::Send(worker) => system.send(worker, rules),
            Action::GiveUp(worker) => system.give_up(worker, rules),
            Action::Serve(worker) => system.serve(worker, service),
            Action::Refrain(worker) => system.refrain(worker),
            Action::RefuseUnknown(worker) => system.refuse_unknown(worker),
            Action::RepeatLater(worker) => system.repeat_later(worker, service),
            Action::RepeatUnanswered(worker) => system.repeat_unanswered(worker, service),
            Action::Receive(worker) => system.receive(worker),
            Action::Cut(worker) => system.cut(worker, false),
            Action::CutLate(worker) => system.cut(worker, true),
            Action::Commit(worker) => system.commit(worker, rules),
            Action::Crash(worker) => system.crash(worker, false),
            Action::CrashLate(worker) => system.crash(worker, true),
            Action::ServeStray => system.serve_stray(service),
            Action::BeginLogin => system.begin_login(),
            Action::EndLogin => system.end_login(rules),
            Action::Logout => system.logout(),
            Action::BeginRevocation => system.begin_revocation(),
            Action::EndRevocation => system.end_revocation(),
        };
        next.filter(|next| next != system)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self.service, self.limits)
    }
}

impl Worker {
    fn actions(self) -> &'static [fn(u8) -> Action] {
        match self {
            Self::Idle => &[Action::Claim, Action::TakeOver],
            Self::Claimed { .. } => &[Action::Send, Action::GiveUp, Action::Crash],
            Self::Waiting {
                wire: Wire::Out, ..
            } => &[
                Action::Serve,
                Action::Refrain,
                Action::RefuseUnknown,
                Action::RepeatLater,
                Action::RepeatUnanswered,
                Action::Cut,
                Action::CutLate,
                Action::Crash,
                Action::CrashLate,
            ],
            Self::Waiting {
                wire: Wire::Back(_),
                ..
            } => &[Action::Receive, Action::Cut, Action::Crash],
            Self::Holding { .. } => &[Action::Commit, Action::Crash],
        }
    }
}
