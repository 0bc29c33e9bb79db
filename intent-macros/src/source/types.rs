//! Types of a scope that can be seen to lack traits.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::tokens::{self, Token};

/// Derives that implement no trait but the one that they are named after.
const DERIVES: [&str; 13] = [
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Deserialize",
    "Eq",
    "Error",
    "Hash",
    "JsonSchema",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Serialize",
];

/// Attributes that implement nothing.
const INERT: [&str; 14] = [
    "allow",
    "clippy",
    "deny",
    "deprecated",
    "doc",
    "error",
    "expect",
    "forbid",
    "must_use",
    "non_exhaustive",
    "repr",
    "schemars",
    "serde",
    "warn",
];

/// A struct or an enum that has none but derives that are known.
#[derive(Debug)]
pub(super) struct Plain {
    /// `struct` or `enum`.
    pub(super) keyword: &'static str,
    derives: Vec<String>,
}

/// The plain type of this name in the scope; `None` if its traits may come from an attribute or a derive.
pub(super) fn plain(scope: &[Token], name: &str) -> Option<Plain> {
    let mut found = None;
    let mut above = Vec::new();
    for (at, token) in scope.iter().enumerate() {
        let is_attribute = at > 0 && scope[at - 1].is('#');
        let keyword = match token {
            Token::Group(group) if is_attribute && group.open == '[' => {
                above.push(group.tokens.as_slice());
                continue;
            }
            // The visibility stands between the attributes and the item.
            Token::Group(group) if group.open == '(' => continue,
            Token::Sign('#') => continue,
            Token::Word(word) => match word.as_str() {
                "pub" => continue,
                "struct" => "struct",
                "enum" => "enum",
                _ => "",
            },
            _ => "",
        };
        let above = std::mem::take(&mut above);
        if !keyword.is_empty() && scope.get(at + 1).and_then(Token::word) == Some(name) {
            if found.is_some() {
                return None;
            }
            let derives = derives(&above)?;
            found = Some(Plain { keyword, derives });
        }
    }
    found
}

/// All that these attributes derive; `None` if one of them may do more.
fn derives(attributes: &[&[Token]]) -> Option<Vec<String>> {
    let mut derives = Vec::new();
    for attribute in attributes {
        match attribute.first().and_then(Token::word) {
            Some("derive") => derives.extend(super::items::derived(attribute)),
            Some(word) if INERT.contains(&word) => {}
            _ => return None,
        }
    }
    let is_known = |derive: &String| DERIVES.contains(&derive.as_str());
    derives.iter().all(is_known).then_some(derives)
}

impl Plain {
    pub(super) fn has_derives(&self) -> bool {
        !self.derives.is_empty()
    }

    /// Those of the `needed` traits that the type has neither by a derive nor by anything in the crate; `file` is the one
    /// that it stands in.
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
        for other in crate_files(file) {
            // What is no text is no module.
            let text = fs::read_to_string(other).unwrap_or_default();
            let tokens = match text.contains(name) || text.contains("include!") {
                true => tokens::read(&text),
                false => continue,
            };
            if !tokens.is_some_and(|tokens| keep_missing(&tokens, name, &mut missing)) {
                return Vec::new();
            }
        }
        missing
    }
}

/// Takes the traits that these items implement for the type out of `missing`. False if none is left, or if a macro may
/// implement them.
fn keep_missing(tokens: &[Token], name: &str, missing: &mut Vec<&str>) -> bool {
    remain(tokens, name, missing, false) && !missing.is_empty()
}

fn remain(tokens: &[Token], name: &str, missing: &mut Vec<&str>, is_body: bool) -> bool {
    let mut is_function = is_body;
    for (at, token) in tokens.iter().enumerate() {
        let rest = &tokens[at + 1..];
        match token {
            Token::Word(word) if word == "fn" => is_function = true,
            Token::Word(word) if word == "impl" => {
                let end = rest.iter().position(|token| token.group('{').is_some());
                let header = &rest[..end.unwrap_or(rest.len())];
                if mentions(header, "for") && mentions(header, name) {
                    missing.retain(|word| !mentions(header, word));
                }
            }
            // The macros in a function's body make values, and those elsewhere items.
            Token::Word(word) if !is_body && rest.first().is_some_and(|next| next.is('!')) => {
                let arguments = &rest[..rest.len().min(3)];
                if word == "include" || mentions(arguments, name) {
                    return false;
                }
            }
            Token::Group(group) => {
                if !remain(&group.tokens, name, missing, is_function) {
                    return false;
                }
                is_function = is_body || is_function && group.open != '{';
            }
            Token::Sign(';') => is_function = is_body,
            _ => {}
        }
    }
    true
}

fn mentions(tokens: &[Token], name: &str) -> bool {
    tokens.iter().any(|token| match token {
        Token::Word(word) => word == name,
        Token::Group(group) => mentions(&group.tokens, name),
        _ => false,
    })
}

/// The files of the crate but for `file`: those of its package, and those beside a file that stands elsewhere.
fn crate_files(file: &Path) -> Vec<PathBuf> {
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
    files
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
        ] {
            assert_eq!(missing(file), None, "{file}");
        }
    }
}
