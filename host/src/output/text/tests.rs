use textwrap::core::display_width;

use super::{BAD, Line, Text};

/// Faults: M12
#[test]
fn a_value_from_outside_adds_no_line() {
    let mut text = Text::default();
    text.field("version", Some("1\nworld: platform"));
    text.list("imports:", ["a\r\nexports:"].iter());
    let expected = "version: 1 world: platform\nimports:\n  a  exports:";
    assert_eq!(text.join(), expected);
}

/// Faults: M12
#[test]
fn text_has_no_control_or_bidirectional_characters() {
    let outside = "a\u{1b}[31mb\u{9b}c\r\n\u{202e}d\u{7}";
    assert_eq!(Text::from(outside.to_owned()).wrap(None), "a[31mbc \nd");
    let styled = Line::styled(BAD, "\u{1b}[2Jx");
    assert_eq!(styled.content, format!("{BAD}[2Jx{BAD:#}"));
}

#[test]
fn a_line_wraps_at_spaces_and_goes_on_below_its_first_word() {
    let text = Text::from("  one two three four\nhttps://a.very.long/address".to_owned());
    let wrapped = "  one two\n  three\n  four\nhttps://a.very.long/address";
    assert_eq!(text.wrap(Some(10)), wrapped);
}

#[test]
fn columns_align_and_a_long_value_stays_in_its_column() {
    let mut text = Text::default();
    let fields = [("plan", "plus"), ("account", "one two three")];
    let fields = fields.map(|(name, value)| (name, Some(value.to_owned())));
    text.fields(fields, Some(20));
    let wrapped = text.wrap(Some(20));
    let wrapped = anstream::adapter::strip_str(&wrapped).to_string();
    let expected = "plan     plus\naccount  one two\n         three";
    assert_eq!(wrapped, expected);
}

#[test]
fn a_frame_has_one_width_whatever_is_in_it() {
    let mut text = Text::from("words that wrap 漢字".to_owned());
    text.push(Line::styled(BAD, "limit reached"));
    for width in [20, 30, 60] {
        let framed = text.framed(BAD, "unreadable", width).wrap(None);
        for row in framed.lines() {
            assert_eq!(display_width(row), width, "{row}");
        }
    }
}
