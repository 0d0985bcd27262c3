//! [`Server`]: two listeners over one host.

use std::sync::Arc;
use std::time::Duration;

use chatgpt_oauth::store::Changes;
use chatgpt_oauth::{Error, Host};
use chatgpt_oauth_gateway::Gateway;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::app::{App, call_rate};
use crate::auth::{Authentication, KEYS_ARE_CHECKED_EVERY};
use crate::changes::{self, Connected};
use crate::connect::Connect;
use crate::drain::{Drain, Handle};
use crate::front::Front;
use crate::health::Readiness;
use crate::limits::{Calls, Starts};
use crate::listen::{self, Acceptor, Certificate, Connections, Listen, Proxies};
use crate::metrics::Metrics;
use crate::options::Options;
use crate::refresher::Refresher;
use crate::routes;

/// How often what is remembered of addresses and keys is tidied up.
const TIDY: Duration = Duration::from_secs(60);

/// Which listener a request came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Public,
    Admin,
}

/// Two bound listeners over one host.
pub struct Server {
    app: Arc<App>,
    public: Acceptor,
    admin: Acceptor,
    certificate: Option<Certificate>,
    changes: Option<Changes>,
    refresher: Option<Refresher>,
    connections: Connections,
    drain: Drain,
    handle: Handle,
}

impl Server {
    /// Binds both listeners. From now on connections wait to be [served](Self::serve).
    ///
    /// # Errors
    ///
    /// `invalid-argument` when a listener would carry keys in the clear, an address cannot be
    /// bound, the files of the certificate cannot be used, or the host's store keeps no keys.
    pub async fn bind(options: Options, host: Host) -> Result<Self, Error> {
        listen::check(&options)?;
        let certificate = options.tls.clone().map(Certificate::read).transpose()?;
        let proxies = Proxies::new(options.behind_proxy);
        let mut public = Acceptor::bind(&options.listen, certificate.clone()).await?;
        if certificate.is_none() {
            public.accept_only(proxies.clone());
        }
        let admin = Acceptor::bind(&options.admin_listen, certificate.clone()).await?;
        let drain = Drain::new();
        let gateway = Gateway::builder(host.clone()).build()?;
        let mut metrics = Metrics::new(gateway.clone(), &host);
        let changes = host.store().changes();
        if let Some(changes) = &changes {
            metrics.collect(Connected(changes.connected()));
        }
        let authentication = Authentication::new(&host)?;
        let due = metrics.refresh_due();
        let refresher = options
            .refresher
            .then(|| Refresher::of(&host, authentication.keys(), due));
        let public_url = options.public_url;
        let mut hosts = options.hosts;
        hosts.extend(public_url.iter().map(|url| url.host().to_owned()));
        let connect = public_url.map(|url| Connect::new(url, &host));
        let app = App {
            metrics,
            gateway,
            authentication,
            calls: Calls::new(options.key_limits.streams),
            call_rate: call_rate(options.key_limits),
            starts: Starts::default(),
            proxies,
            hosts,
            connect: connect.transpose()?,
            readiness: Readiness::default(),
            progress: drain.progress(),
            times: options.times,
            host,
        };
        Ok(Self {
            app: Arc::new(app),
            public,
            admin,
            certificate,
            changes,
            refresher: refresher.flatten(),
            connections: Connections::new(options.times),
            drain,
            handle: Handle::new(),
        })
    }

    #[cfg(test)]
    pub(crate) fn app(&self) -> Arc<App> {
        self.app.clone()
    }

    /// Where the public listener is.
    ///
    /// # Errors
    ///
    /// That of the operating system.
    pub fn address(&self) -> std::io::Result<Listen> {
        self.public.address()
    }

    /// Where the admin listener is.
    ///
    /// # Errors
    ///
    /// That of the operating system.
    pub fn admin_address(&self) -> std::io::Result<Listen> {
        self.admin.address()
    }

    /// Gives orders to this server while it serves.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Serves until the handle orders to drain, and then ends in order.
    pub async fn serve(self) {
        let Self {
            app,
            public,
            admin,
            certificate,
            changes,
            refresher,
            connections,
            drain,
            handle,
        } = self;
        for (acceptor, side) in [(public, Side::Public), (admin, Side::Admin)] {
            let front = Front::new(app.clone(), side, routes::of(side, app.clone()));
            let listener = listen::serve(acceptor, front, connections.clone(), drain.progress());
            connections.track(listener);
        }
        let mut tasks = JoinSet::new();
        tasks.spawn(keep_house(app.clone(), certificate, handle.clone()));
        if let Some(changes) = changes {
            tasks.spawn(changes::follow(app.clone(), changes));
        }
        if let Some(refresher) = refresher {
            tasks.spawn(refresher.clone().follow(app.host.written_logins()));
            tasks.spawn(refresher.keep_fresh(app.times.refresher));
        }
        let mut orders = handle.orders();
        orders.drain().await;
        drain.run(&app, &connections, &app.times, &mut orders).await;
        tasks.abort_all();
    }
}

/// Does what no request does.
async fn keep_house(app: Arc<App>, certificate: Option<Certificate>, handle: Handle) {
    let mut orders = handle.orders();
    let mut tidy = tokio::time::interval(TIDY);
    let mut keys = tokio::time::interval(KEYS_ARE_CHECKED_EVERY);
    // After a store that did not answer there is nothing to make up for.
    keys.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = keys.tick() => app.authentication.follow_changes(&app.calls).await,
            _ = tidy.tick() => app.tidy(),
            () = orders.reload() => reload(certificate.as_ref()),
        }
    }
}

fn reload(certificate: Option<&Certificate>) {
    match certificate.map(Certificate::reload) {
        None => tracing::info!("there is no certificate to read again"),
        Some(Ok(())) => tracing::info!("the certificate was read again"),
        Some(Err(error)) => {
            tracing::error!(%error, "the earlier certificate is kept");
        }
    }
}
