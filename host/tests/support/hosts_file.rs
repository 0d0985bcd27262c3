//! A test with its own `/etc/hosts`.

use std::env;
use std::process::Command;

/// Set in the process of the second run.
const INSIDE: &str = "CHATGPT_OAUTH_TEST_HOSTS_FILE";

/// Runs the test of this name again, in namespaces of its own, with a hosts file in which
/// `localhost` and these lines are. `options` are those of `unshare` beside `--mount`, and
/// `set_up` is a command of the shell that runs before. Returns true in that second run.
pub fn is_inside(name: &str, lines: &str, options: &[&str], set_up: &str) -> bool {
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    let directory = tempfile::tempdir().unwrap();
    let hosts = directory.path().join("hosts");
    std::fs::write(&hosts, format!("127.0.0.1 localhost\n{lines}\n")).unwrap();
    let script = format!("{set_up} && mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"");
    let again = Command::new("unshare")
        .arg("--mount")
        .args(options)
        .args(["sh", "-c", &script, "sh"])
        .arg(&hosts)
        .arg(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    let complained = String::from_utf8_lossy(&again.stderr);
    assert!(again.status.success(), "{said}{complained}");
    assert!(said.contains("1 passed"), "{said}");
    false
}
