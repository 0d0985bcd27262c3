//! The simulator and the components that are built for its address. All tests share them,
//! because the port is part of the components, and one test uses them at a time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use chatgpt_oauth_packaging::World;
use openai_simulator::Simulator;

use crate::test_component;

pub struct TestEnv {
    pub simulator: Simulator,
}

/// The shared environment, without faults and requests of earlier tests.
pub fn test_env() -> MutexGuard<'static, TestEnv> {
    static WORLD: LazyLock<Mutex<TestEnv>> = LazyLock::new(|| {
        let simulator = Simulator::builder().interval(1).start().unwrap();
        for (world, file) in [
            (World::Onboarding, component_file()),
            (World::Command, command_file()),
        ] {
            let component = test_component::build(world, &simulator.http_url());
            fs::write(file, component.unwrap()).unwrap();
        }
        Mutex::new(TestEnv { simulator })
    });
    let test = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    test.simulator.clear_faults();
    test.simulator.clear_requests();
    test
}

/// The component's file, once the environment exists.
pub fn component_file() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("onboarding-for-tests.wasm")
}

/// The file of the world `command`, once the environment exists.
pub fn command_file() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("command-for-tests.wasm")
}

impl TestEnv {
    /// Copies the files of an example, with the simulator's addresses in place of
    /// OpenAI's in its policy.
    pub fn copy_example(&self, name: &str, to: &Path) {
        for (file, text) in files_of(name) {
            let text = text
                .replace("https://auth.openai.com", &self.simulator.http_url())
                .replace("https://chatgpt.com", &self.simulator.http_url());
            fs::write(to.join(file), text).unwrap();
        }
    }
}

/// Copies the files of an example unchanged.
pub fn copy_unchanged(example: &str, to: &Path) {
    for (file, text) in files_of(example) {
        fs::write(to.join(file), text).unwrap();
    }
}

/// The directory of an example.
pub fn example(name: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    workspace.join("examples").join(name)
}

/// The names and texts of an example's programs.
fn files_of(name: &str) -> Vec<(String, String)> {
    let files = fs::read_dir(example(name)).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|end| end == "mjs" || end == "py")
        })
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}
