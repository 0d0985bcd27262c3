//! `store`: creates a store in a database, moves a store into one, and accepts a failover.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::operations::{AcceptFailover, CopyStore, MigrateStore};
use chatgpt_oauth::store::{PostgresStore, PostgresUrl, SqliteStore, StoreLocation, copy};
use clap::{Args, Subcommand};

use crate::open;
use crate::options::Global;
use crate::output::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Create the tables in the database that --store names, or upgrade them
    Migrate,
    /// Move a store in a file into a database without logins; the file then takes no writes
    Copy {
        /// The file, sqlite:PATH
        from: String,
        /// The database, postgres://…
        to: String,
    },
    /// Refresh logins again in a database that may have lost the latest ones
    AcceptFailover,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    match arguments.action {
        Action::Migrate => migrate(global, terminal).await,
        Action::Copy { from, to } => move_into(&from, &to, global, terminal).await,
        Action::AcceptFailover => accept_failover(global, terminal).await,
    }
}

async fn migrate(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let url = database(open::location(global)?)?;
    let migrated = PostgresStore::migrate(&url, open::kind(global)).await?;
    let answer = MigrateStore {
        ok: True,
        store: url.to_string(),
        from_layout: migrated.from,
        to_layout: migrated.to,
    };
    Ok(
        terminal.answer(&answer, || match (migrated.from, migrated.to) {
            (0, to) => format!("created a store with layout {to} in {url}"),
            (from, to) if from == to => format!("{url} has layout {to} already"),
            (from, to) => format!("upgraded {url} from layout {from} to {to}"),
        }),
    )
}

async fn move_into(
    from: &str,
    to: &str,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let StoreLocation::Sqlite(file) = location(from)? else {
        return Err(open::invalid("a store is moved out of a file: sqlite:PATH"));
    };
    if !file.exists() {
        return Err(open::invalid(format!(
            "there is no store at {}",
            file.display()
        )));
    }
    let url = database(location(to)?)?;
    let kind = open::kind(global);
    let source = SqliteStore::open(&file, kind).await?;
    let target = PostgresStore::open(&url, kind).await?;
    let copied = copy(&source, &target).await?;
    let answer = CopyStore {
        ok: True,
        from: file.display().to_string(),
        to: url.to_string(),
        rows: copied.rows,
        entries: copied.entries,
    };
    let file = file.display();
    Ok(terminal.answer(&answer, || {
        format!(
            "moved {} values of profiles and {} entries of the server from {file} to {url}\n\
             {file} takes no writes any more; its key file opens the values in {url}",
            copied.rows, copied.entries
        )
    }))
}

async fn accept_failover(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let url = database(open::location(global)?)?;
    let store = PostgresStore::open(&url, open::kind(global)).await?;
    let answer = AcceptFailover {
        ok: True,
        store: url.to_string(),
        accepted: store.accept_failover().await?,
    };
    Ok(terminal.answer(&answer, || match answer.accepted {
        true => format!(
            "logins in {url} are refreshed again, by running servers within a minute\n\
             a login whose last refresh was lost presents an old refresh token, and may need `login`"
        ),
        false => format!("{url} is not suspected of lost logins; nothing has changed"),
    }))
}

fn location(argument: &str) -> Result<StoreLocation, Error> {
    let location = argument.parse();
    location.map_err(|error| open::invalid(format!("{error}")))
}

fn database(location: StoreLocation) -> Result<PostgresUrl, Error> {
    match location {
        StoreLocation::Postgres(url) => Ok(url),
        StoreLocation::Sqlite(_) => {
            let mut error = open::invalid("the store is in a file, which needs no migration");
            error.hint = "name a database: postgres://USER@HOST/DATABASE".into();
            Err(error)
        }
    }
}
