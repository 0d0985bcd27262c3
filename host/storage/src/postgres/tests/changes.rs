//! Changes that processes announce to one another.

use super::*;

/// Ends the connection that listens, and returns whether there was one.
fn end_listener(database: &Database) -> bool {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    database.query(end).trim() == "t"
}

/// Faults: G41
#[tokio::test]
async fn a_change_is_heard_and_everything_counts_as_changed_after_an_interruption() {
    let (database, store) = new_store().await;
    let mut changes = store.changes().unwrap();
    assert_eq!(changes.next().await, Some(Change::All));
    let mut connected = changes.connected();
    assert!(*connected.borrow_and_update());

    let other = open(&database).await;
    let of_alice = Change::Profile(alice());
    other.announce(&of_alice).await.unwrap();
    assert_eq!(changes.next().await, Some(of_alice.clone()));

    assert!(end_listener(&database));
    connected.wait_for(|connected| !connected).await.unwrap();
    // Lost, unless it comes after the listener is back.
    let of_bob = Change::Profile("bob".parse().unwrap());
    other.announce(&of_bob).await.unwrap();
    assert_eq!(changes.next().await, Some(Change::All));
    assert!(*connected.borrow());
    for change in [Change::All, Change::AdminKey, of_alice] {
        other.announce(&change).await.unwrap();
        let mut heard = changes.next().await;
        if heard.as_ref() == Some(&of_bob) {
            heard = changes.next().await;
        }
        assert_eq!(heard, Some(change));
    }
}
