//! The derives that events, commands and values share. Each is left out if the user has it.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Attribute, DeriveInput, Ident, Meta, Path, parse_quote};

use crate::{
    source,
    syntax::{
        attr,
        diag::{Diagnostics, Mistake},
        paths::Runtime,
    },
};

/// What an event, a command or a value derives, and what each type that it holds must have.
pub(crate) const OURS: [&str; 6] = [
    "Clone",
    "Debug",
    "PartialEq",
    "Serialize",
    "Deserialize",
    "JsonSchema",
];

/// Those of the standard library.
const STANDARD: [&str; 3] = ["Clone", "Debug", "PartialEq"];

/// Which of our derives an item still needs.
#[derive(Clone)]
pub(crate) struct Derives {
    needed: Vec<&'static str>,
    /// Whether they are replaced by impls without content, because a field lacks a trait that they need.
    pub(crate) are_stubs: bool,
}

impl Derives {
    /// All of them: for an item that the macro writes itself.
    pub(crate) fn all(are_stubs: bool) -> Self {
        let needed = OURS.to_vec();
        Self { needed, are_stubs }
    }

    /// Those that the item does not derive itself. Derives above our attribute, which rustc has expanded already, are reported.
    pub(crate) fn missing(
        diag: &Diagnostics,
        attribute: &str,
        ident: &Ident,
        attributes: &[Attribute],
    ) -> Self {
        let above = source::derives_above();
        let above: Vec<_> = above.iter().filter_map(|path| certain(path)).collect();
        if !above.is_empty() {
            let list = above.join(", ");
            let fact = format!(
                "`#[{attribute}]` stands below `#[derive({list})]`, and would derive the same again"
            );
            let help =
                format!("move the derive below `#[{attribute}]`, which then leaves these out");
            diag.add(Mistake::at(ident, fact).help(help));
        }
        for other in attributes.iter().filter(|other| is_ours(other)) {
            let word = other.path().to_token_stream().to_string();
            let (fact, help) = match word == attribute {
                true => (format!("`#[{word}]` is given twice"), "remove one"),
                false => (
                    format!("`#[{attribute}]` and `#[{word}]` stand above one type"),
                    "keep one: `#[event]` for what happened, `#[command]` for what is asked for, `#[value]` for what these hold",
                ),
            };
            diag.add(Mistake::at(other.path(), fact).help(help));
        }
        let own = own_derives(attributes);
        let mut missing = Self::all(false);
        missing.needed.retain(|name| {
            let is_below = own.iter().any(|path| ours(path) == Some(name));
            !is_below && !above.contains(name)
        });
        missing
    }

    /// The names of those that we add: what each field must have.
    pub(crate) fn names(&self) -> &[&'static str] {
        &self.needed
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.needed.contains(&name)
    }

    /// Takes our derives off the item, and adds them to those that it needs.
    pub(crate) fn take_own(&mut self, item: &mut DeriveInput) {
        let own = own_derives(&item.attrs);
        let (ours, others): (Vec<_>, Vec<_>) = own.iter().partition(|path| ours(path).is_some());
        let is_own = |name: &&str| ours.iter().any(|path| self::ours(path) == Some(name));
        self.needed.extend(OURS.iter().filter(|name| is_own(name)));
        let others: Attribute = parse_quote!(#[derive(#(#others),*)]);
        item.attrs
            .retain(|attribute| !attribute.path().is_ident("derive"));
        item.attrs.push(others);
    }

    /// The same without some, which are written in another way.
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        self.needed.retain(|name| !names.contains(name));
        self
    }

    /// ```
    /// #[derive(::core::clone::Clone, …, ::intent_runtime::__private::serde::Serialize, …)]
    /// #[allow(clippy::derive_partial_eq_without_eq)]
    /// #[serde(crate = "::intent_runtime::__private::serde")]
    /// ```
    ///
    /// It must stand above the user's attributes, which may be helpers of these derives.
    pub(crate) fn attributes(&self, runtime: &Runtime) -> TokenStream {
        let paths = self.needed.iter().map(|name| path(runtime, name));
        let serde = (self.has("Serialize") || self.has("Deserialize")).then(|| {
            let path = runtime.re_export("serde");
            quote!(#[serde(crate = #path)])
        });
        let schemars = self.has("JsonSchema").then(|| {
            let path = runtime.re_export("schemars");
            quote!(#[schemars(crate = #path)])
        });
        // The author decides whether it is `Eq` too.
        let lint = self
            .has("PartialEq")
            .then(|| quote!(#[allow(clippy::derive_partial_eq_without_eq)]));
        quote! {
            #[derive(#(#paths),*)]
            #lint
            #serde
            #schemars
        }
    }
}

/// Where one of our derives, or the trait of that name, is.
pub(crate) fn path(runtime: &Runtime, name: &str) -> TokenStream {
    let private = runtime.private();
    match name {
        "Clone" => quote!(::core::clone::Clone),
        "Debug" => quote!(::core::fmt::Debug),
        "PartialEq" => quote!(::core::cmp::PartialEq),
        "Serialize" => quote!(#private::serde::Serialize),
        "Deserialize" => quote!(#private::serde::Deserialize),
        _ => quote!(#private::schemars::JsonSchema),
    }
}

/// Which of our derives the user's own one is.
///
/// Other crates have derives of the same names. A derive named like a trait of the standard library implements that trait. One named
/// like serde's or schemars' counts as theirs unless its path leads to another crate.
fn ours(path: &Path) -> Option<&'static str> {
    let words: Vec<String> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    let (last, before) = words.split_last()?;
    let name = OURS.into_iter().find(|name| name == last)?;
    let homes = [
        "crate",
        "self",
        "super",
        "serde",
        "serde_derive",
        "schemars",
        "schemars_derive",
    ];
    let is_ours = STANDARD.contains(&name)
        || before.is_empty()
        || before.iter().any(|word| homes.contains(&word.as_str()));
    is_ours.then_some(name)
}

/// The same for a path with resolved imports, if there is no doubt.
fn certain(path: &[String]) -> Option<&'static str> {
    let (last, before) = path.split_last()?;
    let name = OURS.into_iter().find(|name| name == last)?;
    let homes: &[&str] = match name {
        _ if STANDARD.contains(&name) => &["core", "std"],
        "JsonSchema" => &["schemars"],
        _ => &["serde", "serde_derive"],
    };
    let is_home = |word: &String| homes.contains(&word.as_str());
    before
        .first()
        .map_or(STANDARD.contains(&name), is_home)
        .then_some(name)
}

/// Whether an attribute is one of those that make an event, a command or a value. With arguments, `command` and `value` may be
/// for a derive of another crate, such as clap's.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    let is_bare = matches!(attribute.meta, Meta::Path(_));
    let path = attribute.path();
    path.is_ident("event") || is_bare && (path.is_ident("command") || path.is_ident("value"))
}

/// The paths in the item's own `#[derive(..)]`s. rustc reports an ill-formed one.
fn own_derives(attributes: &[Attribute]) -> Vec<Path> {
    let derives = attributes.iter().filter(|found| attr::is(found, "derive"));
    derives.filter_map(attr::list::<Path>).flatten().collect()
}
