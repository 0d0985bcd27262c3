//! OpenAI's side and the component that is led to it: one for all tests, since
//! the port is part of the component. One test at a time has it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use chatgpt_oauth_packaging::World;
use openai_simulator::Simulator;

use crate::test_component;

pub struct TestEnv {
    pub simulator: Simulator,
}

/// The world, as if nobody had been there.
pub fn test_env() -> MutexGuard<'static, TestEnv> {
    static WORLD: LazyLock<Mutex<TestEnv>> = LazyLock::new(|| {
        let simulator = Simulator::builder().interval(1).start().unwrap();
        let component = test_component::build(World::Onboarding, &simulator.http_url());
        fs::write(component_file(), component.unwrap()).unwrap();
        Mutex::new(TestEnv { simulator })
    });
    let test = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    test.simulator.clear_faults();
    test.simulator.clear_requests();
    test
}

/// Where the component lies once there is a world.
pub fn component_file() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("onboarding-for-tests.wasm")
}

impl TestEnv {
    /// Copies the files of an example, with OpenAI's addresses in its list
    /// replaced by the simulator's.
    pub fn copy_example(&self, name: &str, to: &Path) {
        for (file, text) in files_of(name) {
            let text = text
                .replace("https://auth.openai.com", &self.simulator.http_url())
                .replace("https://chatgpt.com", &self.simulator.http_url());
            fs::write(to.join(file), text).unwrap();
        }
    }
}

/// The same as it is.
pub fn copy_unchanged(example: &str, to: &Path) {
    for (file, text) in files_of(example) {
        fs::write(to.join(file), text).unwrap();
    }
}

/// The programs of an example: their names and texts.
fn files_of(example: &str) -> Vec<(String, String)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let files = fs::read_dir(workspace.join("examples").join(example)).unwrap();
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
