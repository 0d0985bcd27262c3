//! One line of the log, in the shape of tracing-subscriber's own JSON.
//!
//! Every request has a line. That library writes each piece of it through a UTF-8 check and
//! reads the fields of the span again; here the pieces are text from the beginning.

use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes the time, the level, the fields of the event, its target, and the span that it
/// happened in.
pub(super) struct Line;

impl<S> FormatEvent<S, JsonFields> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        writer.write_str(r#"{"timestamp":""#)?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, r#"","level":"{}""#, metadata.level())?;
        let mut fields = Fields {
            writer: writer.by_ref(),
            written: Ok(()),
        };
        event.record(&mut fields);
        fields.written?;
        write!(writer, r#","target":"{}""#, metadata.target())?;
        let parent = event.parent().and_then(|parent| context.span(parent));
        if let Some(span) = parent.or_else(|| context.lookup_current()) {
            writer.write_str(r#","span":{"#)?;
            // Its fields are an object already.
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>();
            let fields = fields.and_then(|fields| fields.strip_prefix('{')?.strip_suffix('}'));
            if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
                write!(writer, "{fields},")?;
            }
            write!(writer, r#""name":"{}"}}"#, span.name())?;
        }
        writer.write_str("}\n")
    }
}

/// Writes the fields of an event into an object.
struct Fields<'w> {
    writer: Writer<'w>,
    written: fmt::Result,
}

impl Fields<'_> {
    fn field(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.written.is_ok() {
            let name = write!(self.writer, r#","{}":"#, field.name());
            self.written = name.and_then(|()| value(&mut self.writer));
        }
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // No notation of JSON has the numbers that are not finite.
        let number = serde_json::Number::from_f64(value);
        self.field(field, |writer| match number {
            Some(number) => write!(writer, "{number}"),
            None => writer.write_str("null"),
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, |writer| write!(writer, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, |writer| write!(writer, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, |writer| write!(writer, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, |writer| string(writer, format_args!("{value}")));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.field(field, |writer| string(writer, format_args!("{value:?}")));
    }
}

fn string(writer: &mut Writer<'_>, text: fmt::Arguments<'_>) -> fmt::Result {
    writer.write_char('"')?;
    Escaped(writer.by_ref()).write_fmt(text)?;
    writer.write_char('"')
}

/// Escapes what it writes, for a string of JSON.
struct Escaped<'w>(Writer<'w>);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if text.bytes().all(is_plain) {
            return self.0.write_str(text);
        }
        let quoted = serde_json::to_string(text).map_err(|_| fmt::Error)?;
        self.0.write_str(&quoted[1..quoted.len() - 1])
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing_subscriber::prelude::*;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines of the log that this writes, by this format and by the library's own, each
    /// without its time.
    fn lines(log: impl Fn()) -> [Vec<Value>; 2] {
        let (ours, library) = (Written::default(), Written::default());
        let [to_ours, to_library] = [&ours, &library].map(Clone::clone);
        let layer = || tracing_subscriber::fmt::layer().json();
        tracing::subscriber::with_default(
            tracing_subscriber::registry().with(
                layer()
                    .with_writer(move || to_ours.clone())
                    .event_format(Line),
            ),
            &log,
        );
        let of_library = layer().flatten_event(true).with_span_list(false);
        tracing::subscriber::with_default(
            tracing_subscriber::registry().with(of_library.with_writer(move || to_library.clone())),
            &log,
        );
        [ours, library].map(|written| {
            let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
            let lines = written.lines().map(|line| {
                let mut line: Value = serde_json::from_str(line).expect(line);
                let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
                let time = time.as_str().unwrap();
                assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
                line
            });
            lines.collect()
        })
    }

    #[test]
    fn a_line_is_the_object_that_the_library_writes() {
        let [ours, library] = lines(|| {
            let missing: Option<&str> = None;
            let awkward = "\"\\\n\t\u{0}\u{7f}\u{2028}é😀";
            tracing::info!(a = 1, b = -1_i64, c = true, missing, d = "d", "plain");
            tracing::info!(whole = 2.0, part = 1.5e-9, none = f64::NAN);
            tracing::error!(awkward, shown = %awkward, debug = ?awkward, "{awkward}");
            tracing::warn!(r#type = "t", wide = 1_u128 << 100);
            let error: &dyn std::error::Error = &io::Error::other("why");
            tracing::warn!(error, "an error");
            let span = tracing::info_span!("request", id = %7, awkward);
            span.in_scope(|| tracing::warn!("in a span"));
            let bare = tracing::info_span!("bare");
            bare.in_scope(|| tracing::info!("in a span without fields"));
            let other = tracing::info_span!("other", nested = "{}");
            other.in_scope(|| span.in_scope(|| tracing::info!("in two spans")));
            other.in_scope(|| tracing::info!("in a span whose field ends like an object"));
            other.in_scope(|| tracing::info!(parent: &span, "of another span"));
        });
        assert_eq!(ours, library);
        assert_eq!(ours.len(), 10);
        assert_eq!(ours[5]["span"]["id"], json!("7"));
    }
}
