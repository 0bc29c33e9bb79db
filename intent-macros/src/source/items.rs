//! What the attributes and the imports of an item say.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Expr, Ident, ImplItemFn, Item, Macro, Meta, Path, UseTree};

use crate::syntax::{attr::list, respan::upper_camel};

/// Attributes that do not change an item and implement nothing.
pub(super) const INERT: [&str; 19] = [
    "allow",
    "clippy",
    "deny",
    "deprecated",
    "doc",
    "error",
    "expect",
    "forbid",
    "ignore",
    "inline",
    "main",
    "must_use",
    "non_exhaustive",
    "repr",
    "schemars",
    "serde",
    "should_panic",
    "test",
    "warn",
];

/// Derives that implement only the trait they are named after.
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

/// Macros that declare nothing.
const MAKE_VALUES: [&str; 11] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprintln",
    "panic",
    "print",
    "println",
];

/// Our attributes, and the derives. They leave an item in its place too.
pub(super) const OURS: [&str; 9] = [
    "Aggregate",
    "aggregate",
    "command",
    "commands",
    "create",
    "derive",
    "event",
    "handle",
    "value",
];

pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The keyword and the name of an item that declares a type or a module.
pub(super) fn declared(item: &Item) -> Option<(&'static str, &Ident)> {
    match item {
        Item::Enum(item) => Some(("enum", &item.ident)),
        Item::Mod(item) => Some(("module", &item.ident)),
        Item::Struct(item) => Some(("struct", &item.ident)),
        Item::Trait(item) => Some(("trait", &item.ident)),
        Item::Type(item) => Some(("type alias", &item.ident)),
        Item::Union(item) => Some(("union", &item.ident)),
        _ => None,
    }
}

/// The attribute whose path ends with this word.
pub(super) fn attribute<'a>(attributes: &'a [Attribute], word: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|found| last_word(found) == word)
}

/// Whether a build may leave out what has these attributes.
pub(super) fn is_conditional(attributes: &[Attribute]) -> bool {
    attribute(attributes, "cfg").is_some() || attribute(attributes, "cfg_attr").is_some()
}

/// Whether what has the attribute exists in every build, in its place.
pub(super) fn is_certain(attribute: &Attribute) -> bool {
    let path = words(attribute.path());
    let is_ours = || path.len() == 1 || path[0] == "intent_runtime";
    let last = last_word(attribute);
    INERT.contains(&last.as_str()) || OURS.contains(&last.as_str()) && is_ours()
}

/// Whether an attribute adds no item other than the impls that its derives are named after.
pub(super) fn brings_nothing(attribute: &Attribute) -> bool {
    match last_word(attribute).as_str() {
        "derive" => {
            let is_ours = |path: &Vec<String>| path.last().is_some_and(|last| last == "Aggregate");
            let mut derived = derived(attribute).into_iter();
            derived.all(|path| is_plain(&path) || is_ours(&path))
        }
        last => is_certain(attribute) || last == "cfg",
    }
}

pub(super) fn last_word(attribute: &Attribute) -> String {
    words(attribute.path()).pop().unwrap_or_default()
}

fn words(path: &Path) -> Vec<String> {
    let segments = path.segments.iter();
    segments.map(|segment| segment.ident.to_string()).collect()
}

pub(super) fn derives(attributes: &[Attribute]) -> Vec<Vec<String>> {
    let derives = attributes
        .iter()
        .filter(|found| last_word(found) == "derive");
    derives.flat_map(derived).collect()
}

fn derived(derive: &Attribute) -> Vec<Vec<String>> {
    let paths = list::<Path>(derive).into_iter().flatten();
    paths.map(|path| words(&path)).collect()
}

/// Whether a derive implements the trait that it is named after, and no other.
pub(super) fn is_plain(path: &[String]) -> bool {
    const HOMES: [&str; 6] = [
        "core",
        "schemars",
        "serde",
        "serde_derive",
        "std",
        "thiserror",
    ];
    let is_known = path
        .last()
        .is_some_and(|last| DERIVES.contains(&last.as_str()));
    is_known && (path.len() == 1 || HOMES.contains(&path[0].as_str()))
}

/// The name of the command that is made of a function, if one is.
pub(super) fn command(function: &ImplItemFn) -> Option<String> {
    let mark = attribute(&function.attrs, "create").or(attribute(&function.attrs, "handle"))?;
    let entries: Vec<Meta> = match &mark.meta {
        Meta::List(_) => list(mark)?.collect(),
        _ => Vec::new(),
    };
    for entry in entries {
        match entry {
            // A command of the user's own.
            Meta::Path(_) => return None,
            Meta::NameValue(name) => match &name.value {
                Expr::Path(name) => return name.path.get_ident().map(Ident::to_string),
                _ => return None,
            },
            Meta::List(_) => {}
        }
    }
    Some(upper_camel(&function.sig.ident.to_string()))
}

/// The names that the imports among some items bring, each with its path.
pub(super) fn imports<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<(String, Vec<String>)> {
    let mut imports = Vec::new();
    for item in items {
        if let Item::Use(item) = item {
            imported(&item.tree, &[], &mut imports);
        }
    }
    imports
}

/// The names that a tree of imports brings, each with its path. Globs are left out.
pub(super) fn imported(tree: &UseTree, above: &[String], found: &mut Vec<(String, Vec<String>)>) {
    let below = |ident: &Ident| {
        let own = Some(ident.to_string()).filter(|word| word != "self");
        above.iter().cloned().chain(own).collect::<Vec<_>>()
    };
    match tree {
        UseTree::Path(path) => imported(&path.tree, &below(&path.ident), found),
        UseTree::Name(name) => {
            let path = below(&name.ident);
            found.extend(path.last().cloned().map(|name| (name, path)));
        }
        UseTree::Rename(name) if name.rename != "_" => {
            found.push((name.rename.to_string(), below(&name.ident)));
        }
        UseTree::Group(group) => {
            let trees = group.items.iter();
            trees.for_each(|tree| imported(tree, above, found));
        }
        UseTree::Rename(_) | UseTree::Glob(_) => {}
    }
}

/// Whether a macro that is called in the place of an item or a statement declares nothing.
pub(super) fn makes_a_value(call: &Macro) -> bool {
    let last = words(&call.path).pop().unwrap_or_default();
    MAKE_VALUES.contains(&last.as_str())
}

/// Whether a word stands among the tokens, or in their brackets.
pub(super) fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(found) => found == word,
        TokenTree::Group(group) => mentions(group.stream(), word),
        _ => false,
    })
}

/// The same for a part of an item.
pub(super) fn has_word(part: &impl ToTokens, word: &str) -> bool {
    mentions(part.to_token_stream(), word)
}
