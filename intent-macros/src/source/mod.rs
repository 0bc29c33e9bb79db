//! Reads what is around an item in its file: names, `#[commands]` blocks, derives above.
//!
//! A name that a macro makes may be taken by an item that the macro does not get. rustc then reports the name, each impl that exists
//! twice, and each use, and no error says that a command can have another name. So the macros read the file. If they cannot read it,
//! as in some editors and in documentation tests, the user gets rustc's errors.
//!
//! Invariant: the reader causes an error only where rustc would report one too. What is not certain counts as absent: items behind a
//! `cfg` or under an attribute of another crate, the input of macro calls, and what a glob import may bring.

mod items;
mod scope;
mod tokens;
mod types;
mod uses;

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    fs,
    path::PathBuf,
    rc::Rc,
    time::SystemTime,
};

pub(crate) use scope::{COMMAND, Scope};
use tokens::{Group, Place, Token};

/// A file, as it was when it was read.
struct File {
    modified: SystemTime,
    tokens: Vec<Token>,
    /// The types that were reported, each with the scope that it stands in.
    reported: RefCell<HashSet<(usize, String)>>,
}

/// A type that lacks traits.
pub(crate) struct Lacking<'a> {
    pub(crate) traits: Vec<&'a str>,
    /// `struct` or `enum`.
    pub(crate) keyword: &'static str,
    pub(crate) has_derives: bool,
    /// Whether this is the first time that the type is reported: one type in several places is one mistake.
    pub(crate) is_news: bool,
}

thread_local! {
    /// The files read so far: a file with many aggregates is read once.
    static FILES: RefCell<HashMap<PathBuf, Rc<File>>> = RefCell::default();
}

/// The result of `read` for the scope of the current attribute; `None` if the file cannot be read.
pub(crate) fn beside<T>(read: impl FnOnce(&Scope<'_>) -> T) -> Option<T> {
    look(|tokens, own| read(&Scope::read(tokens, own)))
}

/// The paths of the derives above the current attribute; none if its file cannot be read.
pub(crate) fn derives_above() -> Vec<Vec<String>> {
    let above = look(|tokens, own| {
        let paths = items::derives_above(tokens, own).into_iter();
        paths
            .map(|path| path.into_iter().map(str::to_owned).collect())
            .collect()
    });
    above.unwrap_or_default()
}

/// Whether the file of the current attribute sends a command of this name although nothing brings it.
pub(crate) fn misses(command: &str) -> bool {
    let Some((path, place)) = call_site() else {
        return false;
    };
    file(path.clone()).is_some_and(|file| {
        uses::misses(&file.tokens, command)
            && items::attribute(&file.tokens, place).is_some()
            && !types::may_be_included(&path)
    })
}

/// The type of this name beside the current attribute, if it lacks one of the `needed` traits. `None` if it has them all, or if that
/// cannot be known.
pub(crate) fn lacking<'a>(name: &str, needed: &[&'a str]) -> Option<Lacking<'a>> {
    let (path, place) = call_site()?;
    let file = file(path.clone())?;
    let (scope, _) = items::attribute(&file.tokens, place)?;
    let plain = types::plain(scope, name)?;
    let traits = plain.lacks(needed, name, (&path, &file.tokens));
    if traits.is_empty() {
        return None;
    }
    let key = (scope.as_ptr().addr(), name.to_owned());
    Some(Lacking {
        traits,
        has_derives: plain.has_derives(),
        keyword: plain.keyword,
        is_news: file.reported.borrow_mut().insert(key),
    })
}

fn look<T>(read: impl FnOnce(&[Token], &Group) -> T) -> Option<T> {
    let (path, place) = call_site()?;
    let file = file(path)?;
    let (scope, own) = items::attribute(&file.tokens, place)?;
    Some(read(scope, own))
}

fn call_site() -> Option<(PathBuf, Place)> {
    if !proc_macro::is_available() {
        return None;
    }
    let call = proc_macro::Span::call_site();
    // If another macro wrote the attribute, the span is that macro's call.
    let text = call.source_text()?;
    let path = text
        .trim_start_matches(['#', '['])
        .split(['(', ']'])
        .next()?;
    let words: Vec<_> = path
        .split(':')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect();
    match words[..] {
        [last] | ["intent_runtime", last] if items::READ.contains(&last) => {}
        _ => return None,
    }
    let place = Place {
        line: call.line(),
        column: call.column(),
    };
    Some((call.local_file()?, place))
}

fn file(path: PathBuf) -> Option<Rc<File>> {
    let modified = fs::metadata(&path).ok()?.modified().ok()?;
    FILES.with_borrow_mut(|files| {
        if let Some(known) = files.get(&path).filter(|file| file.modified == modified) {
            return Some(Rc::clone(known));
        }
        let text = fs::read_to_string(&path).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let file = Rc::new(File {
            modified,
            tokens: tokens::read(text)?,
            reported: RefCell::default(),
        });
        files.insert(path, Rc::clone(&file));
        Some(file)
    })
}

#[cfg(test)]
fn beside_in<T>(text: &str, at: (usize, usize), read: impl FnOnce(&Scope<'_>) -> T) -> Option<T> {
    let tokens = tokens::read(text)?;
    let (line, column) = at;
    let (scope, own) = items::attribute(&tokens, Place { line, column })?;
    Some(read(&Scope::read(scope, own)))
}
