//! The suite for links: what a store must do so that each is bound to one browser.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::links::{LINK_LIFE, LinkError, LinkSecret, Links, NewLink};
use crate::sealed_entries::SealedEntries;
use crate::server_store::Owner;
use crate::{Keys, ServerStore};

/// The time of the suite, in Unix seconds.
const NOW: u64 = 1_795_000_000;

/// Checks a store whose part for a server is empty.
pub async fn check_links(store: Arc<dyn ServerStore>) {
    let keys = Keys::provided([7; 32], None);
    let links = Links::new(SealedEntries::new(store, Some(keys)));
    of_many_browsers_at_a_time_one_gets_the_link(&links).await;
    a_login_is_noted_beside_the_browser(&links).await;
    links.remove_all(&owner()).await.unwrap();
    let link = link(&links).await;
    assert_eq!(links.remove_all(&owner()).await, Ok(1));
    assert_eq!(links.find(&link).await, Ok(None));
}

fn owner() -> Owner {
    Owner::Profile("of-a-link".parse().unwrap())
}

fn secret() -> LinkSecret {
    LinkSecret::generate().unwrap()
}

async fn link(links: &Links) -> LinkSecret {
    let new = NewLink {
        profile: "of-a-link".parse().unwrap(),
        asks: "conformance".parse().unwrap(),
    };
    links.create(new, NOW).await.unwrap().secret
}

async fn of_many_browsers_at_a_time_one_gets_the_link(links: &Links) {
    let link = link(links).await;
    let mut bindings = JoinSet::new();
    for _ in 0..4 {
        let (links, link) = (links.clone(), link.clone());
        bindings.spawn(async move { links.bind(&link, &secret(), NOW).await });
    }
    let bound = bindings.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = bound.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|lost| *lost == Err(LinkError::Bound)));
}

async fn a_login_is_noted_beside_the_browser(links: &Links) {
    let (link, browser) = (link(links).await, secret());
    let now = NOW + LINK_LIFE - 1;
    let bound = links.bind(&link, &browser, now).await.unwrap();
    let noted = links.note_login(&bound.id, "one", now, now).await.unwrap();
    let login = noted.login.as_ref().map(|login| login.pending_id.as_str());
    assert_eq!(login, Some("one"));
    assert!(noted.is_bound_to(&browser));
    assert_eq!(links.find(&link).await, Ok(Some(noted)));
}
