//! What a reader of the files can learn.

use std::fs;

use chatgpt_oauth::store::{SqliteStore, StoreKind};

use crate::support::TestEnv;
use crate::{A_LONG_TIME, block_on};

/// Faults: M14
#[test]
fn the_files_of_a_store_hold_no_secret_at_any_time() {
    let test = TestEnv::new();
    // Keeps the journal when the last process closes the store.
    let _reader = {
        test.ask(&["start"]);
        block_on(SqliteStore::open_read_only(test.store(), StoreKind::Test)).unwrap()
    };
    let mut seen = Vec::new();
    let mut look = || {
        for entry in fs::read_dir(test.store().parent().unwrap()).unwrap() {
            seen.push((
                entry.as_ref().unwrap().file_name(),
                fs::read(entry.unwrap().path()).unwrap(),
            ));
        }
    };
    look();
    let code = test.simulator.pending_codes().remove(0);
    test.simulator.approve(&code).unwrap();
    test.simulator.fault(
        openai_simulator::Endpoint::Token,
        openai_simulator::Fault::silence(),
    );
    for (command, later) in [
        (&["poll"][..], 100),
        (&["poll"], 100),
        (&["refresh"], A_LONG_TIME),
        (&["authorize"], 100),
        (&["models", "--force"], 100),
        (&["usage", "--force"], 100),
        (&["rekey"], 100),
        (&["logout", "--revoke"], 0),
    ] {
        test.ask(command);
        look();
        test.pass(later);
    }
    assert!(
        seen.iter()
            .any(|(name, bytes)| { name.to_string_lossy().ends_with("-wal") && !bytes.is_empty() })
    );
    let secrets = test.simulator.secrets();
    assert!(secrets.len() >= 8, "{}", secrets.len());
    for secret in secrets {
        let pieces = secret
            .value
            .split('.')
            .map(|part| &part[part.len().saturating_sub(16)..]);
        for piece in pieces {
            for (name, bytes) in &seen {
                assert!(!contains(bytes, piece), "{:?} in {name:?}", secret.kind);
            }
        }
    }
    for (name, bytes) in &seen {
        for word in ["refresh_token", "user_code", "@example", &code] {
            assert!(!contains(bytes, word), "{word} in {name:?}");
        }
    }
}

fn contains(bytes: &[u8], piece: &str) -> bool {
    bytes
        .windows(piece.len())
        .any(|window| window == piece.as_bytes())
}
