//! The page by which a person signs a profile in: `/connect/{link}`.
//!
//! | file | holds |
//! |---|---|
//! | `public_url.rs` | [`PublicUrl`]: where browsers find the page |
//! | `visit.rs` | a request for the page of a link, and what becomes of it |
//! | `session.rs` | what the browser of a link does with the login |
//! | `events.rs` | the state of a login while it waits, as server-sent events |
//! | `stop.rs` | why a page is not shown |
//! | `cookie.rs`, `site.rs` | which browser asks, and from which site |
//! | `html/`, `texts/`, `assets/` | what the person sees |
//!
//! A GET without the cookie of the link changes nothing: previews of messengers and scanners of
//! mails open links, too. The button Continue binds the link to the browser, and from then on
//! every other browser is turned away. It also ends the other bound links of the profile, and a
//! page shows the account of its own login alone. The link itself is a secret: it is in no log, no metric,
//! and no request of the browser to another site.

mod assets;
mod cookie;
mod events;
mod html;
mod public_url;
mod session;
mod site;
mod stop;
mod texts;
mod visit;

use std::sync::Arc;

use chatgpt_oauth::links::{LinkRecord, LinkSecret, Links};
use chatgpt_oauth::{Error, Host};
use http::{Request, Response};

pub(crate) use html::protect;
pub use public_url::{InvalidPublicUrl, PublicUrl};

use crate::answer::{Answer, Body};
use crate::app::App;
use crate::auth::Failures;
use crate::listen::Client;
use stop::Stop;
use visit::Visit;

/// The connect page.
pub(crate) struct Connect {
    url: PublicUrl,
    links: Links,
    failures: Failures,
}

impl Connect {
    /// The page at this address, for the links in the store of the host.
    pub(crate) fn new(url: PublicUrl, host: &Host) -> Result<Self, Error> {
        let entries = host.entries();
        let entries = entries.ok_or_else(|| Error::internal("the store keeps no links"))?;
        Ok(Self {
            url,
            links: Links::new(entries),
            failures: Failures::default(),
        })
    }

    pub(crate) const fn url(&self) -> &PublicUrl {
        &self.url
    }

    /// The links in the store.
    pub(crate) const fn links(&self) -> &Links {
        &self.links
    }

    /// Forgets the addresses whose failures are long past.
    pub(crate) fn tidy(&self) {
        self.failures.tidy();
    }

    /// The link of an address. An address that asks for many that are not there has to wait.
    async fn find(&self, link: &str, client: Client) -> Result<(LinkSecret, LinkRecord), Stop> {
        let Ok(secret) = link.parse::<LinkSecret>() else {
            return Err(Stop::Unknown);
        };
        if !self.failures.permit_look_up(client) {
            return Err(Stop::TooMany(1));
        }
        match self.links.find(&secret).await? {
            Some(record) => Ok((secret, record)),
            None => {
                self.failures.count(client).map_err(Stop::TooMany)?;
                Err(Stop::Unknown)
            }
        }
    }
}

/// Whether a path is one of the page's.
pub(crate) fn has(path: &str) -> bool {
    path.starts_with("/connect/")
}

/// Answers a browser.
pub(crate) async fn answer(
    app: &Arc<App>,
    connect: &Connect,
    client: Client,
    request: Request<Body>,
) -> Answer {
    if let Some(asset) = assets::at(request.uri().path()) {
        return asset;
    }
    let (head, body) = request.into_parts();
    let texts = texts::of(&head.headers);
    let path = head.uri.path().strip_prefix("/connect/");
    let path = path.unwrap_or_default();
    let (link, events) = match path.split_once('/') {
        Some((link, "events")) => (link, true),
        Some(_) => ("", false),
        None => (path, false),
    };
    let found = connect.find(link, client).await;
    let is_found = found.is_ok();
    let answered = match found {
        Ok((link, record)) => {
            let visit = Visit::new(app, connect, texts, link, record, &head);
            match events {
                true => visit.events(),
                false => visit.answer(&head.method, body).await,
            }
        }
        Err(stop) => Err(stop),
    };
    let back = is_found.then_some(head.uri.path());
    answered.unwrap_or_else(|stop| html::stopped(texts, &stop, back))
}

/// An answer without a body.
fn empty(status: http::StatusCode) -> Answer {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}
