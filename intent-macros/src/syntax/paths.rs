//! Where the runtime is: `::intent_runtime`, or what `crate = ..` names.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Path, Token, Type, parse::ParseStream};

use crate::syntax::respan::respan;

/// The path of the runtime crate, as generated code writes it.
pub(crate) struct Runtime {
    path: TokenStream,
}

impl Default for Runtime {
    fn default() -> Self {
        Self {
            path: quote!(::intent_runtime),
        }
    }
}

impl ToTokens for Runtime {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.path.to_tokens(tokens);
    }
}

impl Runtime {
    /// Reads what follows the key `crate`.
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<Token![=]>()?;
        let path = input.call(Path::parse_mod_style)?;
        Ok(Self {
            path: path.into_token_stream(),
        })
    }

    /// The hidden module for generated code.
    pub(crate) fn private(&self) -> TokenStream {
        let path = &self.path;
        quote!(#path::__private)
    }

    /// The same with every token at `span`, so that an error about an item of ours is shown there.
    pub(crate) fn private_at(&self, span: Span) -> TokenStream {
        let path = self.at(span);
        quote_spanned!(span=> #path::__private)
    }

    /// The crate with every token at `span`.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        respan(&self.path, span)
    }

    /// A crate that the runtime re-exports, as the string that derive attributes take.
    pub(crate) fn re_export(&self, name: &str) -> String {
        let module = self.private().to_string().replace(' ', "");
        format!("{module}::{name}")
    }
}

/// The last identifier of a path: what a type is called.
pub(crate) fn last_ident(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|segment| &segment.ident)
}

/// What a type is called, if a path names it.
pub(crate) fn type_name(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => last_ident(&path.path),
        _ => None,
    }
}

/// Whether a type has this name, behind any path and with any arguments.
pub(crate) fn is_called(ty: &Type, name: &str) -> bool {
    type_name(ty).is_some_and(|ident| ident == name)
}

/// Whether two paths are written alike.
pub(crate) fn same(a: &impl ToTokens, b: &impl ToTokens) -> bool {
    a.to_token_stream().to_string() == b.to_token_stream().to_string()
}

/// A path as the user wrote it.
pub(crate) fn shown(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}
