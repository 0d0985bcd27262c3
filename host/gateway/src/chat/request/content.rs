//! The content of a message: a text, or a list of parts.

use super::fields::note_others;
use super::object::{is_string, object};
use crate::error::ErrorAnswer;
use crate::json::{self, Fields};
use crate::request::ignored::Ignored;
use crate::request::input::is_fetched_elsewhere;

/// Which parts a message may have, and how the backend calls its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// What a model is to follow: text.
    Instruction,
    /// What a model reads: text, images and files.
    Input,
    /// What a model said: text and refusals.
    Output,
}

impl Content {
    /// The parts of a content in the backend's form.
    pub(super) fn parts(
        self,
        content: &str,
        place: &str,
        ignored: &mut Ignored,
    ) -> Result<Vec<String>, ErrorAnswer> {
        if is_string(content) {
            return Ok(vec![self.text(content)]);
        }
        let mut parts = Vec::new();
        let ended = json::for_each_object(content, |index, part| {
            parts.push(self.part(&part, &format!("{place}[{index}]"), ignored)?);
            Ok::<_, ErrorAnswer>(())
        });
        ended.map_err(|_| {
            let message = "content is a text or a list of parts.";
            ErrorAnswer::invalid(None, message).param(place)
        })??;
        Ok(parts)
    }

    /// A text as a part.
    pub(super) fn text(self, text: &str) -> String {
        let kind = match self {
            Self::Instruction | Self::Input => "\"input_text\"",
            Self::Output => "\"output_text\"",
        };
        object(&[("type", kind), ("text", text)])
    }

    fn part(
        self,
        part: &Fields<'_>,
        place: &str,
        ignored: &mut Ignored,
    ) -> Result<String, ErrorAnswer> {
        let kind = part.string("type").unwrap_or_default();
        let (field, translated) = match (self, kind.as_str()) {
            (_, "text") => ("text", self.text(string(part, "text", place)?)),
            (Self::Output, "refusal") => ("refusal", refusal(string(part, "refusal", place)?)),
            (Self::Input, "image_url") => ("image_url", image(part, place, ignored)?),
            (Self::Input, "file") => ("file", file(part, place, ignored)?),
            _ => return Err(self.unsupported(place)),
        };
        note_others(part, &["type", field], "messages[].content[]", ignored)?;
        Ok(translated)
    }

    fn unsupported(self, place: &str) -> ErrorAnswer {
        let types = match self {
            Self::Instruction => "text",
            Self::Input => "text, image_url and file",
            Self::Output => "text and refusal",
        };
        let message = format!("A message of this role has parts of these types only: {types}.");
        let param = format!("{place}.type");
        ErrorAnswer::invalid("unsupported_parameter", message).param(param)
    }
}

/// A refusal of the model as a part.
pub(super) fn refusal(text: &str) -> String {
    object(&[("type", "\"refusal\""), ("refusal", text)])
}

/// An image. This software fetches none.
fn image(part: &Fields<'_>, place: &str, ignored: &mut Ignored) -> Result<String, ErrorAnswer> {
    let place = format!("{place}.image_url");
    let image = inner(part, "image_url", &place)?;
    let url = string(&image, "url", &place)?;
    if !image
        .string("url")
        .is_some_and(|url| is_fetched_elsewhere(&url))
    {
        let message = "url is a data: or https: URL.";
        return Err(ErrorAnswer::invalid(None, message).param(format!("{place}.url")));
    }
    note_others(&image, &["url", "detail"], "image_url", ignored)?;
    let mut fields = vec![("type", "\"input_image\""), ("image_url", url)];
    fields.extend(image.given("detail").map(|detail| ("detail", detail)));
    Ok(object(&fields))
}

fn file(part: &Fields<'_>, place: &str, ignored: &mut Ignored) -> Result<String, ErrorAnswer> {
    let place = format!("{place}.file");
    let file = inner(part, "file", &place)?;
    if file.given("file_id").is_some() {
        let message = "The ChatGPT backend has no stored files: send the file's data.";
        let param = format!("{place}.file_id");
        return Err(ErrorAnswer::invalid("unsupported_parameter", message).param(param));
    }
    let data = string(&file, "file_data", &place)?;
    note_others(
        &file,
        &["file_data", "filename", "file_id"],
        "file",
        ignored,
    )?;
    let mut fields = vec![("type", "\"input_file\"")];
    fields.extend(file.given("filename").map(|name| ("filename", name)));
    fields.push(("file_data", data));
    Ok(object(&fields))
}

/// The object in a field.
pub(super) fn inner<'a>(
    object: &'a Fields<'_>,
    name: &str,
    place: &str,
) -> Result<Fields<'a>, ErrorAnswer> {
    let parsed = object.get(name).map(Fields::parse);
    let Some(Ok(inner)) = parsed else {
        let message = format!("{name} is an object.");
        return Err(ErrorAnswer::invalid(None, message).param(place));
    };
    Ok(inner)
}

/// The JSON text of a field that must be a string.
pub(super) fn string<'a>(
    object: &'a Fields<'_>,
    name: &str,
    place: &str,
) -> Result<&'a str, ErrorAnswer> {
    let value = object.get(name).filter(|value| is_string(value));
    value.ok_or_else(|| {
        let message = format!("{name} is a text.");
        let param = format!("{place}.{name}");
        ErrorAnswer::invalid("missing_required_parameter", message).param(param)
    })
}
