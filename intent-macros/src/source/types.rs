//! Types of a scope that certainly lack traits.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    items::{INERT, MAKE_VALUES, imported, is_for_a_macro, is_plain, items, last_word},
    tokens::{self, Token, mentions},
};

/// A struct or an enum whose derives are all known.
#[derive(Debug)]
pub(super) struct Plain {
    /// `struct` or `enum`.
    pub(super) keyword: &'static str,
    derives: Vec<String>,
}

/// The plain type of this name in the scope; `None` if its traits may come from an attribute or a derive.
pub(super) fn plain(scope: &[Token], name: &str) -> Option<Plain> {
    let named = items(scope).filter_map(|item| {
        let (keyword, found) = item.declared()?;
        (found == name).then_some((keyword, item))
    });
    let named: Vec<_> = named.collect();
    let [(keyword, item)] = named.as_slice() else {
        return None;
    };
    let keyword = match *keyword {
        "struct" => "struct",
        "enum" => "enum",
        _ => return None,
    };
    let mut attributes = item.attributes.iter();
    let are_known = attributes.all(|attribute| {
        last_word(attribute).is_some_and(|word| word == "derive" || INERT.contains(&word))
    });
    let derives = item.derives();
    (are_known && derives.iter().all(|path| is_plain(path))).then(|| Plain {
        keyword,
        derives: derives
            .iter()
            .filter_map(|path| path.last())
            .map(ToString::to_string)
            .collect(),
    })
}

impl Plain {
    pub(super) fn has_derives(&self) -> bool {
        !self.derives.is_empty()
    }

    /// The `needed` traits that the type has neither from a derive nor from anything in the crate. `file` is the type's own.
    pub(super) fn lacks<'a>(
        &self,
        needed: &[&'a str],
        name: &str,
        (file, tokens): (&Path, &[Token]),
    ) -> Vec<&'a str> {
        let is_derived = |word: &str| self.derives.iter().any(|derived| derived == word);
        let mut missing = needed.to_vec();
        missing.retain(|word| !is_derived(word));
        if !keep_missing(tokens, name, &mut missing) {
            return Vec::new();
        }
        for text in texts_beside(file) {
            let tokens = match text.contains(name) || text.contains("include") {
                true => tokens::read(&text),
                false => continue,
            };
            // With `#[path]`, a module may be in a file elsewhere.
            if text.contains("#[path")
                || !tokens.is_some_and(|tokens| keep_missing(&tokens, name, &mut missing))
            {
                return Vec::new();
            }
        }
        missing
    }
}

/// Whether another file of the crate may include this one, and give it names of its own.
pub(super) fn may_be_included(file: &Path) -> bool {
    texts_beside(file).any(|text| text.contains("include!"))
}

/// Removes the traits that these items implement for the type from `missing`. False if none is left, or if a macro or an alias may
/// implement them.
fn keep_missing(tokens: &[Token], name: &str, missing: &mut Vec<&str>) -> bool {
    let is_read = items(tokens).all(|item| {
        if let Some(called) = item.called() {
            let is_included = called.starts_with("include");
            return MAKE_VALUES.contains(&called) || !is_included && !mentions(item.tokens, name);
        }
        match item.head() {
            ("impl", header) if mentions(header, "for") => {
                let body = header.iter().position(|token| token.group('{').is_some());
                let header = &header[..body.unwrap_or(header.len())];
                if mentions(header, name) {
                    missing.retain(|word| !mentions(header, word));
                }
            }
            ("type", alias) if mentions(alias, name) => return false,
            ("use", tree) if is_renamed(tree, name) => return false,
            _ => {}
        }
        let mut tokens = item.tokens.iter().enumerate();
        tokens.all(|(at, token)| match token {
            Token::Group(group) if !is_for_a_macro(item.tokens, at) => {
                keep_missing(&group.tokens, name, missing)
            }
            _ => true,
        })
    });
    is_read && !missing.is_empty()
}

/// Whether a tree of imports gives the name another one.
fn is_renamed(tree: &[Token], name: &str) -> bool {
    let mut imports = Vec::new();
    imported(tree, &[], &mut imports);
    let mut imports = imports.into_iter();
    imports.any(|(found, path)| found != name && path.last() == Some(&name))
}

/// The texts of the crate's other files: those of its package, and those beside `file` if it is outside of the package.
fn texts_beside(file: &Path) -> impl Iterator<Item = String> {
    let mut files = Vec::new();
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let beside = file.parent().map(Path::to_path_buf);
    let is_elsewhere = |folder: &PathBuf| {
        let package = package.as_ref();
        !package.is_some_and(|package| folder.starts_with(package))
    };
    let beside = beside.filter(is_elsewhere);
    for folder in package.into_iter().chain(beside) {
        collect(&folder, &mut files);
    }
    files.retain(|other| other != file);
    // A file that is not text is not a module.
    files
        .into_iter()
        .filter_map(|file| fs::read_to_string(file).ok())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let name = entry.file_name();
        let is_hidden = name.as_encoded_bytes().starts_with(b".") || name == "target";
        if is_folder && !is_hidden && !path.join("Cargo.toml").exists() {
            collect(&path, files);
        } else if !is_folder && path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{keep_missing, plain, tokens::read};

    fn missing(file: &str) -> Option<Vec<&'static str>> {
        let tokens = read(file).unwrap();
        let plain = plain(&tokens, "Money")?;
        let mut missing = vec!["Clone", "Serialize"];
        missing.retain(|word| !plain.derives.iter().any(|derived| derived == word));
        keep_missing(&tokens, "Money", &mut missing).then_some(missing)
    }

    #[test]
    fn what_a_plain_type_lacks_is_seen() {
        let both = vec!["Clone", "Serialize"];
        for (file, lacks) in [
            ("struct Money(i64);", both.clone()),
            (
                "#[derive(Debug)] #[repr(u8)] pub(crate) enum Money { A }",
                both.clone(),
            ),
            ("#[derive(serde::Serialize)] struct Money;", vec!["Clone"]),
            ("impl Serialize for Money {} struct Money;", vec!["Clone"]),
            (
                "struct Money; impl<T: Serialize> Of<T> { fn f(m: Money) {} }",
                both.clone(),
            ),
            (
                "struct Money; fn f() -> T { assert_eq!(Money, g()); } fn g();",
                both,
            ),
        ] {
            assert_eq!(missing(file).as_ref(), Some(&lacks), "{file}");
        }
    }

    #[test]
    fn nothing_is_said_of_what_may_have_its_traits_from_somewhere() {
        for file in [
            "use a::Money;",
            "mod a { struct Money; }",
            "union Money { a: u8 }",
            "#[value] struct Money;",
            "#[cfg(a)] struct Money;",
            "#[derive(Storable)] struct Money;",
            "#[derive(Clone, Serialize)] struct Money;",
            "#[cfg_attr(a, derive(Serialize))] struct Money;",
            "impl Clone for Money {} const _: () = { impl serde::Serialize for Money {} }; struct Money;",
            "struct Money; storable!(Money);",
            "fn f(); storable!(Money); struct Money;",
            "fn f() {} struct Money; storable!(Money);",
            "struct Money; fn f() { impl Clone for Money {} impl Serialize for Money {} }",
            "struct Money; mod a { storable! { Other, super::Money } }",
            "struct Money; const _: () = { storable!(Money); };",
            "struct Money; macro_rules! all { () => { impl Serialize for Money {} } }",
            "struct Money; include!(\"impls.rs\");",
            "struct Money; a::include_proto!(\"impls\");",
            "struct Money; fn f() { storable!(Money); }",
            "#[derive(other::Clone)] struct Money;",
            "#[other::value] struct Money;",
            "struct Money; use self::Money as Cash; impl Serialize for Cash {}",
            "struct Money; type Cash = Money; impl Serialize for Cash {}",
        ] {
            assert_eq!(missing(file), None, "{file}");
        }
    }
}
