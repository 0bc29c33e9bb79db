//! Two texts, line by line, as failed tests show them.

use std::fmt::{Display, Write as _};

use similar::{ChangeTag, TextDiff};

/// The lines of both texts: `-` before those of the first alone, `+` before those of the second alone. `names` says
/// what each text is.
pub(crate) fn difference(names: [impl Display; 2], first: &str, second: &str) -> String {
    let [first_name, second_name] = names;
    let mut text = format!("    - {first_name}\n    + {second_name}\n\n");
    for change in TextDiff::from_lines(first, second).iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "    {sign} {}", change.value().trim_end_matches('\n'));
    }
    text
}
