//! Keeps the authorization and the model list of each profile in use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chatgpt_oauth::{Profile, ProfileName};

use crate::authorization::ProfileAuthorization;
use crate::models::Catalogue;

/// What is remembered of each profile.
#[derive(Default)]
pub(crate) struct Profiles(Mutex<HashMap<ProfileName, Arc<InUse>>>);

/// One profile that is in use.
pub(crate) struct InUse {
    pub(crate) authorization: ProfileAuthorization,
    pub(crate) catalogue: Catalogue,
}

impl Profiles {
    /// What is remembered of a profile: the same for all calls of the profile, while one of
    /// them runs or an authorization is kept.
    pub(crate) fn of(&self, profile: Profile) -> Arc<InUse> {
        // No panic leaves the map incomplete, so poisoning is ignored.
        let mut profiles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = profiles.get(profile.name()) {
            return known.clone();
        }
        if profiles.len() == profiles.capacity() {
            profiles
                .retain(|_, known| Arc::strong_count(known) > 1 || known.authorization.is_kept());
        }
        let name = profile.name().clone();
        let in_use = Arc::new(InUse {
            authorization: ProfileAuthorization::new(profile),
            catalogue: Catalogue::default(),
        });
        profiles.insert(name, in_use.clone());
        in_use
    }
}

#[cfg(test)]
mod tests {
    use chatgpt_oauth::Host;
    use chatgpt_oauth::store::MemoryStore;

    use super::*;

    #[test]
    fn a_profile_in_use_is_remembered_and_an_unused_one_is_not() {
        let host = Host::builder(MemoryStore::new()).build().unwrap();
        let profile = |n: usize| host.profile(format!("p{n}").parse().unwrap());
        let profiles = Profiles::default();
        let first = profiles.of(profile(0));
        for n in 0..100 {
            profiles.of(profile(n));
        }
        assert!(Arc::ptr_eq(&first, &profiles.of(profile(0))));
        assert!(profiles.0.lock().unwrap().len() < 50);
    }
}
