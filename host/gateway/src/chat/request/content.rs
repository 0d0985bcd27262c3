//! The content of a message: a text, or a list of parts.

use super::fields::note_others;
use super::object::{List, inner_object, is_string, object, required_string};
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
    /// The parts of a content in the backend's form. What a model said has no empty texts: an
    /// empty message between a call and its output hides the output from the backend.
    pub(super) fn parts(
        self,
        content: &str,
        place: &str,
        ignored: &mut Ignored,
    ) -> Result<List, ErrorAnswer> {
        let mut parts = List::default();
        let empty = (self == Self::Output).then(|| self.text("\"\""));
        let mut add = |part: String| match empty.as_ref() == Some(&part) {
            true => Ok(()),
            false => parts.push(&part),
        };
        if is_string(content) {
            add(self.text(content))?;
            return Ok(parts);
        }
        let ended = json::for_each_object(content, |index, part| {
            add(self.part(&part, &format!("{place}[{index}]"), ignored)?)
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
            (_, "text") => ("text", self.text(required_string(part, "text", place)?)),
            (Self::Output, "refusal") => {
                ("refusal", refusal(required_string(part, "refusal", place)?))
            }
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

/// An image, by its address. The gateway fetches no address.
fn image(part: &Fields<'_>, place: &str, ignored: &mut Ignored) -> Result<String, ErrorAnswer> {
    let place = format!("{place}.image_url");
    let image = inner_object(part, "image_url", &place)?;
    let url = required_string(&image, "url", &place)?;
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
    let file = inner_object(part, "file", &place)?;
    if file.given("file_id").is_some() {
        let message = "The ChatGPT backend has no stored files: send the file's data.";
        let param = format!("{place}.file_id");
        return Err(ErrorAnswer::invalid("unsupported_parameter", message).param(param));
    }
    let data = required_string(&file, "file_data", &place)?;
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
