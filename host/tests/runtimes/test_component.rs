//! The component, built so that it sends every request to one origin.

use std::path::Path;

use chatgpt_oauth_packaging::inspect::{Inspection, Violation};
use chatgpt_oauth_packaging::{Builder, World};

fn builder() -> Builder {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    Builder::new(workspace, env!("CARGO_TARGET_TMPDIR"))
}

/// Builds a world for this origin.
pub fn build(world: World, origin: &str) -> Result<Vec<u8>, String> {
    let builder = builder().test_origin(origin);
    builder.build(world).map_err(|error| error.to_string())
}

/// Builds another package of the workspace as a component.
pub fn guest(package: &'static str) -> Vec<u8> {
    builder().guest(package).unwrap()
}

#[test]
fn a_build_for_tests_says_so_to_inspect_and_reaches_only_this_machine() {
    let origin = "http://127.0.0.1:1";
    let component = build(World::Onboarding, origin).unwrap();
    let inspection = Inspection::of(&component).unwrap();
    assert_eq!(inspection.test_origin.as_deref(), Some(origin));
    assert_eq!(
        inspection.violations,
        [Violation::TestBuild(origin.to_owned())]
    );

    // The build fails with other origins.
    for origin in [
        "https://auth.openai.com",
        "http://127.0.0.1.example.com:80",
        "http://127.0.0.1:80@example.com",
        "http://127.0.0.1:80/x",
        "http://127.0.0.1:+80",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:",
    ] {
        assert!(build(World::Onboarding, origin).is_err(), "{origin}");
    }
}
