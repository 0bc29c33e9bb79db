//! Reads what is around an item in its file: names, `#[commands]` blocks, derives above.
//!
//! A name that a macro makes may be taken by an item that the macro does not get. rustc then reports the name, each impl that exists
//! twice, and each use, and no error says that a command can have another name. So the macros read the file. If they cannot read it,
//! as in some editors and in documentation tests, the user gets rustc's errors.
//!
//! Invariant: the reader causes an error only where rustc would report one too. What is not certain counts as absent: items behind a
//! `cfg` or under an attribute of another crate, the input of macro calls, and what a glob import may bring.

mod items;
mod place;
mod scope;
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

use proc_macro2::{LineColumn, fallback};

use place::Place;
pub(crate) use scope::{COMMAND, Scope};

/// A file, as it was when it was read.
struct File {
    modified: SystemTime,
    syntax: syn::File,
    /// The types that were reported, each with the scope that it stands in.
    reported: RefCell<HashSet<(usize, String)>>,
}

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
    look(|_, file, place| Some(read(&Scope::read(&Place::find(&file.syntax, place)?))))
}

/// The paths of the derives above the current attribute; none if its file cannot be read.
pub(crate) fn derives_above() -> Vec<Vec<String>> {
    let above = look(|_, file, place| Some(Place::find(&file.syntax, place)?.derives_above()));
    above.unwrap_or_default()
}

/// Whether the file of the current attribute sends a command of this name although nothing brings it.
pub(crate) fn misses(command: &str) -> bool {
    let misses = look(|path, file, place| {
        let misses = uses::misses(&file.syntax, command)
            && Place::find(&file.syntax, place).is_some()
            && !types::may_be_included(path);
        Some(misses)
    });
    misses.unwrap_or_default()
}

/// The type of this name beside the current attribute, if it lacks one of the `needed` traits. `None` if it has them all, or if that
/// cannot be known.
pub(crate) fn lacking<'a>(name: &str, needed: &[&'a str]) -> Option<Lacking<'a>> {
    look(|path, file, place| {
        let scope = Place::find(&file.syntax, place)?.scope;
        let plain = types::plain(&scope, name)?;
        let traits = plain.lacks(needed, name, (path, &file.syntax));
        if traits.is_empty() {
            return None;
        }
        let address = std::ptr::from_ref(*scope.first()?).addr();
        Some(Lacking {
            traits,
            has_derives: !plain.derives.is_empty(),
            keyword: plain.keyword,
            is_news: file
                .reported
                .borrow_mut()
                .insert((address, name.to_owned())),
        })
    })
}

/// Gives `read` the current attribute's file and place. Its tokens are values of their own, and not the compiler's, which do not outlive
/// the call.
fn look<T>(read: impl FnOnce(&PathBuf, &File, LineColumn) -> Option<T>) -> Option<T> {
    let (path, place) = call_site()?;
    fallback::force();
    let read = file(&path).and_then(|file| read(&path, &file, place));
    fallback::unforce();
    read
}

fn call_site() -> Option<(PathBuf, LineColumn)> {
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
        [last] | ["intent_runtime", last] if items::OURS.contains(&last) => {}
        _ => return None,
    }
    let place = LineColumn {
        line: call.line(),
        column: call.column() - 1,
    };
    Some((call.local_file()?, place))
}

fn file(path: &PathBuf) -> Option<Rc<File>> {
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    FILES.with_borrow_mut(|files| {
        if let Some(known) = files.get(path).filter(|file| file.modified == modified) {
            return Some(Rc::clone(known));
        }
        let file = Rc::new(File {
            modified,
            syntax: syn::parse_file(&fs::read_to_string(path).ok()?).ok()?,
            reported: RefCell::default(),
        });
        files.insert(path.clone(), Rc::clone(&file));
        Some(file)
    })
}
