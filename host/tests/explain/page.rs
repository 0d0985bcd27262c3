//! docs/troubleshooting.md: the entries of `explain` as a page.

use std::env;
use std::fmt::Write;
use std::fs;

use chatgpt_oauth_answers::{ErrorCode, Explanation};

use crate::support;

const BEGINNING: &str = "\
# Troubleshooting

Every failed call has a `code`. `chatgpt-oauth explain CODE` prints its entry, `chatgpt-oauth explain` lists the codes.
`error` and `hint` of the answer say what happened in this call. [embedding.md](embedding.md#errors) says how a program
reacts to each code.

Most failures of a machine have one of four causes. `chatgpt-oauth doctor` checks them all: the store and its key, the
network to both hosts, the clock, and a component that cannot run.
";

/// The page as it must be. `EXPLAIN=overwrite` writes it.
#[test]
fn the_page_has_the_entry_of_every_code() {
    let mut page = BEGINNING.to_owned();
    for code in ErrorCode::ALL {
        let Explanation { cause, kept, steps } = code.explanation();
        let exit_code = code.class().exit_code();
        write!(page, "\n## {}\n\n", code.name()).unwrap();
        write!(page, "{cause}\n\n").unwrap();
        write!(page, "Kept: {kept} Exit code: {exit_code}.\n\n").unwrap();
        for (number, step) in (1..).zip(steps) {
            writeln!(page, "{number}. {step}").unwrap();
        }
    }
    let file = support::root().join("docs/troubleshooting.md");
    if env::var_os("EXPLAIN").is_some_and(|mode| mode == "overwrite") {
        fs::write(&file, &page).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "EXPLAIN=overwrite writes docs/troubleshooting.md"
    );
}
