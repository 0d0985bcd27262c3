//! What an API key allows.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::ProfileName;
use crate::server_store::Owner;

/// What a key allows, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Everything on the listener for administrators, and nothing on the other one.
    Admin,
    /// Some functions of one profile.
    Profile {
        /// The only profile that the key reaches.
        profile: ProfileName,
        /// The functions.
        scopes: Scopes,
    },
}

impl Permission {
    /// Whether this is the permission of an administrator.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        *self == Self::Admin
    }

    /// The owner of a key with this permission.
    #[must_use]
    pub fn owner(&self) -> Owner {
        match self {
            Self::Admin => Owner::Server,
            Self::Profile { profile, .. } => Owner::Profile(profile.clone()),
        }
    }
}

/// A group of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// `status`, `models` and `usage`.
    Read,
    /// The same, and `start`, `poll`, `logout` and `refresh`.
    Onboarding,
    /// Model calls, and `models`.
    Inference,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 3] = [Self::Read, Self::Onboarding, Self::Inference];

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Onboarding => "onboarding",
            Self::Inference => "inference",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == name);
        found.ok_or(UnknownScope)
    }
}

/// The text names no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope is read, onboarding or inference")]
pub struct UnknownScope;

/// The scopes of a key: at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// These scopes; none if there are none.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Option<Self> {
        let scopes: BTreeSet<_> = scopes.into_iter().collect();
        (!scopes.is_empty()).then_some(Self(scopes))
    }

    /// Whether a key with these scopes may use a function of this scope. `onboarding`
    /// includes `read`.
    #[must_use]
    pub fn allow(&self, scope: Scope) -> bool {
        let includes = scope == Scope::Read && self.0.contains(&Scope::Onboarding);
        includes || self.0.contains(&scope)
    }

    /// The scopes, in order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl Default for Scopes {
    /// `inference` alone.
    fn default() -> Self {
        Self(BTreeSet::from([Scope::Inference]))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Scope::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_allows_its_functions_and_onboarding_those_of_read() {
        use Scope::{Inference, Onboarding, Read};
        for (given, allowed) in [
            (vec![Read], vec![Read]),
            (vec![Onboarding], vec![Read, Onboarding]),
            (vec![Inference], vec![Inference]),
            (vec![Inference, Read, Read], vec![Read, Inference]),
        ] {
            let scopes = Scopes::new(given.clone()).unwrap();
            let found: Vec<_> = Scope::ALL
                .into_iter()
                .filter(|scope| scopes.allow(*scope))
                .collect();
            assert_eq!(found, allowed, "{given:?}");
        }
    }

    #[test]
    fn a_scope_is_read_by_its_name_and_nothing_else_is_one() {
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        for name in ["", "Read", "admin", "read ", "read,inference"] {
            assert_eq!(name.parse::<Scope>(), Err(UnknownScope), "{name:?}");
        }
    }

    #[test]
    fn a_key_without_a_scope_is_none_and_the_default_is_inference() {
        assert_eq!(Scopes::new([]), None);
        assert_eq!(Scopes::default().to_string(), "inference");
        let all = Scopes::new(Scope::ALL).unwrap();
        assert_eq!(all.to_string(), "read onboarding inference");
    }
}
