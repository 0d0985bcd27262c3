//! The handle of a running simulator.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::account::Account;
use crate::builder::Builder;
use crate::device::DecisionError;
use crate::endpoint::Endpoint;
use crate::fault::Fault;
use crate::request_log::RecordedRequest;
use crate::secrets::Secret;
use crate::server;
use crate::settings::Rotation;
use crate::shared::{ConnectionFault, Shared};
use crate::tls::Tls;
use crate::tokens::{Presentations, Revocation};

/// A running simulator. Every method is synchronous; dropping it ends the server and all connections.
pub struct Simulator {
    shared: Arc<Shared>,
    http: SocketAddr,
    https: SocketAddr,
    ca_pem: String,
    /// Dropping it stops the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// The default settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts with the default settings.
    ///
    /// # Errors
    /// As [`Builder::start`].
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    pub(crate) fn serve(
        http: SocketAddr,
        https: SocketAddr,
        tls: Tls,
        shared: Shared,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (plain, secure) = {
            // Not `block_on`, which would panic inside a caller's runtime.
            let _entered = runtime.enter();
            (listen(http)?, listen(https)?)
        };
        let (http, https) = (plain.local_addr()?, secure.local_addr()?);
        let shared = Arc::new(shared);
        let (stop, stopped) = oneshot::channel();
        let for_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("openai-simulator".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::spawn(server::serve(plain, None, Arc::clone(&for_thread)));
                    tokio::spawn(server::serve(secure, Some(tls.acceptor), for_thread));
                    // The task ends when the handle drops the sender; the runtime drops every connection with it.
                    let _ = stopped.await;
                });
            })?;
        Ok(Self {
            shared,
            http,
            https,
            ca_pem: tls.ca_pem,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The address of the HTTP listener.
    pub fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// The address of the HTTPS listener.
    pub fn https_address(&self) -> SocketAddr {
        self.https
    }

    /// `http://127.0.0.1:PORT`
    pub fn http_url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// `https://127.0.0.1:PORT`
    pub fn https_url(&self) -> String {
        format!("https://{}", self.https)
    }

    /// Two values for a `--connect-to` option like curl's: they connect both real hosts to the HTTPS listener.
    pub fn connect_to(&self) -> [String; 2] {
        ["auth.openai.com", "chatgpt.com"]
            .map(|host| format!("{host}:443:{}:{}", self.https.ip(), self.https.port()))
    }

    /// The authority that issued the server's certificate, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Writes [`ca_pem`](Self::ca_pem) to a file, for a `--cacert` option.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_ca(&self, path: impl AsRef<Path>) -> io::Result<()> {
        std::fs::write(path, &self.ca_pem)
    }

    /// Approves a user code as the first account.
    ///
    /// # Errors
    /// If the code does not wait for a decision, or the account does not permit device codes.
    pub fn approve(&self, user_code: &str) -> Result<(), DecisionError> {
        self.approve_as(user_code, 0)
    }

    /// Approves a user code as the account with this number; accounts are numbered from 0 in the order added.
    ///
    /// # Errors
    /// As [`approve`](Self::approve), or if there is no such account.
    pub fn approve_as(&self, user_code: &str, account: usize) -> Result<(), DecisionError> {
        self.shared.issuer().approve(user_code, account, self.now())
    }

    /// Denies a user code.
    ///
    /// # Errors
    /// If the code does not wait for a decision.
    pub fn deny(&self, user_code: &str) -> Result<(), DecisionError> {
        self.shared.issuer().devices.deny(user_code, self.now())
    }

    /// Lets a user code expire now.
    ///
    /// # Errors
    /// If there is no such code.
    pub fn expire_code(&self, user_code: &str) -> Result<(), DecisionError> {
        self.shared.issuer().devices.expire(user_code, self.now())
    }

    /// User codes that wait for a decision, the oldest first.
    pub fn pending_codes(&self) -> Vec<String> {
        let issuer = self.shared.issuer();
        issuer
            .devices
            .pending(self.now())
            .map(|code| code.user_code.clone())
            .collect()
    }

    /// The token answer to a new sign-in of any person, whether the simulator has the account or not: to begin a test
    /// after the flow, or to answer a refresh with another person's tokens (`Fault::json(200, …)`).
    pub fn issue_tokens(&self, account: &Account) -> Value {
        self.shared.issuer().sign_in(account.clone(), self.now())
    }

    /// Accepts a refresh token of an earlier simulator, as the first of a sign-in of that person. Access tokens of
    /// the earlier one stay refused, because another key signed them.
    pub fn know_refresh_token(&self, account: &Account, refresh_token: &str) {
        let mut issuer = self.shared.issuer();
        issuer
            .tokens
            .open(account.clone(), refresh_token.to_owned(), self.now());
    }

    /// A JWT with these claims and a valid signature, for a [`Fault::patch`]. The endpoints do not accept it, and
    /// [`secrets`](Self::secrets) does not list it.
    pub fn sign(&self, claims: &Value) -> String {
        self.shared.issuer().signer.sign(claims)
    }

    /// Ends a sign-in: its refresh token and all its access tokens. Families are numbered from 0.
    pub fn revoke_family(&self, family: usize, why: Revocation) {
        self.shared.issuer().tokens.revoke(family, why);
    }

    /// Ends every sign-in.
    pub fn revoke_all(&self, why: Revocation) {
        self.shared.issuer().tokens.revoke_all(why);
    }

    /// Every refresh token in the order of issue, and how often each was presented.
    pub fn presentations(&self) -> Vec<Presentations> {
        self.shared.issuer().tokens.presentations()
    }

    /// Every secret in the order of issue.
    pub fn secrets(&self) -> Vec<Secret> {
        self.shared.issuer().secrets.clone()
    }

    /// Changes the account with this number. Earlier tokens keep their claims; usage answers with the new values.
    ///
    /// # Panics
    /// If there is no such account.
    pub fn update_account(&self, account: usize, change: impl FnOnce(&mut Account)) {
        change(&mut self.shared.issuer().accounts[account]);
    }

    /// Sets the lifetime of access tokens that are issued from now on.
    pub fn set_access_token_lifetime(&self, lifetime: Duration) {
        self.shared.issuer().settings.access_token_lifetime = lifetime;
    }

    /// Sets what happens when a refresh token is presented from now on.
    pub fn set_rotation(&self, rotation: Rotation) {
        self.shared.issuer().settings.rotation = rotation;
    }

    /// Queues a fault for one request to the endpoint. The faults of an endpoint apply in the order queued.
    pub fn fault(&self, endpoint: Endpoint, fault: Fault) {
        self.fault_after(endpoint, 0, fault);
    }

    /// Like [`fault`](Self::fault), after this many requests that are answered normally.
    pub fn fault_after(&self, endpoint: Endpoint, requests: usize, fault: Fault) {
        self.shared.faults().queue(endpoint, requests, fault);
    }

    /// Sets a fault for every request to the endpoint without a queued fault, until it is cleared.
    pub fn fault_always(&self, endpoint: Endpoint, fault: Fault) {
        self.shared.faults().stand(endpoint, fault);
    }

    /// Queues a fault for one HTTPS connection.
    pub fn fault_connection(&self, fault: ConnectionFault) {
        self.shared.connection_faults().push_back(fault);
    }

    /// Removes all faults, queued and standing.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// How many queued faults have not taken effect: zero at the end of a test that uses all of them.
    pub fn faults_left(&self) -> usize {
        self.shared.faults().left() + self.shared.connection_faults().len()
    }

    /// Every request so far, in order of arrival.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.log().all()
    }

    /// The requests to one endpoint.
    pub fn requests_to(&self, endpoint: Endpoint) -> Vec<RecordedRequest> {
        let mut requests = self.requests();
        requests.retain(|request| request.endpoint == endpoint);
        requests
    }

    /// Empties the request log.
    pub fn clear_requests(&self) {
        self.shared.log().clear();
    }

    /// The simulator's time in Unix seconds.
    pub fn now(&self) -> i64 {
        self.shared.clock.now()
    }

    /// Advances the time at once, for everything that expires.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// Makes the `Date` header wrong by this many seconds; expiry does not change.
    pub fn skew_date(&self, seconds: i64) {
        self.shared.clock.skew_date(seconds);
    }
}

/// The caller must be within a runtime.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread panicked: the test that used it has failed already.
            let _ = thread.join();
        }
    }
}
