//! Which components a host runs beside the embedded one.

use chatgpt_oauth::artifact::{ONBOARDING, PLATFORM, WORLDS};
use chatgpt_oauth::store::MemoryStore;
use chatgpt_oauth::{Digest, ErrorCode, Host};

#[test]
fn a_world_without_credentials_or_over_another_store_is_refused() {
    for world in WORLDS.iter().filter(|world| world.name != PLATFORM.name) {
        let host = Host::builder(MemoryStore::new()).component(world.component);
        let error = host.build().unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidArgument, "{}", world.name);
    }
}

/// Faults: M01
#[test]
fn a_component_that_is_not_the_pinned_one_is_refused() {
    let pinned: Digest = PLATFORM.digest.parse().unwrap();
    let host = || Host::builder(MemoryStore::new()).component_digest(pinned);
    host().build().unwrap();
    host().component(PLATFORM.component).build().unwrap();

    let other = ONBOARDING.component;
    let refused = host().component(other).build().unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidArgument);
    assert!(refused.message.contains(&Digest::of(other).to_string()));

    let embedded = Host::builder(MemoryStore::new()).component_digest(Digest::of(other));
    let refused = embedded.build().unwrap_err();
    assert!(refused.message.contains(PLATFORM.digest));

    // One changed bit makes another component.
    let mut changed = PLATFORM.component.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    assert!(host().component(changed).build().is_err());
}
