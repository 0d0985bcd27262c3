//! All of a server for a program: a runtime, signals, and the limit of open files.

use chatgpt_oauth::api_keys::ApiKeys;
use chatgpt_oauth::{Error, Host};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::drain::Handle;
use crate::options::Options;
use crate::server::Server;

/// With fewer files than this the server says so when it begins: a stream takes two.
const FILES: u64 = 1024;

/// Serves in a runtime of its own until SIGTERM, SIGINT or SIGQUIT drains it, or a second one
/// of them ends the streams. SIGHUP reads the certificate again. `open` opens the host in
/// that runtime.
///
/// # Errors
///
/// Those of `open`, of [`Server::bind`], and of the operating system.
pub fn run(options: Options, open: impl Future<Output = Result<Host, Error>>) -> Result<(), Error> {
    raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::cannot_start(&error))?;
    runtime.block_on(async {
        let host = open.await?;
        hint_at_keys(&host).await?;
        let server = Server::bind(options, host).await?;
        let cannot_start = |error| Error::cannot_start(&error);
        obey_signals(server.handle()).map_err(cannot_start)?;
        let (public, admin) = (server.address(), server.admin_address());
        let (public, admin) = (public.map_err(cannot_start)?, admin.map_err(cannot_start)?);
        tracing::info!(%public, %admin, "serving");
        server.serve().await;
        Ok(())
    })
}

fn obey_signals(handle: Handle) -> std::io::Result<()> {
    for kind in [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::quit(),
    ] {
        let handle = handle.clone();
        tokio::spawn(on_each(signal(kind)?, move || handle.drain()));
    }
    tokio::spawn(on_each(signal(SignalKind::hangup())?, move || {
        handle.reload()
    }));
    Ok(())
}

async fn on_each(mut signal: Signal, order: impl Fn()) {
    while signal.recv().await.is_some() {
        order();
    }
}

/// Says how to make a key if there is none: without a key, nothing answers.
async fn hint_at_keys(host: &Host) -> Result<(), Error> {
    let Some(entries) = host.entries() else {
        return Ok(());
    };
    if ApiKeys::new(entries).list(None, None, 1).await?.is_empty() {
        tracing::warn!("there is no API key: make one with `chatgpt-oauth keys create`");
    }
    Ok(())
}

/// Takes as many open files as this process may have.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // The process runs with the earlier limit where the system refuses.
    _ = setrlimit(Resource::Nofile, limit);
    let limit = getrlimit(Resource::Nofile).current;
    if limit.is_some_and(|limit| limit < FILES) {
        tracing::warn!(limit, "few files can be open at a time: raise `ulimit -n`");
    }
}
