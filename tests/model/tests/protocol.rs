//! With all its rules, the protocol keeps every property.

use refresh_model::rules::{Quiet, Rules};
use refresh_model::{Limits, Protocol, Service};

/// Two workers, a strict service, one login.
fn protocol() -> Protocol {
    Protocol {
        rules: Rules::default(),
        service: Service::Strict,
        workers: 2,
        limits: Limits::ONE_LOGIN,
    }
}

#[test]
fn every_property_holds_under_every_fault() {
    let limits = Limits::EVERYTHING;
    let states = Protocol {
        limits,
        ..protocol()
    }
    .assert_holds();
    assert!(states > 4_000_000, "{states}");
}

#[test]
fn every_property_holds_among_three_workers() {
    let workers = 3;
    let states = Protocol {
        workers,
        ..protocol()
    }
    .assert_holds();
    assert!(states > 1_000_000, "{states}");
}

#[test]
fn every_property_holds_if_the_service_forgives() {
    let service = Service::Forgiving;
    let states = Protocol {
        service,
        ..protocol()
    }
    .assert_holds();
    assert!(states > 750_000, "{states}");
}

#[test]
fn every_property_holds_if_the_service_forgives_for_a_time() {
    let service = Service::ForgivingBriefly;
    let states = Protocol {
        service,
        ..protocol()
    }
    .assert_holds();
    assert!(states > 1_500_000, "{states}");
}

#[test]
fn every_property_holds_if_the_service_keeps_the_token() {
    let service = Service::Keeping;
    let states = Protocol {
        service,
        ..protocol()
    }
    .assert_holds();
    assert!(states > 100_000, "{states}");
}

#[test]
fn taking_over_from_a_holder_at_once_is_harmless() {
    let rules = Rules {
        lease_ttl: 0,
        ..Rules::default()
    };
    let states = Protocol {
        rules,
        ..protocol()
    }
    .assert_holds();
    assert!(states > 500_000, "{states}");
}

#[test]
fn close_probes_are_harmless_if_no_request_outlives_its_sender() {
    let rules = Rules {
        quiet_after_probe: Quiet::Spacing,
        ..Rules::default()
    };
    let limits = Limits {
        late: 0,
        ..Limits::ONE_LOGIN
    };
    let states = Protocol {
        rules,
        limits,
        ..protocol()
    }
    .assert_holds();
    assert!(states > 250_000, "{states}");
}

#[test]
fn every_property_holds_if_refusals_may_have_an_unknown_code() {
    let limits = Limits::REFUSALS;
    let states = Protocol {
        limits,
        ..protocol()
    }
    .assert_holds();
    assert!(states > 500_000, "{states}");
}

#[test]
fn a_service_that_only_refuses_reaches_needs_login_at_any_pace() {
    let (service, limits) = (Service::Refusing, Limits::ONLY_REFUSALS);
    let states = Protocol {
        service,
        limits,
        ..protocol()
    }
    .assert_holds();
    assert!(states > 3_000, "{states}");
}

#[test]
fn every_property_holds_on_a_machine_whose_wall_clock_is_set() {
    let limits = Limits::STEPS;
    let states = Protocol {
        limits,
        ..protocol()
    }
    .assert_holds();
    assert!(states > 1_000_000, "{states}");
}
