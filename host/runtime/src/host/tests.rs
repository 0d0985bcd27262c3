use chatgpt_oauth_storage::{MemoryStore, SqliteStore, StoreKind};

use super::*;
use crate::egress::resolve::ConnectTo;

fn elsewhere() -> ConnectTo {
    "auth.openai.com:443:127.0.0.1:8443".parse().unwrap()
}

#[test]
fn real_logins_are_never_connected_elsewhere() {
    let real = Host::builder(MemoryStore::new()).connect_to(elsewhere());
    assert_eq!(real.build().unwrap_err().code, ErrorCode::InvalidArgument);
    let test = Host::builder(MemoryStore::of_kind(StoreKind::Test)).connect_to(elsewhere());
    test.build().unwrap();
}

#[tokio::test]
async fn a_persistent_store_is_sealed_or_declared_unsealed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store/openai.db");
    let store = SqliteStore::open(&file, StoreKind::OpenAi).await.unwrap();
    let store = Arc::new(store);
    let undecided = Host::builder(store.clone()).build().unwrap_err();
    assert_eq!(undecided.code, ErrorCode::InvalidArgument);
    Host::builder(store.clone()).unsealed().build().unwrap();
    let sealed = Host::builder(store).keys(Keys::of_store(&file));
    sealed.build().unwrap();
}

/// Faults: M02
#[cfg(feature = "compiler")]
#[test]
fn machine_code_is_never_taken_for_a_component() {
    use crate::artifact::{PLATFORM, PRECOMPILED};

    let refusal = |bytes: &[u8]| {
        let host = Host::builder(MemoryStore::new()).component(bytes);
        host.build().err().map(|error| error.code)
    };
    assert_eq!(refusal(PLATFORM.component), None);
    // Nor the embedded machine code, which would load if that were allowed.
    let refused = Some(ErrorCode::InvalidArgument);
    assert_eq!(refusal(PRECOMPILED), refused);
    let mut tampered = PRECOMPILED.to_vec();
    *tampered.last_mut().unwrap() ^= 1;
    assert_eq!(refusal(&tampered), refused);
    let foreign = wasmtime::Engine::default().precompile_component(PLATFORM.component);
    assert_eq!(refusal(&foreign.unwrap()), refused);
}

#[test]
fn certificates_that_cannot_be_read_are_refused() {
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    for pem in ["", "hello", broken] {
        let host = Host::builder(MemoryStore::new()).root_certificates(pem);
        let error = host.build().unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidArgument, "{pem:?}");
    }
}
