//! [`Function`]: the seven functions, after which commands and tools are named.

/// A function of the contract.
#[allow(missing_docs, reason = "wit/connection.wit documents the functions")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Status,
    Start,
    Poll,
    Logout,
    Refresh,
    Models,
    Usage,
}

impl Function {
    /// All functions, in the order of the contract.
    pub const ALL: [Self; 7] = [
        Self::Status,
        Self::Start,
        Self::Poll,
        Self::Logout,
        Self::Refresh,
        Self::Models,
        Self::Usage,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Start => "start",
            Self::Poll => "poll",
            Self::Logout => "logout",
            Self::Refresh => "refresh",
            Self::Models => "models",
            Self::Usage => "usage",
        }
    }

    /// The function with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}
