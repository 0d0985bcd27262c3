//! A code in large letters, to be read from a distance.

/// How many rows a letter takes.
const ROWS: usize = 5;

/// The letters of user codes: `#` is a block.
const LETTERS: [(char, [&str; ROWS]); 37] = [
    ('A', [" ## ", "#  #", "####", "#  #", "#  #"]),
    ('B', ["### ", "#  #", "### ", "#  #", "### "]),
    ('C', [" ###", "#   ", "#   ", "#   ", " ###"]),
    ('D', ["### ", "#  #", "#  #", "#  #", "### "]),
    ('E', ["####", "#   ", "### ", "#   ", "####"]),
    ('F', ["####", "#   ", "### ", "#   ", "#   "]),
    ('G', [" ###", "#   ", "# ##", "#  #", " ###"]),
    ('H', ["#  #", "#  #", "####", "#  #", "#  #"]),
    ('I', ["###", " # ", " # ", " # ", "###"]),
    ('J', ["  ##", "   #", "   #", "#  #", " ## "]),
    ('K', ["#  #", "# # ", "##  ", "# # ", "#  #"]),
    ('L', ["#   ", "#   ", "#   ", "#   ", "####"]),
    ('M', ["#   #", "## ##", "# # #", "#   #", "#   #"]),
    ('N', ["#   #", "##  #", "# # #", "#  ##", "#   #"]),
    ('O', [" ## ", "#  #", "#  #", "#  #", " ## "]),
    ('P', ["### ", "#  #", "### ", "#   ", "#   "]),
    ('Q', [" ## ", "#  #", "#  #", "# ##", " ###"]),
    ('R', ["### ", "#  #", "### ", "# # ", "#  #"]),
    ('S', [" ###", "#   ", " ## ", "   #", "### "]),
    ('T', ["#####", "  #  ", "  #  ", "  #  ", "  #  "]),
    ('U', ["#  #", "#  #", "#  #", "#  #", " ## "]),
    ('V', ["#   #", "#   #", "#   #", " # # ", "  #  "]),
    ('W', ["#   #", "#   #", "# # #", "## ##", "#   #"]),
    ('X', ["#   #", " # # ", "  #  ", " # # ", "#   #"]),
    ('Y', ["#   #", " # # ", "  #  ", "  #  ", "  #  "]),
    ('Z', ["####", "  # ", " #  ", "#   ", "####"]),
    ('0', [" ## ", "# ##", "## #", "#  #", " ## "]),
    ('1', [" # ", "## ", " # ", " # ", "###"]),
    ('2', ["### ", "   #", " ## ", "#   ", "####"]),
    ('3', ["### ", "   #", " ## ", "   #", "### "]),
    ('4', ["#  #", "#  #", "####", "   #", "   #"]),
    ('5', ["####", "#   ", "### ", "   #", "### "]),
    ('6', [" ## ", "#   ", "### ", "#  #", " ## "]),
    ('7', ["####", "   #", "  # ", " #  ", " #  "]),
    ('8', [" ## ", "#  #", " ## ", "#  #", " ## "]),
    ('9', [" ## ", "#  #", " ###", "   #", " ## "]),
    ('-', ["   ", "   ", "###", "   ", "   "]),
];

/// The rows of the text in large letters; `None` if they take more columns, or if the text
/// has other characters.
pub(super) fn rows(text: &str, columns: usize) -> Option<Vec<String>> {
    let letters = text.chars().map(letter).collect::<Option<Vec<_>>>()?;
    let row = |n: usize| {
        let parts = letters.iter().map(|letter| letter[n]);
        parts.collect::<Vec<_>>().join(" ").replace('#', "█")
    };
    let rows: Vec<String> = (0..ROWS).map(row).collect();
    let fits = rows.iter().all(|row| row.chars().count() <= columns);
    fits.then_some(rows)
}

fn letter(c: char) -> Option<&'static [&'static str; ROWS]> {
    let found = LETTERS.iter().find(|(letter, _)| *letter == c);
    found.map(|(_, rows)| rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_five_rows_of_letters() {
        let expected = [
            " ██  █  █",
            "█  █ █  █",
            "████ ████",
            "█  █    █",
            "█  █    █",
        ];
        assert_eq!(rows("A4", 9).unwrap(), expected);
    }

    #[test]
    fn a_letter_is_as_wide_in_every_row_and_like_no_other() {
        for (n, (c, rows)) in LETTERS.iter().enumerate() {
            assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{c}");
            assert!(LETTERS[..n].iter().all(|(_, other)| other != rows), "{c}");
        }
    }

    #[test]
    fn every_code_of_ten_characters_fits_into_sixty_columns() {
        assert!(rows("WWWW-WWWWW", 59).is_some());
    }

    #[test]
    fn a_text_that_does_not_fit_or_has_other_characters_has_no_rows() {
        assert_eq!(rows("A4", 8), None);
        assert_eq!(rows("a4", 80), None);
    }
}
