//! What a value object must keep to.

use syn::Data;

use super::model::Value;
use crate::diag::{Diagnostics, Mistake};

/// Reports all mistakes in `value`.
pub(super) fn check(diag: &Diagnostics, value: &Value) {
    no_union(diag, value);
    no_lifetimes(diag, value);
}

/// Which field of a union is the value cannot be told from its bytes.
fn no_union(diag: &Diagnostics, value: &Value) {
    if let Data::Union(data) = &value.original.data {
        diag.add(
            Mistake::at(
                data.union_token,
                "`#[value]` needs a struct or an enum, found a union",
            )
            .help("make it an enum"),
        );
    }
}

/// What is stored is read back, and must own its data.
fn no_lifetimes(diag: &Diagnostics, value: &Value) {
    if let Some(parameter) = value.original.generics.lifetimes().next() {
        let (name, lifetime) = (&value.original.ident, &parameter.lifetime);
        let fact =
            format!("a value cannot borrow, but `{name}` has the lifetime parameter `{lifetime}`");
        diag.add(
            Mistake::at(parameter, fact)
                .help("use owned types, for example `String` instead of `&str`"),
        );
    }
}
