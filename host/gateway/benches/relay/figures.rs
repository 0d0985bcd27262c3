//! Numbers of a measurement.

use std::time::Duration;

/// The times of calls.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub fn extend(&mut self, times: Self) {
        self.0.extend(times.0);
    }

    /// The time that this share of the calls took at most, in milliseconds.
    pub fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let time = sorted[(sorted.len() - 1) * percent / 100];
        time.as_secs_f64() * 1000.0
    }

    pub fn print(&self, name: &str) {
        let (p50, p90, p99) = (
            self.percentile(50),
            self.percentile(90),
            self.percentile(99),
        );
        let calls = self.0.len();
        println!(
            "{name:32} p50 {p50:7.3} ms   p90 {p90:7.3} ms   p99 {p99:7.3} ms   {calls} calls"
        );
    }
}

/// What the calls cost more than others, at p50 and p99.
pub fn print_difference(name: &str, times: &Times, others: &Times) {
    let difference = |percent| times.percentile(percent) - others.percentile(percent);
    let (p50, p99) = (difference(50), difference(99));
    println!("{name:32} p50 {p50:+7.3} ms                    p99 {p99:+7.3} ms");
}

pub fn load_average() -> String {
    std::fs::read_to_string("/proc/loadavg")
        .map_or_else(|_| "unknown".into(), |text| text.trim().into())
}
