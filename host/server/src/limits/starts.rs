//! How many logins may begin.

use std::num::NonZero;

use chatgpt_oauth::ProfileName;
use governor::Quota;

use super::rate::Rate;

/// Of one profile, a minute.
const A_MINUTE: NonZero<u32> = NonZero::new(3).expect("3 is not zero");
/// Of one profile, an hour.
const AN_HOUR: NonZero<u32> = NonZero::new(10).expect("10 is not zero");
/// Of this server, a minute.
const OF_ALL: NonZero<u32> = NonZero::new(60).expect("60 is not zero");

/// Counts the calls of `start`, each of which can make the service send a code.
pub(crate) struct Starts {
    minute: Rate<ProfileName>,
    hour: Rate<ProfileName>,
    all: Rate<()>,
}

impl Default for Starts {
    fn default() -> Self {
        Self {
            minute: Rate::new(Quota::per_minute(A_MINUTE)),
            hour: Rate::new(Quota::per_hour(AN_HOUR)),
            all: Rate::new(Quota::per_minute(OF_ALL)),
        }
    }
}

impl Starts {
    /// Counts a login of a profile. With too many, says in how many seconds the next may begin.
    pub(crate) fn count(&self, profile: &ProfileName) -> Result<(), u32> {
        self.minute.take(profile)?;
        self.all.take(&())?;
        // Last: what is refused for others takes none of the ten of an hour.
        self.hour.take(profile)
    }

    pub(crate) fn tidy(&self) {
        self.minute.tidy();
        self.hour.tidy();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_profile_begins_three_logins_a_minute_and_all_of_them_sixty() {
        let starts = Starts::default();
        let since = Instant::now();
        let profile = |n: u32| format!("p{n}").parse().unwrap();
        for n in 0..20 {
            for _ in 0..3 {
                starts.count(&profile(n)).unwrap();
            }
            let seconds = starts.count(&profile(n)).unwrap_err();
            assert!((1..=20).contains(&seconds), "{seconds}");
        }
        let refused = (20..1000).find(|n| starts.count(&profile(*n)).is_err());
        // One more may begin every second.
        let most = 20 + since.elapsed().as_secs();
        assert!(u64::from(refused.unwrap()) <= most, "{refused:?}");
    }
}
