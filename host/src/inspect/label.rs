//! What a component says of itself, in custom sections: claims, but for those
//! that [`contract`](super::contract) holds it to.

use wasmparser::{ComponentName, CustomSectionReader, KnownCustom, Parser, Payload};

/// What the names of all editions begin with.
const NAME: &str = "chatgpt-oauth-";
/// What the names of builds for tests end with.
const TEST: &str = "-test";

#[derive(Default)]
pub(super) struct Label {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) description: Option<String>,
    pub(super) producers: Vec<String>,
    pub(super) test_origin: Option<String>,
}

impl Label {
    /// Reads the sections of the component itself, not of what is nested in it. A
    /// section that cannot be read says nothing.
    pub(super) fn of(component: &[u8]) -> Self {
        let mut label = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component).map_while(Result::ok) {
            match payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::CustomSection(section) if depth == 0 => label.read(&section),
                _ => {}
            }
        }
        label
    }

    /// The edition that the name names.
    pub(super) fn edition(&self) -> Option<&str> {
        let edition = self.name.as_deref()?.strip_prefix(NAME)?;
        Some(edition.strip_suffix(TEST).unwrap_or(edition))
    }

    /// Whether the name is that of a build for tests.
    pub(super) fn says_test(&self) -> bool {
        self.name
            .as_deref()
            .is_some_and(|name| name.ends_with(TEST))
    }

    fn read(&mut self, section: &CustomSectionReader<'_>) {
        let text = || Some(String::from_utf8_lossy(section.data()).into_owned());
        match section.as_known() {
            KnownCustom::ComponentName(names) => {
                for name in names.map_while(Result::ok) {
                    if let ComponentName::Component { name, .. } = name {
                        self.name = Some(name.to_owned());
                    }
                }
            }
            KnownCustom::Producers(fields) => {
                for field in fields.into_iter().map_while(Result::ok) {
                    let tools = field.values.into_iter().map_while(Result::ok);
                    let tools = tools.map(|tool| format!("{} {}", tool.name, tool.version));
                    self.producers.extend(tools);
                }
            }
            _ => match section.name() {
                "version" => self.version = text(),
                "description" => self.description = text(),
                "test-origin" => self.test_origin = text(),
                _ => {}
            },
        }
    }
}
