//! `serve`: answers agents and administrators by HTTP, until a signal ends it.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth_server::{KeyLimits, Listen, Network, Options, PublicUrl, TlsFiles};
use clap::Args;

use crate::open::{self, Access};
use crate::options::Global;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where agents connect: ADDRESS:PORT or unix:/PATH
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    listen: Listen,

    /// Where administrators connect
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8788")]
    admin_listen: Listen,

    /// The certificate of both listeners, in PEM; SIGHUP reads it again
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// The addresses of the proxy that has TLS in front of --listen
    #[arg(long, value_name = "CIDR")]
    behind_proxy: Vec<Network>,

    /// A name that callers use for this server, beside localhost
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,

    /// Where people's browsers find this server, such as https://login.example.org: turns the
    /// connect page on
    #[arg(long, value_name = "URL")]
    public_url: Option<PublicUrl>,

    /// Calls a second of one API key
    #[arg(long, value_name = "NUMBER", default_value_t = KeyLimits::default().rate)]
    key_rate: NonZero<u32>,

    /// Model calls and waiting polls at a time of one API key
    #[arg(long, value_name = "NUMBER", default_value_t = KeyLimits::default().streams)]
    key_streams: NonZero<u32>,

    /// Refresh logins only when a call needs it
    #[arg(long)]
    no_refresher: bool,
}

/// Serves in a runtime of its own.
pub(crate) fn run(arguments: Arguments, global: &Global) -> Result<ExitCode, Error> {
    let options = arguments.into_options();
    chatgpt_oauth_server::run(options, open::host(global, Access::ReadWrite))?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn into_options(self) -> Options {
        let tls = self.tls_cert.zip(self.tls_key);
        Options {
            listen: self.listen,
            admin_listen: self.admin_listen,
            tls: tls.map(|(certificates, key)| TlsFiles { certificates, key }),
            behind_proxy: self.behind_proxy,
            hosts: self.host,
            public_url: self.public_url,
            key_limits: KeyLimits {
                rate: self.key_rate,
                streams: self.key_streams,
            },
            refresher: !self.no_refresher,
            ..Options::default()
        }
    }
}
