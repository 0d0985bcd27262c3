//! Links in a store.

use std::sync::Arc;

use super::*;
use crate::sealed_entries::SealedEntries;
use crate::server_store::{Collection, EntryPlace, Owner};
use crate::{Keys, MemoryStore, ServerStore, StoreError};

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

/// Faults: G50
#[tokio::test]
async fn a_link_that_is_bound_ends_the_other_bound_links_of_its_profile() {
    let (_, links) = links();
    let mut bound = Vec::new();
    for profile in ["ada", "ada", "grace"] {
        let link = links.create(of(profile), NOW).await.unwrap().secret;
        links.bind(&link, &secret(), NOW + 1).await.unwrap();
        bound.push(link);
    }
    let unbound = links.create(of("ada"), NOW).await.unwrap().secret;
    let mut open = Vec::new();
    for link in bound.iter().chain([&unbound]) {
        let record = links.find(link).await.unwrap().unwrap();
        open.push(!record.has_ended(NOW + 1));
    }
    assert_eq!(open, [false, true, true, true]);
    let again = links.bind(&bound[0], &secret(), NOW + 1).await;
    assert_eq!(again, Err(LinkError::Ended));
}

#[tokio::test]
async fn a_page_lasts_as_long_as_the_code_of_its_login() {
    let (_, links) = links();
    let link = links.create(of("ada"), NOW).await.unwrap().secret;
    let bound = links.bind(&link, &secret(), NOW).await.unwrap();
    let late = NOW + SESSION_LIFE - 1;
    let noted = links.note_login(&bound.id, "one", NOW + 900, NOW).await;
    assert_eq!(noted.unwrap().expires_at, NOW + SESSION_LIFE);
    let noted = links.note_login(&bound.id, "two", late + 900, late).await;
    assert_eq!(noted.unwrap().expires_at, late + 900);
    let ended = links
        .note_login(&bound.id, "three", late + 1800, late + 900)
        .await;
    assert_eq!(ended, Err(LinkError::Ended));
}

/// Faults: G51
#[tokio::test]
async fn the_end_of_a_login_is_noted_once_and_for_that_login_alone() {
    let (_, links) = links();
    let link = links.create(of("ada"), NOW).await.unwrap().secret;
    let bound = links.bind(&link, &secret(), NOW).await.unwrap();
    let begin = async |id: &str| links.note_login(&bound.id, id, NOW, NOW).await.unwrap();
    let waiting = begin("one").await;
    let denied = links.note_outcome(&waiting, "denied").await.unwrap();
    assert_eq!(
        denied.login.as_ref().unwrap().outcome.as_deref(),
        Some("denied")
    );
    let late = links.note_outcome(&waiting, "ended").await;
    assert_eq!(late.as_ref(), Ok(&denied));
    let next = begin("two").await;
    let late = links.note_outcome(&denied, "ended").await;
    assert_eq!(late, Ok(next));
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

/// Faults: S04
#[tokio::test]
async fn a_link_that_cannot_be_read_here_stays_and_a_damaged_one_does_not() {
    let (store, links) = links();
    let damaged = links.create(of("ada"), NOW).await.unwrap().record;
    let keys = Keys::provided([8; 32], Some([7; 32]));
    let theirs = Links::new(SealedEntries::new(store.clone(), Some(keys)));
    let link = theirs.create(of("ada"), NOW).await.unwrap().secret;
    let owner = Owner::Profile("ada".parse().unwrap());
    let place = EntryPlace {
        collection: Collection::Links,
        owner: &owner,
        id: damaged.id.as_str(),
    };
    let stored = store.entry(Collection::Links, damaged.id.as_str()).await;
    let mut stored = stored.unwrap().unwrap();
    *stored.value.last_mut().unwrap() ^= 1;
    store
        .swap_entry(place, Some(stored.version), &stored.value)
        .await
        .unwrap();
    let own = links.create(of("ada"), NOW).await.unwrap();
    links.bind(&own.secret, &secret(), NOW).await.unwrap();
    assert!(theirs.find(&link).await.unwrap().is_some());
    assert_eq!(links.find(&link).await, Err(StoreError::KeyUnknown));
    assert_eq!(links.read(&damaged.id).await, Ok(None));
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
