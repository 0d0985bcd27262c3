//! The worlds of the component, their names and their modules.

use std::fmt;

#[cfg(feature = "build")]
use crate::build::Module;

/// A world of the component: one way to build it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// The seven functions, over `wasi:keyvalue@0.2.0-draft`: wasmtime, wasmCloud.
    Onboarding,
    /// `Onboarding` with `credentials`: for a platform's own host.
    Platform,
    /// `Onboarding` over `wasi:keyvalue@0.2.0-draft2`: Spin.
    OnboardingDraft2,
    /// `Onboarding` over files, for runtimes without a key-value store: the plain
    /// wasmtime CLI, Wassette.
    OnboardingFilesystem,
    /// `OnboardingFilesystem` as a program: the wasmtime CLI, scripts.
    Command,
}

impl World {
    /// All worlds.
    pub const ALL: [Self; 5] = [
        Self::Onboarding,
        Self::Platform,
        Self::OnboardingDraft2,
        Self::OnboardingFilesystem,
        Self::Command,
    ];

    /// The name, as in `wit/world.wit`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Onboarding => "onboarding",
            Self::Platform => "platform",
            Self::OnboardingDraft2 => "onboarding-draft2",
            Self::OnboardingFilesystem => "onboarding-filesystem",
            Self::Command => "command",
        }
    }

    /// The description, in one sentence for a registry's page.
    #[cfg(feature = "build")]
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Onboarding | Self::OnboardingDraft2 => {
                "Signs in to a ChatGPT subscription with a device code; keeps the login in a \
                 key-value bucket and returns no token"
            }
            Self::Platform => {
                "Signs in to a ChatGPT subscription with a device code and hands out credentials \
                 for model calls; for a platform's own host, never for a model's tools"
            }
            Self::OnboardingFilesystem => {
                "Signs in to a ChatGPT subscription with a device code; keeps the login in files \
                 of one directory and returns no token"
            }
            Self::Command => {
                "Signs in to a ChatGPT subscription with a device code, as a program; keeps the \
                 login in files of one directory and prints no token"
            }
        }
    }

    /// The core modules of the component: each satisfies an import of the one before it.
    #[cfg(feature = "build")]
    pub(crate) fn modules(self) -> Vec<Module> {
        let component = Module::component;
        match self {
            Self::Onboarding => vec![component("")],
            Self::Platform => vec![component("platform")],
            Self::OnboardingDraft2 => vec![component("draft2")],
            Self::OnboardingFilesystem => vec![component(""), Module::KEYVALUE_FILESYSTEM],
            Self::Command => vec![
                Module::COMMAND_LINE,
                component(""),
                Module::KEYVALUE_FILESYSTEM,
            ],
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
