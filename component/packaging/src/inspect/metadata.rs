//! Reads the metadata of a component from its custom sections. These are claims, except
//! for those that [`contract`](super::contract) checks.

use wasmparser::{ComponentName, CustomSectionReader, KnownCustom, Parser, Payload};

use crate::metadata;

#[derive(Default)]
pub(super) struct Metadata {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) description: Option<String>,
    pub(super) producers: Vec<String>,
    pub(super) test_origin: Option<String>,
    /// Sections that appear more than once.
    pub(super) repeated: Vec<String>,
    /// Sections that cannot be read.
    pub(super) unreadable: Vec<String>,
}

impl Metadata {
    /// Reads the sections of the component itself, without those of its parts, and
    /// ignores sections that cannot be parsed.
    pub(super) fn of(component: &[u8]) -> Self {
        let mut found = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component).map_while(Result::ok) {
            match payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::CustomSection(section) if depth == 0 => found.read(&section),
                _ => {}
            }
        }
        found
    }

    /// The world in the name.
    pub(super) fn world(&self) -> Option<&str> {
        let world = self.name.as_deref()?.strip_prefix(metadata::NAME_PREFIX)?;
        Some(world.strip_suffix(metadata::TEST_SUFFIX).unwrap_or(world))
    }

    /// Whether the name is that of a build for tests.
    pub(super) fn says_test(&self) -> bool {
        self.name
            .as_deref()
            .is_some_and(|name| name.ends_with(metadata::TEST_SUFFIX))
    }

    fn read(&mut self, section: &CustomSectionReader<'_>) {
        match section.as_known() {
            KnownCustom::ComponentName(names) => {
                for name in names {
                    match name {
                        Ok(ComponentName::Component { name, .. }) => {
                            self.claim(|found| &mut found.name, metadata::COMPONENT_NAME, name);
                        }
                        Ok(_) => {}
                        Err(_) => self.unreadable.push(metadata::COMPONENT_NAME.to_owned()),
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
            _ => {
                let text = &*String::from_utf8_lossy(section.data());
                match section.name() {
                    metadata::VERSION => {
                        self.claim(|found| &mut found.version, metadata::VERSION, text)
                    }
                    metadata::DESCRIPTION => {
                        self.claim(|found| &mut found.description, metadata::DESCRIPTION, text)
                    }
                    metadata::TEST_ORIGIN => {
                        self.claim(|found| &mut found.test_origin, metadata::TEST_ORIGIN, text)
                    }
                    _ => {}
                }
            }
        }
    }

    /// Records a claim, and whether another section has made it before: a runtime may
    /// use the other one.
    fn claim(&mut self, field: fn(&mut Self) -> &mut Option<String>, section: &str, text: &str) {
        if field(self).replace(text.to_owned()).is_some() {
            self.repeated.push(section.to_owned());
        }
    }
}
