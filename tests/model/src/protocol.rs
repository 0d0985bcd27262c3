//! What is explored: the rules, the service, and everything that can happen next.

use crate::properties;
use crate::rules::Rules;
use crate::server::Service;
use crate::worker::{Wire, Worker};
use crate::world::World;
use stateright::{Model, Property};

/// What is explored.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// What the component does.
    pub rules: Rules,
    /// What the service does.
    pub service: Service,
    /// How many calls run at a time: two or three.
    pub workers: u8,
    /// How much happens.
    pub limits: Limits,
}

/// How often something happens in one history, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// A worker claims the token.
    pub claims: u8,
    /// A worker crashes.
    pub crashes: u8,
    /// The network delivers a request twice.
    pub repeats: u8,
    /// A request is served after its sender has gone.
    pub late: u8,
    /// The person begins a new login.
    pub logins: u8,
    /// The person logs out.
    pub logouts: u8,
    /// The service refuses by an unknown code.
    pub refusals: u8,
    /// The wall clock is set. If it is, all workers run on one machine.
    pub steps: u8,
}

impl Limits {
    /// Each thing that happens can meet each other. Four claims are a first
    /// presentation, two probes without an answer, and the one that recovers; two
    /// crashes are the holder's and that of who took over. A fifth claim nearly
    /// triples the states and finds nothing more.
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

    /// Nobody logs in or out. That has far fewer states and leaves room for one more
    /// claim, a third worker, or a service that does more.
    pub const ONE_LOGIN: Self = Self {
        claims: 5,
        logins: 0,
        logouts: 0,
        ..Self::EVERYTHING
    };

    /// The service may refuse by an unknown code, too. Five claims are a first
    /// presentation, three probes that end the login, and the one that recovers it.
    pub const REFUSALS: Self = Self {
        refusals: 4,
        crashes: 1,
        repeats: 0,
        ..Self::ONE_LOGIN
    };

    /// Calls go on at a service that only refuses. Five claims are a first presentation
    /// and four probes, which suffice at any pace; three can be too close together.
    pub const ONLY_REFUSALS: Self = Self {
        claims: 5,
        crashes: 0,
        repeats: 0,
        late: 0,
        ..Self::ONE_LOGIN
    };

    /// The wall clock is set at any moment, once forward or back.
    pub const STEPS: Self = Self {
        steps: 1,
        ..Self::ONE_LOGIN
    };
}

/// What happens; the number is the worker's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Half a minute passes.
    Tick,
    /// The wall clock is set forward.
    StepForward,
    /// The wall clock is set back.
    StepBack,
    /// The stored access token ends, or the backend refuses it.
    AccessDies,
    /// The service forgives the tokens no more that it has superseded so far.
    GraceEnds,
    /// The token is claimed: mostly by storing an intent.
    Claim(u8),
    /// An abandoned refresh becomes uncertain.
    TakeOver(u8),
    /// The token is presented.
    Send(u8),
    /// It is not, after all.
    GiveUp(u8),
    /// The service serves the request.
    Serve(u8),
    /// The service is too busy to.
    Refrain(u8),
    /// The service refuses by an unknown code.
    RefuseUnknown(u8),
    /// The network delivers the request, and once more later.
    RepeatLater(u8),
    /// The network delivers the request and loses the answer.
    RepeatUnanswered(u8),
    /// The answer arrives.
    Receive(u8),
    /// The connection ends.
    Cut(u8),
    /// The connection ends, and the request is served all the same.
    CutLate(u8),
    /// The answer is stored.
    Settle(u8),
    /// The process ends.
    Crash(u8),
    /// The process ends, and its request is served all the same.
    CrashLate(u8),
    /// A request is served that has lost its sender.
    ServeStray,
    /// The person begins a login.
    BeginLogin,
    /// The login is stored.
    EndLogin,
    /// The person logs out.
    Logout,
    /// The person logs out and wants the login revoked.
    BeginRevocation,
    /// It is revoked.
    EndRevocation,
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self.limits)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
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
            actions.extend(world.worker(worker).actions().iter().map(|of| of(worker)));
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let (rules, service) = (&self.rules, self.service);
        let next = match action {
            Action::TakeOver(_) | Action::Refrain(_) | Action::Cut(_)
                if service == Service::Refusing =>
            {
                None
            }
            Action::Tick => world.tick(),
            Action::StepForward => world.step(true),
            Action::StepBack => world.step(false),
            Action::AccessDies => world.access_dies(),
            Action::GraceEnds => world.grace_ends(service),
            Action::Claim(worker) => world.claim(worker, rules),
            Action::TakeOver(worker) => world.take_over(worker, rules),
            Action::Send(worker) => world.send(worker, rules),
            Action::GiveUp(worker) => world.give_up(worker, rules),
            Action::Serve(worker) => world.serve(worker, service),
            Action::Refrain(worker) => world.refrain(worker),
            Action::RefuseUnknown(worker) => world.refuse_unknown(worker),
            Action::RepeatLater(worker) => world.repeat_later(worker, service),
            Action::RepeatUnanswered(worker) => world.repeat_unanswered(worker, service),
            Action::Receive(worker) => world.receive(worker),
            Action::Cut(worker) => world.cut(worker, false),
            Action::CutLate(worker) => world.cut(worker, true),
            Action::Settle(worker) => world.settle(worker, rules),
            Action::Crash(worker) => world.crash(worker, false),
            Action::CrashLate(worker) => world.crash(worker, true),
            Action::ServeStray => world.serve_stray(service),
            Action::BeginLogin => world.begin_login(),
            Action::EndLogin => world.end_login(rules),
            Action::Logout => world.logout(),
            Action::BeginRevocation => world.begin_revocation(),
            Action::EndRevocation => world.end_revocation(),
        };
        next.filter(|next| next != world)
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
            Self::Holding { .. } => &[Action::Settle, Action::Crash],
        }
    }
}
