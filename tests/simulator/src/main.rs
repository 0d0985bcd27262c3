//! `openai-simulator`: the simulator as a process, for people and for tests in other languages.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use openai_simulator::{Account, Rotation, Simulator};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Stands in for the OpenAI endpoints that ChatGPT and Codex device-code login uses. Serves only loopback; ends on
/// SIGTERM, SIGINT and, with an option, when standard input ends.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The address of the HTTP listener; port 0 is any free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    http: SocketAddr,
    /// The address of the HTTPS listener; port 0 is any free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    https: SocketAddr,
    /// Write the authority's certificate to this file, in PEM
    #[arg(long, value_name = "FILE", default_value = "openai-simulator-ca.pem")]
    ca: PathBuf,
    /// Approve every code this many seconds after it was issued
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "0")]
    auto_approve: Option<u64>,
    /// The lifetime of access tokens
    #[arg(long, value_name = "SECONDS", default_value_t = 864_000)]
    access_token_lifetime: u64,
    /// The interval of polls that the simulator announces
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    interval: u64,
    /// What happens when a refresh token is presented: strict, grace, grace:SECONDS, keeps-token or
    /// omits-access-token
    #[arg(long, default_value = "strict")]
    rotation: Rotation,
    /// Read accounts from this file: a JSON array of objects with email, account_id, user_id, plan_type …
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// Read the time from this file, which holds Unix seconds as text
    #[arg(long, value_name = "FILE")]
    clock: Option<PathBuf>,
    /// Keep only this many requests in the log, the latest ones
    #[arg(long, value_name = "NUMBER")]
    keep_requests: Option<usize>,
    /// Answer every model call with the same bytes, neither judged nor recorded: for measurements
    #[arg(long)]
    from_memory: bool,
    /// Print one line of JSON and nothing else
    #[arg(long)]
    json: bool,
    /// End when standard input ends
    #[arg(long)]
    exit_with_stdin: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("openai-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<()> {
    // Before the announcement: its reader may send the signal at once.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let end = runtime.block_on(async { End::new(arguments.exit_with_stdin) })?;
    let simulator = start(arguments)?;
    simulator.write_ca(&arguments.ca)?;
    announce(arguments, &simulator)?;
    runtime.block_on(end.wait());
    Ok(())
}

fn start(arguments: &Arguments) -> io::Result<Simulator> {
    let mut builder = Simulator::builder()
        .http(arguments.http)
        .https(arguments.https)
        .interval(arguments.interval)
        .access_token_lifetime(Duration::from_secs(arguments.access_token_lifetime))
        .rotation(arguments.rotation);
    if let Some(seconds) = arguments.auto_approve {
        builder = builder.auto_approve(Duration::from_secs(seconds));
    }
    if let Some(path) = &arguments.accounts {
        let accounts: Vec<Account> = serde_json::from_slice(&std::fs::read(path)?)?;
        builder = accounts
            .into_iter()
            .fold(builder, |builder, account| builder.account(account));
    }
    if let Some(path) = &arguments.clock {
        builder = builder.clock_file(path);
    }
    if let Some(requests) = arguments.keep_requests {
        builder = builder.keep_requests(requests);
    }
    if arguments.from_memory {
        builder = builder.from_memory();
    }
    builder.start()
}

fn announce(arguments: &Arguments, simulator: &Simulator) -> io::Result<()> {
    let ca = arguments.ca.canonicalize()?;
    let (http, https) = (simulator.http_url(), simulator.https_url());
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", json!({ "http": http, "https": https, "ca": ca }))?;
    } else {
        let [auth, chatgpt] = simulator.connect_to();
        writeln!(
            out,
            "HTTP   {http}\nHTTPS  {https}\nCA     {}\n\n\
             Approve codes at {http}/codex/device\n\n\
             chatgpt-oauth --connect-to {auth} \\\n              --connect-to {chatgpt} \\\n              \
             --cacert {} …",
            ca.display(),
            ca.display(),
        )?;
        if io::stdin().is_terminal() {
            writeln!(out, "\nCtrl-C ends the simulator.")?;
        }
    }
    out.flush()
}

/// The events that end the process.
struct End {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    /// Dropped when standard input ends; without the option, never.
    stdin: Option<oneshot::Receiver<()>>,
}

impl End {
    /// The caller must be within a runtime.
    fn new(with_stdin: bool) -> io::Result<Self> {
        let stdin = with_stdin.then(|| {
            let (sender, receiver) = oneshot::channel();
            std::thread::spawn(move || {
                let _keep = sender;
                // An error ends the process, as the end of the input does.
                while matches!(io::stdin().read(&mut [0; 64]), Ok(1..)) {}
            });
            receiver
        });
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            stdin,
        })
    }

    async fn wait(mut self) {
        let stdin = async {
            match self.stdin {
                Some(ended) => drop(ended.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = stdin => {}
        }
    }
}
