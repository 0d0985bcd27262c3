//! Buckets, keys and values: of other profiles, invalid ones, and too large ones.

use chatgpt_oauth::Profile;
use chatgpt_oauth::store::Row;

use crate::guest::{answer_in, answer_to, host, host_with, order, profile};
use crate::names::Names;

/// Faults: M19
#[tokio::test]
pub async fn a_guest_opens_no_bucket_but_its_own() {
    for name in [
        "",
        "alice",
        "bystander-0",
        "../default",
        "default/",
        "default\0",
        "DEFAULT",
        " default",
        "*",
        "sqlite:/etc/passwd",
    ] {
        let end = answer_to(&["open a bucket", name]).await;
        assert_eq!(end, "Error::NoSuchStore", "{name:?}");
    }
    assert_eq!(answer_to(&["open a bucket", "default"]).await, "opened");
}

/// Faults: M17 M18
#[tokio::test]
pub async fn a_key_is_a_plain_word_or_denied() {
    let long = "x".repeat(65);
    for key in [
        "",
        ".",
        "..",
        "../alice/credential",
        "alice/credential",
        "alice:credential",
        "credential\0",
        "credential ",
        "Credential",
        "cr\u{e9}dential",
        "credential\n",
        "%63redential",
        "key1",
        "'; DROP TABLE rows; --",
        &long,
    ] {
        for misdeed in ["read", "write unread", "delete", "ask whether there is"] {
            let end = answer_to(&[misdeed, key]).await;
            assert_eq!(end, "Error::AccessDenied", "{misdeed} {key:?}");
        }
    }
}

/// Faults: S36
#[tokio::test]
pub async fn a_value_beyond_its_limit_is_refused() {
    // Another profile, since it keeps the values that fit.
    let host = host_with(Names::leading_to(&[]));
    let too_large = "Error::Other(\"too-large\")";
    for (key, limit) in [
        ("credential", 32),
        ("pending", 32),
        ("models", 256),
        ("x", 256),
    ] {
        let over = ((limit << 10) + 1).to_string();
        let end = answer_in(&host, &["write bytes", key, &over]).await;
        assert_eq!(end, too_large, "{key}");
        let fits = (limit << 10).to_string();
        let end = answer_in(&host, &["write bytes", key, &fits]).await;
        assert_eq!(end, "()", "{key}");
    }
}

/// Faults: S35
#[tokio::test]
pub async fn a_profile_cannot_be_filled_with_keys() {
    assert_eq!(
        answer_to(&["write keys", "1000"]).await,
        "32: Error::Other(\"full\")"
    );
}

/// Faults: S17
#[tokio::test]
pub async fn nothing_is_written_over_unread() {
    let end = answer_to(&["write unread", "credential"]).await;
    assert_eq!(end, "Error::Other(\"conflict\")");
}

/// All rows of a profile.
async fn rows(profile: &Profile) -> Vec<Row> {
    host().store().load(profile.name()).await.unwrap()
}

/// Faults: M23
#[tokio::test]
pub async fn nothing_that_a_guest_writes_or_returns_ends_up_in_another_profile() {
    let (victim, culprit) = (profile("victim"), profile("culprit"));
    let says = async |who: &Profile, words: &[&str]| {
        let error = who.poll(Some(&order(words))).await.unwrap_err();
        error.message
    };
    says(&victim, &["write", "credential", "of the victim"]).await;
    let before = rows(&victim).await;
    assert_eq!(before.len(), 1);

    let forged = format!(
        r#"{{"profile": "{0}", "bucket": "{0}", "account_id": "{0}"}}"#,
        victim.name()
    );
    for key in ["credential", "pending", "models", "usage", "victim"] {
        says(&culprit, &["write", key, &forged]).await;
    }
    let name = victim.name().as_str();
    says(&culprit, &["open a bucket", name]).await;
    for key in [name, "credential"] {
        says(&culprit, &["delete", key]).await;
    }
    assert_eq!(says(&culprit, &["read", "credential"]).await, "None");

    assert_eq!(rows(&victim).await, before);
    assert_eq!(
        says(&victim, &["list the keys", ""]).await,
        "[\"credential\"]"
    );
    let keys: Vec<_> = rows(&culprit)
        .await
        .into_iter()
        .map(|row| row.key)
        .collect();
    assert_eq!(keys, ["credential", "models", "pending", "usage", "victim"]);
}
