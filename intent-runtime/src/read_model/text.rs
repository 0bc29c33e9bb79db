//! The text of a query, before it becomes a part of a statement.

use crate::record::column::Column;

/// What a text begins with.
const STARTS: [&str; 7] = [
    "where", "group", "having", "order", "limit", "offset", "fetch",
];

/// Words by which a text could name other rows than those of its tenant.
const OTHER_ROWS: [&str; 12] = [
    "select",
    "union",
    "intersect",
    "except",
    "table",
    "values",
    "with",
    "join",
    "into",
    "lateral",
    "tablesample",
    "returning",
];

/// Beginnings of names by which a text could run another statement, or change what its own one sees.
const OTHER_STATEMENTS: [&str; 8] = [
    "pg_",
    "dblink",
    "sqlite_",
    "intent_read",
    "information_schema",
    "set_config",
    "ts_stat",
    "load_extension",
];

/// Checks that a text can name no other rows than those that it stands behind. It is the program's own, so a mistake is found
/// the first time it is used. The rules hold for all databases alike, and a text that one of them may read in another way is
/// refused. A quoted name must be one of the columns, since SQLite takes another one for a text; and there must be as many values
/// as parameters.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(text: &str, columns: &[Column], values: usize) -> Result<(), String> {
    let mut parameters = 0;
    let mut rest = text;
    let mut depth = 0_usize;
    let mut is_first = true;
    let mut after_in = false;
    while let Some(next) = rest.chars().next() {
        let was_after_in = after_in && !next.is_whitespace();
        if was_after_in {
            after_in = false;
            if next != '(' {
                return Err("`in` without a list".to_owned());
            }
        }
        let mut taken = next.len_utf8();
        match next {
            '\'' | '"' => {
                taken = quoted(rest, next).ok_or_else(|| format!("a {next} that does not end"))?;
                if is_first {
                    return Err(no_start());
                }
                let name = rest[1..taken - 1].replace("\"\"", "\"");
                if next == '"' && columns.iter().all(|column| column.name != name) {
                    return Err(format!("`{name}` in quotation marks, which is no column"));
                }
                if next == '"' && rest[taken..].trim_start().starts_with('(') {
                    return Err("a function in quotation marks".to_owned());
                }
            }
            '(' => depth += 1,
            ')' => {
                depth = depth
                    .checked_sub(1)
                    .ok_or("a `)` without a `(`".to_owned())?;
            }
            '-' if rest.starts_with("--") => return Err("a comment".to_owned()),
            '/' if rest.starts_with("/*") => return Err("a comment".to_owned()),
            '$' if !rest[1..].starts_with(|digit: char| digit.is_ascii_digit()) => {
                return Err("a `$` that is no parameter".to_owned());
            }
            '$' => {
                let digits = rest[1..].trim_start_matches(|digit: char| digit.is_ascii_digit());
                let number = rest[1..rest.len() - digits.len()].parse::<usize>();
                parameters = parameters.max(number.unwrap_or(usize::MAX));
                taken = rest.len() - digits.len();
            }
            ';' | '\\' | '`' | '[' | ']' | '\0' => {
                return Err(format!("a `{}`", next.escape_default()));
            }
            _ if is_of_word(next) => {
                // A word may follow a number at once: some servers read `1union` as two.
                let is_of_it =
                    |next: char| match rest.starts_with(|first: char| first.is_ascii_digit()) {
                        true => next.is_ascii_digit(),
                        false => is_of_word(next),
                    };
                taken = rest.find(|next| !is_of_it(next)).unwrap_or(rest.len());
                let word = rest[..taken].to_lowercase();
                if is_first && !STARTS.contains(&&*word) {
                    return Err(no_start());
                }
                if is_refused(&word) {
                    return Err(format!("`{word}`"));
                }
                // `e'..'` and `U&'..'` end elsewhere than other texts do.
                let behind = rest[taken..].trim_start_matches('&');
                if behind.starts_with(['\'', '"']) {
                    return Err(format!("`{word}` before a quotation mark"));
                }
                after_in = word == "in";
                is_first = false;
            }
            _ if is_first && !next.is_whitespace() => {
                return Err(no_start());
            }
            _ => {}
        }
        rest = &rest[taken..];
    }
    match (depth, after_in) {
        (0, false) if parameters == values => Ok(()),
        (0, false) => Err(format!(
            "the parameters $1 to ${parameters}, not as many as there are values: {values}"
        )),
        (0, true) => Err("`in` without a list".to_owned()),
        _ => Err("a `(` that does not end".to_owned()),
    }
}

fn no_start() -> String {
    format!(
        "no `{}` at its start: conditions begin with `where`, as in `where balance > $1`",
        STARTS.join("`, `")
    )
}

fn is_refused(word: &str) -> bool {
    let mut statements = OTHER_STATEMENTS.iter();
    OTHER_ROWS.contains(&word)
        || statements.any(|start| word.starts_with(start))
        || word.contains("_to_xml")
}

fn is_of_word(next: char) -> bool {
    next.is_alphanumeric() || next == '_'
}

/// How long a text in quotation marks is, where two of them within it are one.
fn quoted(text: &str, mark: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text[at..].find(mark)? + 1;
        match text[at..].starts_with(mark) {
            true => at += 1,
            false => return Some(at),
        }
    }
}
