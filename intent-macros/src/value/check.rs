//! Checks of a value object.

use syn::{Attribute, Data, Field};

use super::model::Value;
use crate::{
    item::shape::Kind,
    stored::{both_ways, form::fields_can_be_told},
    syntax::diag::{Diagnostics, Mistake},
};

const VALUE: Kind = Kind {
    what: "a value",
    stored: "its shape",
    owned: "a value is stored",
};

pub(super) fn check(diag: &Diagnostics, value: &Value) {
    no_union(diag, value);
    let (name, generics) = (&value.original.ident, &value.original.generics);
    VALUE.no_lifetimes(diag, name, generics, fields(&value.original.data));
    arithmetic_on_one_integer(diag, value);
    let original = &value.original;
    both_ways::one_form_in_every_build(
        diag,
        "a value",
        &original.attrs,
        attributes(&original.data),
    );
    if let Data::Struct(data) = &original.data {
        let name = original.ident.to_string();
        both_ways::from_an_object(diag, &name, &original.attrs, &data.fields);
    }
    both_ways::PAYLOAD.check(
        diag,
        &original.ident.to_string(),
        &original.attrs,
        fields(&original.data),
    );
    if let Data::Enum(data) = &original.data {
        let whose = original.ident.to_string();
        both_ways::check_variants(diag, &whose, &data.variants);
    }
    fields_can_be_told(diag, generics, fields(&original.data));
}

pub(super) fn fields(data: &Data) -> Vec<&Field> {
    match data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(data) => data
            .variants
            .iter()
            .flat_map(|variant| &variant.fields)
            .collect(),
        Data::Union(_) => Vec::new(),
    }
}

fn attributes(data: &Data) -> Vec<(&'static str, &[Attribute])> {
    let fields = fields(data).into_iter();
    let fields = fields.map(|field| ("field", field.attrs.as_slice()));
    match data {
        Data::Enum(data) => {
            let variants = data.variants.iter();
            let variants = variants.map(|variant| ("variant", variant.attrs.as_slice()));
            variants.chain(fields).collect()
        }
        Data::Struct(_) | Data::Union(_) => fields.collect(),
    }
}

/// Reports a union: its bytes do not tell which field is in use.
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

/// Only the compiler knows whether the field is an integer. If it is not, the runtime's trait `Integer` explains it.
fn arithmetic_on_one_integer(diag: &Diagnostics, value: &Value) {
    let Some(key) = &value.attrs.arithmetic else {
        return;
    };
    let original = &value.original;
    let found = match &original.data {
        Data::Struct(_) if !original.generics.params.is_empty() => "a generic one".to_owned(),
        Data::Struct(data) if data.fields.len() == 1 => return,
        Data::Struct(data) => format!("one with {} fields", data.fields.len()),
        Data::Enum(_) => "an enum".to_owned(),
        // A union is reported already.
        Data::Union(_) => return,
    };
    let fact = format!("`arithmetic` is for a struct with one integer, found {found}");
    let help = "remove it, or keep the number in a `#[value(arithmetic)]` of its own";
    diag.add(Mistake::at(key, fact).help(help));
}
