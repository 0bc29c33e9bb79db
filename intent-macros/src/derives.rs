//! The derives that events, commands and values share: each is left out where the user has it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Ident, Path, Token, punctuated::Punctuated};

use crate::{
    diag::{Diagnostics, Mistake},
    paths::{Runtime, last_ident},
    source,
};

/// Which of our derives an item still needs.
#[derive(Clone, Copy)]
pub(crate) struct Derives {
    clone: bool,
    debug: bool,
    partial_eq: bool,
    pub(crate) serialize: bool,
    pub(crate) deserialize: bool,
    pub(crate) schema: bool,
}

const OURS: [&str; 6] = [
    "Clone",
    "Debug",
    "PartialEq",
    "Serialize",
    "Deserialize",
    "JsonSchema",
];

impl Derives {
    /// All of them: for an item that the macro writes itself.
    pub(crate) const ALL: Self = Self {
        clone: true,
        debug: true,
        partial_eq: true,
        serialize: true,
        deserialize: true,
        schema: true,
    };

    /// Those that are not among the item's own. The compiler has expanded those above our attribute already, which is
    /// reported.
    pub(crate) fn missing(
        diag: &Diagnostics,
        attribute: &str,
        ident: &Ident,
        attributes: &[Attribute],
    ) -> Self {
        let own = own_derives(attributes);
        let mut above = source::derives_above();
        above.retain(|derived| OURS.contains(&derived.as_str()));
        if !above.is_empty() {
            let list = above.join(", ");
            let fact = format!(
                "`#[{attribute}]` stands below `#[derive({list})]`, and would derive the same again"
            );
            let help = format!(
                "move the derive below `#[{attribute}]`, which leaves out what it finds there"
            );
            diag.add(Mistake::at(ident, fact).help(help));
        }
        let missing = |name: &str| {
            let is_below = own
                .iter()
                .any(|path| last_ident(path).is_some_and(|ident| ident == name));
            !is_below && !above.iter().any(|derived| derived == name)
        };
        Self {
            clone: missing("Clone"),
            debug: missing("Debug"),
            partial_eq: missing("PartialEq"),
            serialize: missing("Serialize"),
            deserialize: missing("Deserialize"),
            schema: missing("JsonSchema"),
        }
    }

    /// The same but for serde's, where the item is stored in a form that serde does not derive.
    pub(crate) fn without_serde(self) -> Self {
        Self {
            serialize: false,
            deserialize: false,
            ..self
        }
    }

    /// The same but for the schema, where [`schema::forwarded`](crate::schema::forwarded) writes it.
    pub(crate) fn without_schema(self) -> Self {
        Self {
            schema: false,
            ..self
        }
    }

    /// ```
    /// #[derive(::core::clone::Clone, …, ::intent_runtime::__private::serde::Serialize, …)]
    /// #[allow(clippy::derive_partial_eq_without_eq)]
    /// #[serde(crate = "::intent_runtime::__private::serde")]
    /// ```
    ///
    /// It must stand above the user's attributes, which may be helpers of these derives.
    pub(crate) fn attributes(self, runtime: &Runtime) -> TokenStream {
        let private = runtime.private();
        let paths = [
            (self.clone, quote!(::core::clone::Clone)),
            (self.debug, quote!(::core::fmt::Debug)),
            (self.partial_eq, quote!(::core::cmp::PartialEq)),
            (self.serialize, quote!(#private::serde::Serialize)),
            (self.deserialize, quote!(#private::serde::Deserialize)),
            (self.schema, quote!(#private::schemars::JsonSchema)),
        ];
        let paths = paths
            .iter()
            .filter_map(|(needed, path)| needed.then_some(path));
        let serde = (self.serialize || self.deserialize).then(|| {
            let path = runtime.re_export("serde");
            quote!(#[serde(crate = #path)])
        });
        let schemars = self.schema.then(|| {
            let path = runtime.re_export("schemars");
            quote!(#[schemars(crate = #path)])
        });
        // Whether it is `Eq` as well is the author's to say, who did not ask for `PartialEq`.
        let lint = self
            .partial_eq
            .then(|| quote!(#[allow(clippy::derive_partial_eq_without_eq)]));
        quote! {
            #[derive(#(#paths),*)]
            #lint
            #serde
            #schemars
        }
    }
}

/// The paths in the item's own `#[derive(..)]`s; an ill-formed one is the compiler's to report.
fn own_derives(attributes: &[Attribute]) -> Vec<Path> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
        .filter_map(|attribute| {
            attribute
                .parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
                .ok()
        })
        .flatten()
        .collect()
}
