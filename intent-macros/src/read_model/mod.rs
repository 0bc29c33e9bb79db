//! `#[derive(ReadModel)]`.

mod access;
mod attrs;
mod check;
mod expand;
mod fallback;
mod links;
mod model;

use proc_macro2::TokenStream;

use crate::{item::own::Own, syntax::diag::Diagnostics};

const DERIVE: Own = Own {
    derive: "ReadModel",
    attribute: "read_model",
    field: "#[key] account: Id<..>",
    instead: "keep the row in a struct and make the alternatives a field",
};

/// Reports a `#[read_model(..)]` without the derive.
pub(crate) fn without_derive(args: &TokenStream, item: TokenStream) -> TokenStream {
    DERIVE.forgotten(args, item, attrs::runtime)
}

/// The impl that makes a struct a read model, or the mistakes found in it.
pub(crate) fn read_model(item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let Some(item) = diag.keep(syn::parse2(item)) else {
        return diag.finish();
    };
    let attrs = attrs::ReadModelAttrs::parse(&diag, &item);
    // Rules are compared with the lists only if the lists were read in full.
    let lists_are_read = !diag.has_errors();
    let model = model::ReadModel::new(&diag, attrs, &item);
    check::check(&diag, &model, lists_are_read);
    if diag.has_errors() {
        return fallback::stub(&model, diag);
    }
    expand::expand(&model)
}
