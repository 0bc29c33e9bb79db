//! Derives of ours and the attributes that belong to them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Data, DeriveInput, Fields};

use crate::syntax::{
    diag::{Diagnostics, Mistake},
    paths::Runtime,
    respan::generated,
};

/// A derive of ours, in the words of its errors.
pub(crate) struct Own {
    /// "Aggregate"
    pub(crate) derive: &'static str,
    /// "aggregate"
    pub(crate) attribute: &'static str,
    /// A field that every item under it has: "#[id] id: Id<..>".
    pub(crate) field: &'static str,
    /// What to do instead of an enum.
    pub(crate) instead: &'static str,
}

impl Own {
    /// Reports the attribute without the derive. The struct gets the derive, so that its uses cause no second error. `runtime` reads the
    /// attribute.
    pub(crate) fn forgotten(
        &self,
        args: &TokenStream,
        item: TokenStream,
        runtime: fn(&TokenStream) -> Runtime,
    ) -> TokenStream {
        let diag = Diagnostics::default();
        let Some(item) = diag.keep(syn::parse2::<DeriveInput>(item)) else {
            return diag.finish();
        };
        let (derive, attribute) = (self.derive, self.attribute);
        let fact =
            format!("`#[{attribute}(..)]` belongs to `#[derive({derive})]`, which is missing");
        let help = format!("add `#[derive({derive})]` above it");
        diag.add(Mistake::at(&item.ident, fact).help(help));
        let errors = diag.finish();
        let [attribute, derive] = [attribute, derive].map(own);
        let attribute = quote!(#[#attribute(#args)]);
        let runtime = runtime(&attribute);
        quote! { #[derive(#runtime::#derive)] #attribute #item #errors }
    }

    /// Reports anything but a struct with named fields.
    pub(crate) fn named_fields(&self, diag: &Diagnostics, item: &DeriveInput) {
        let (blame, found) = match &item.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(_) => return,
                Fields::Unnamed(fields) => (fields.to_token_stream(), "a tuple struct"),
                Fields::Unit => (item.ident.to_token_stream(), "a struct without fields"),
            },
            Data::Enum(data) => (data.enum_token.to_token_stream(), "an enum"),
            Data::Union(data) => (data.union_token.to_token_stream(), "a union"),
        };
        let help = match &item.data {
            Data::Struct(_) => format!("name the fields, one of them `{}`", self.field),
            _ => self.instead.to_owned(),
        };
        let derive = self.derive;
        let fact = format!("`#[derive({derive})]` needs a struct with named fields, found {found}");
        diag.add(Mistake::at(blame, fact).help(help));
    }
}

fn own(name: &str) -> Ident {
    generated(name, Span::call_site())
}
