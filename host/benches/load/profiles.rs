//! What calls and pages cost in stores of different sizes, in turn.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postgres_cluster::Cluster;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::figures::Times;
use crate::logins;
use crate::place::Place;
use crate::serve::Serve;
use crate::stores::{self, Kind, SizedStore};

const ROUNDS: usize = 5;
/// How many of each are measured in a round.
const PROCESSES: usize = 8;
const CALLS: usize = 200;
const PAGES: usize = 50;
/// How many names a page has.
const PAGE: usize = 100;
/// How many connections ask a server at a time.
const CONNECTIONS: usize = 8;

/// A store, the server on it, and what was measured.
struct Measured {
    store: SizedStore,
    serve: Serve,
    administrator: String,
    /// Counts the profiles that were asked for.
    asked: usize,
    figures: Figures,
}

#[derive(Default)]
struct Figures {
    process: Times,
    status: Times,
    authorize: Times,
    /// The time of one call, at full load.
    api: Times,
    first_page: Times,
    last_page: Times,
}

pub fn measure(runtime: &Runtime, kind: Kind, time: Duration, sizes: &[usize]) {
    let place = Place::new(&json!({}));
    let login = Arc::new(runtime.block_on(stores::login(&place)));
    let cluster = matches!(kind, Kind::Postgres).then(|| Arc::new(Cluster::new()));
    let mut measured = Vec::new();
    for &size in sizes {
        let begun = Instant::now();
        let store = SizedStore::new(&place, cluster.as_ref(), &login, size);
        let store = runtime.block_on(store);
        println!(
            "{kind:?}: {size} profiles written in {:.1?}",
            begun.elapsed()
        );
        measured.push(Measured {
            serve: place.serve(&store.location),
            administrator: place.api_key(&store.location, &["--admin"]),
            store,
            asked: 0,
            figures: Figures::default(),
        });
    }
    for _ in 0..ROUNDS {
        for store in &mut measured {
            store.round(runtime, &place, time);
        }
    }
    print(kind, &measured);
}

impl Measured {
    fn round(&mut self, runtime: &Runtime, place: &Place, time: Duration) {
        for _ in 0..PROCESSES {
            let person = logins::name(self.next());
            let mut command = place.command(&self.store.location);
            command.args(["--profile", person.as_str(), "status"]);
            let begun = Instant::now();
            let output = command.output().expect("the program runs");
            self.figures.process.add(begun.elapsed());
            assert!(output.status.success());
        }
        runtime.block_on(async {
            self.in_process().await;
            self.by_api(time).await;
            self.pages().await;
        });
    }

    async fn in_process(&mut self) {
        for _ in 0..CALLS {
            let person = logins::name(self.next());
            let profile = self.store.host.profile(person);
            let begun = Instant::now();
            let status = profile.status().await.expect("a status");
            self.figures.status.add(begun.elapsed());
            assert!(status.connected);
            let begun = Instant::now();
            profile.authorize(None).await.expect("a live token");
            self.figures.authorize.add(begun.elapsed());
        }
    }

    async fn by_api(&mut self, time: Duration) {
        let end = Instant::now() + time;
        let mut asking = JoinSet::new();
        for connection in 0..CONNECTIONS {
            let (address, key) = (self.serve.admin.clone(), self.administrator.clone());
            let (first, size) = (self.next(), self.store.size);
            asking.spawn(async move {
                let mut client = Client::connect(&address, &key).await;
                let mut calls = 0;
                while Instant::now() < end {
                    let person = logins::name(nth(first + calls + connection, size));
                    client
                        .get(&format!("/api/v1/profiles/{person}/status"))
                        .await;
                    calls += 1;
                }
                calls
            });
        }
        let calls: usize = asking.join_all().await.into_iter().sum();
        self.figures.api.add(time.div_f64(calls as f64));
    }

    async fn pages(&mut self) {
        let mut client = Client::connect(&self.serve.admin, &self.administrator).await;
        let after = self.store.size.saturating_sub(PAGE + 1);
        let first = format!("/api/v1/profiles?limit={PAGE}");
        let last = format!("{first}&after={}", logins::name(after));
        for _ in 0..PAGES {
            for (path, times) in [
                (&first, &mut self.figures.first_page),
                (&last, &mut self.figures.last_page),
            ] {
                let begun = Instant::now();
                client.get(path).await;
                times.add(begun.elapsed());
            }
        }
    }

    /// The number of a profile, another one each time.
    fn next(&mut self) -> usize {
        self.asked += 1;
        nth(self.asked, self.store.size)
    }
}

/// Numbers that lie apart.
fn nth(count: usize, size: usize) -> usize {
    count * 7919 % size
}

fn print(kind: Kind, measured: &[Measured]) {
    println!(
        "\n| {kind:?}, profiles | whole `status` | `status` | `authorize` | API calls a second \
         | first page of {PAGE} | last page |\n|---|---|---|---|---|---|---|"
    );
    let smallest = &measured[0].figures;
    for store in measured {
        let figures = &store.figures;
        let row = [
            milliseconds(&figures.process, &smallest.process),
            milliseconds(&figures.status, &smallest.status),
            milliseconds(&figures.authorize, &smallest.authorize),
            format!(
                "{:.0} ({:.2})",
                1000.0 / figures.api.percentile(50),
                smallest.api.percentile(50) / figures.api.percentile(50)
            ),
            milliseconds(&figures.first_page, &smallest.first_page),
            milliseconds(&figures.last_page, &figures.first_page),
        ];
        println!("| {} | {} |", store.store.size, row.join(" | "));
    }
    println!(
        "\nmedians, and in brackets the ratio to the first row; for the last page, to the first page"
    );
}

fn milliseconds(times: &Times, to: &Times) -> String {
    let median = times.percentile(50);
    format!("{median:.3} ms ({:.2})", median / to.percentile(50))
}
