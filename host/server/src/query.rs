//! The query of a URL, by RFC 3986: a plus is a plus.

use http::Uri;
use percent_encoding::percent_decode_str;

use crate::refused::Refused;

/// The parameters of a query. Each is known, and there once.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Reads a query that may have these parameters.
    pub(crate) fn of(uri: &Uri, known: &[&'static str]) -> Result<Self, Refused> {
        let mut query = Self::default();
        let pairs = uri.query().unwrap_or_default().split('&');
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            let known = known.iter().find(|known| **known == name);
            let known = known.ok_or_else(|| {
                Refused::invalid("the query has an unknown parameter", "leave it out")
            })?;
            if query.text(known).is_some() {
                let error = format!("the query has `{known}` twice");
                return Err(Refused::invalid(error, "give it once"));
            }
            query.0.push((known, value));
        }
        Ok(query)
    }

    /// The value of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| *known == name)?;
        Some(value)
    }

    /// Whether a parameter is `true`.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refused> {
        match self.text(name) {
            Some("true") => Ok(true),
            Some("false") | None => Ok(false),
            Some(_) => {
                let error = format!("`{name}` is neither true nor false");
                Err(Refused::invalid(error, "give one of them"))
            }
        }
    }

    /// The number that a parameter is, at most `most`.
    pub(crate) fn number(&self, name: &str, most: u64) -> Result<Option<u64>, Refused> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        let is_digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value
            .parse()
            .ok()
            .filter(|number| *number <= most && is_digits);
        number.map(Some).ok_or_else(|| {
            let error = format!("`{name}` is no number from 0 to {most}");
            Refused::invalid(error, "correct it")
        })
    }
}

/// Which page of a list a caller asks for.
#[derive(Debug)]
pub(crate) struct Page {
    after: Option<String>,
    /// How many entries it has at most.
    pub(crate) limit: usize,
}

impl Page {
    const USUAL: u64 = 100;
    const MOST: u64 = 1000;

    /// Reads a query that may have `after` and `limit`.
    pub(crate) fn of(uri: &Uri) -> Result<Self, Refused> {
        let query = Query::of(uri, &["after", "limit"])?;
        let limit = query.number("limit", Self::MOST)?.unwrap_or(Self::USUAL);
        match usize::try_from(limit).unwrap_or(usize::MAX) {
            0 => Err(Refused::invalid(
                "a page has no entries",
                "give a limit of at least 1",
            )),
            limit => Ok(Self {
                after: query.text("after").map(str::to_owned),
                limit,
            }),
        }
    }

    /// The entry before the first one of the page.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// The `after` of the next page, if this one is full.
    pub(crate) fn next_after<'a>(
        &self,
        entries: impl ExactSizeIterator<Item = &'a str>,
    ) -> Option<String> {
        let is_full = entries.len() == self.limit;
        entries.last().filter(|_| is_full).map(str::to_owned)
    }
}

fn decoded(text: &str) -> Result<String, Refused> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| Refused::invalid("the query is not UTF-8", "correct it"))?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Result<Query, Refused> {
        let uri = format!("/x?{text}").parse().unwrap();
        Query::of(&uri, &["after", "limit", "force"])
    }

    #[test]
    fn a_plus_is_a_plus_and_percent_is_decoded_once() {
        let query = query("after=ada+1%40example.org%252B&limit=7").unwrap();
        assert_eq!(query.text("after"), Some("ada+1@example.org%2B"));
        assert_eq!(query.number("limit", 10).unwrap(), Some(7));
        assert_eq!(query.text("force"), None);
    }

    #[test]
    fn unknown_repeated_and_unreadable_parameters_are_refused() {
        for text in ["x=1", "after=a&after=b", "after=%ff", "AFTER=a"] {
            query(text).unwrap_err();
        }
        for text in [
            "limit=-1",
            "limit=+1",
            "limit=11",
            "limit=",
            "limit=0x1",
            "limit=1.0",
        ] {
            query(text).unwrap().number("limit", 10).unwrap_err();
        }
        for text in ["force", "force=1", "force=TRUE"] {
            query(text).unwrap().flag("force").unwrap_err();
        }
        assert!(query("force=true&").unwrap().flag("force").unwrap());
    }
}
