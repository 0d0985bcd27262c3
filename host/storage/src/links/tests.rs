//! Links in a store.

use std::sync::Arc;

use super::*;
use crate::sealed_entries::SealedEntries;
use crate::server_store::{Collection, Owner};
use crate::{Keys, MemoryStore, ServerStore};

const NOW: u64 = 1_795_000_000;
const DAY: u64 = 24 * 60 * 60;

fn links() -> (Arc<MemoryStore>, Links) {
    let store = Arc::new(MemoryStore::new());
    let entries = SealedEntries::new(store.clone(), Some(Keys::provided([7; 32], None)));
    (store, Links::new(entries))
}

fn of(profile: &str) -> NewLink {
    NewLink {
        profile: profile.parse().unwrap(),
        asks: "Ada's assistant".parse().unwrap(),
    }
}

fn secret() -> LinkSecret {
    LinkSecret::generate().unwrap()
}

#[tokio::test]
async fn a_new_link_is_found_by_its_secret_and_ends_after_a_quarter_of_an_hour() {
    let (_, links) = links();
    let made = links.create(of("ada"), NOW).await.unwrap();
    let found = links.find(&made.secret).await.unwrap().unwrap();
    assert_eq!(found, made.record);
    assert!(!found.has_ended(NOW + 899) && found.has_ended(NOW + 900));
    assert_eq!(links.find(&secret()).await, Ok(None));
}

/// Faults: G48
#[tokio::test]
async fn a_link_is_bound_to_one_browser() {
    let (_, links) = links();
    let link = links.create(of("ada"), NOW).await.unwrap().secret;
    let (first, second) = (secret(), secret());
    let bound = links.bind(&link, &first, NOW + 800).await.unwrap();
    assert_eq!(bound.expires_at, NOW + 800 + SESSION_LIFE);
    assert_eq!(links.bind(&link, &first, NOW + 1000).await, Ok(bound));
    assert_eq!(
        links.bind(&link, &second, NOW + 1000).await,
        Err(LinkError::Bound)
    );

    let late = links.create(of("ada"), NOW).await.unwrap().secret;
    let ended = links.bind(&late, &first, NOW + LINK_LIFE).await;
    assert_eq!(ended, Err(LinkError::Ended));
    let unknown = links.bind(&secret(), &first, NOW).await;
    assert_eq!(unknown, Err(LinkError::Unknown));
}

#[tokio::test]
async fn a_profile_has_few_links_and_none_is_kept_for_ever() {
    let (store, links) = links();
    for _ in 0..MOST_LINKS {
        links.create(of("ada"), NOW).await.unwrap();
    }
    let refused = links.create(of("ada"), NOW + 1).await;
    assert_eq!(refused.unwrap_err(), LinkError::TooMany);
    links.create(of("grace"), NOW + 1).await.unwrap();
    links.create(of("ada"), NOW + LINK_LIFE).await.unwrap();
    links
        .create(of("ada"), NOW + LINK_LIFE + DAY)
        .await
        .unwrap();
    let ada = Owner::Profile("ada".parse().unwrap());
    let left = store.entries(Collection::Links, Some(&ada), None, 99).await;
    assert_eq!(left.unwrap().len(), 2);
}

#[tokio::test]
async fn the_links_of_a_removed_profile_are_gone_and_no_others() {
    let (_, links) = links();
    let ada = links.create(of("ada"), NOW).await.unwrap().secret;
    let grace = links.create(of("grace"), NOW).await.unwrap().secret;
    let owner = Owner::Profile("ada".parse().unwrap());
    assert_eq!(links.remove_all(&owner).await, Ok(1));
    assert_eq!(links.find(&ada).await, Ok(None));
    assert!(links.find(&grace).await.unwrap().is_some());
}

/// Faults: G28
#[tokio::test]
async fn the_store_holds_neither_secret() {
    let store = Arc::new(MemoryStore::new());
    let links = Links::new(SealedEntries::new(store.clone(), None));
    let link = links.create(of("ada"), NOW).await.unwrap().secret;
    let browser = secret();
    links.bind(&link, &browser, NOW).await.unwrap();
    let entries = store.entries(Collection::Links, None, None, 9).await;
    let entry = &entries.unwrap()[0];
    let stored = format!("{} {}", entry.id, String::from_utf8_lossy(&entry.value));
    for secret in [link, browser] {
        assert!(!stored.contains(secret.reveal()), "{stored}");
    }
}
