//! Types of a scope that certainly lack traits.

use std::{
    fs,
    path::{Path, PathBuf},
};

use syn::{
    File, Item, ItemImpl, ItemMacro, ItemType, ItemUse, StmtMacro,
    visit::{self, Visit},
};

use super::items::{
    INERT, attributes, declared, derives, has_word, imported, is_plain, last_word, makes_a_value,
    mentions,
};

/// A struct or an enum whose derives are all known.
#[derive(Debug)]
pub(super) struct Plain {
    /// `struct` or `enum`.
    pub(super) keyword: &'static str,
    pub(super) derives: Vec<String>,
}

/// The plain type of this name in the scope; `None` if its traits may come from an attribute or a derive.
pub(super) fn plain(scope: &[&Item], name: &str) -> Option<Plain> {
    let mut named = scope.iter().filter_map(|item| {
        let (keyword, found) = declared(item)?;
        (found == name).then_some((keyword, attributes(item)))
    });
    let (Some((keyword @ ("struct" | "enum"), attributes)), None) = (named.next(), named.next())
    else {
        return None;
    };
    let derives = derives(attributes);
    let mut words = attributes.iter().map(last_word);
    let are_known = words.all(|word| word == "derive" || INERT.contains(&word.as_str()))
        && derives.iter().all(|path| is_plain(path));
    let derives = derives.into_iter().filter_map(|mut path| path.pop());
    are_known.then(|| Plain {
        keyword,
        derives: derives.collect(),
    })
}

impl Plain {
    /// The `needed` traits that the type has neither from a derive nor from anything in the crate. `file` is the type's own.
    pub(super) fn lacks<'a>(
        &self,
        needed: &[&'a str],
        name: &str,
        (path, file): (&Path, &File),
    ) -> Vec<&'a str> {
        let is_derived = |word: &str| self.derives.iter().any(|derived| derived == word);
        let mut missing = needed.to_vec();
        missing.retain(|word| !is_derived(word));
        if !keep_missing(file, name, &mut missing) {
            return Vec::new();
        }
        for text in texts_beside(path) {
            if !text.contains(name) && !text.contains("include") {
                continue;
            }
            // With `#[path]`, a module may be in a file elsewhere.
            let file = syn::parse_file(&text).ok();
            let file = file.filter(|_| !text.contains("#[path"));
            if !file.is_some_and(|file| keep_missing(&file, name, &mut missing)) {
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

/// Removes the traits that a file implements for the type from `missing`. False if none is left, or if a macro or an alias may
/// implement them.
fn keep_missing(file: &File, name: &str, missing: &mut Vec<&str>) -> bool {
    let mut impls = Impls {
        name,
        missing,
        may_be_elsewhere: false,
    };
    impls.visit_file(file);
    !impls.may_be_elsewhere && !missing.is_empty()
}

struct Impls<'a, 'b> {
    name: &'a str,
    missing: &'a mut Vec<&'b str>,
    /// Whether something may implement a trait without naming it.
    may_be_elsewhere: bool,
}

impl Impls<'_, '_> {
    fn called(&mut self, call: &syn::Macro) {
        let is_included = call.path.segments.iter();
        let is_included = is_included
            .last()
            .is_some_and(|last| last.ident.to_string().starts_with("include"));
        let may_name_it = is_included || mentions(call.tokens.clone(), self.name);
        self.may_be_elsewhere |= may_name_it && !makes_a_value(call);
    }
}

impl<'ast> Visit<'ast> for Impls<'_, '_> {
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        if let Some((of, _)) = &item.trait_
            && (has_word(&item.self_ty, self.name) || has_word(of, self.name))
        {
            self.missing.retain(|word| !has_word(of, word));
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        self.called(&item.mac);
    }

    fn visit_stmt_macro(&mut self, statement: &'ast StmtMacro) {
        self.called(&statement.mac);
    }

    fn visit_item_type(&mut self, alias: &'ast ItemType) {
        self.may_be_elsewhere |= has_word(alias, self.name);
    }

    /// An import may give the type another name.
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut imports = Vec::new();
        imported(&item.tree, &[], &mut imports);
        let mut imports = imports.into_iter();
        self.may_be_elsewhere |= imports.any(|(found, path)| {
            found != self.name && path.last().is_some_and(|last| last == self.name)
        });
    }
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
    use super::{keep_missing, plain};

    fn missing(file: &str) -> Option<Vec<&'static str>> {
        let file = syn::parse_file(file).unwrap();
        let plain = plain(&file.items.iter().collect::<Vec<_>>(), "Money")?;
        let mut missing = vec!["Clone", "Serialize"];
        missing.retain(|word| !plain.derives.iter().any(|derived| derived == word));
        keep_missing(&file, "Money", &mut missing).then_some(missing)
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
