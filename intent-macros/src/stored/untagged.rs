//! Alternatives of an `untagged` enum: what is stored of one must not be read as another.
//!
//! serde takes the first alternative that can be read. Here the tokens decide whether an earlier one reads a later one: names
//! of fields, their number, types that are written alike. What the user's own types read is not known here, so they cause no
//! error.

use quote::ToTokens as _;
use syn::{Attribute, Field, Fields, Type, Variant};

use crate::{
    stored::form::{changes_form, find, json_key, serde_metas},
    syntax::{
        diag::{Diagnostics, Mistake},
        paths::last_ident,
    },
};

const INTEGERS: [&str; 12] = [
    "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize",
];

/// Reports each alternative that would be read as one before it.
pub(crate) fn check<'a>(
    diag: &Diagnostics,
    whose: &str,
    attributes: &[Attribute],
    variants: impl IntoIterator<Item = &'a Variant>,
) {
    let metas = serde_metas(attributes);
    if find(&metas, &["untagged"]).is_none() || find(&metas, &["rename_all_fields"]).is_some() {
        return;
    }
    let strict = find(&metas, &["deny_unknown_fields"]).is_some();
    let mut earlier: Vec<&Variant> = Vec::new();
    for variant in variants.into_iter().filter(|variant| is_plain(variant)) {
        let reader = earlier
            .iter()
            .find(|earlier| reads(&earlier.fields, &variant.fields, strict));
        if let Some(reader) = reader {
            let (late, early) = (&variant.ident, &reader.ident);
            let fact = format!("`{late}` of `{whose}` could be read as `{early}`");
            diag.add(
                Mistake::at(late, fact)
                    .note("of an `untagged` enum the first alternative that fits is read")
                    .help(help(reader, variant)),
            );
        }
        earlier.push(variant);
    }
}

fn help(early: &Variant, late: &Variant) -> String {
    let by_order = !reads(&late.fields, &early.fields, false);
    match by_order {
        true => format!(
            "put `{}` before `{}`, or remove `untagged`",
            late.ident, early.ident
        ),
        false => "remove `untagged`, so that the name of each is stored".to_owned(),
    }
}

/// Whether no serde attribute changes its form.
fn is_plain(variant: &Variant) -> bool {
    serde_metas(&variant.attrs).is_empty() && !variant.fields.iter().any(changes_form)
}

/// Whether what is written of the one may be read as the other.
fn reads(reader: &Fields, written: &Fields, strict: bool) -> bool {
    match (reader, written) {
        (Fields::Unit, Fields::Unit) => true,
        (Fields::Named(reader), Fields::Named(written)) => {
            let finds = |wanted: &Field| match found(wanted, &written.named) {
                Some(field) => takes(&wanted.ty, &field.ty),
                None => stands_in(wanted),
            };
            let unknown = |field: &Field| found(field, &reader.named).is_none();
            reader.named.iter().all(finds) && !(strict && written.named.iter().any(unknown))
        }
        (Fields::Unnamed(reader), Fields::Unnamed(written)) => {
            let alike = reader.unnamed.len() == written.unnamed.len();
            let mut pairs = reader.unnamed.iter().zip(&written.unnamed);
            alike && pairs.all(|(reader, written)| takes(&reader.ty, &written.ty))
        }
        _ => false,
    }
}

fn found<'a>(wanted: &Field, fields: impl IntoIterator<Item = &'a Field>) -> Option<&'a Field> {
    let key = json_key(wanted);
    fields.into_iter().find(|field| json_key(field) == key)
}

/// Whether a field may be missing.
fn stands_in(field: &Field) -> bool {
    is(&field.ty, &["Option"]) || find(&serde_metas(&field.attrs), &["default"]).is_some()
}

/// Whether a value of the one type may be written like one of the other.
fn takes(reader: &Type, written: &Type) -> bool {
    let both = |names: &[&str]| is(reader, names) && is(written, names);
    let floats = is(reader, &["f32", "f64"]);
    both(&INTEGERS)
        || both(&["String", "char"])
        || floats && (is(written, &INTEGERS) || is(written, &["f32", "f64"]))
        || reader.to_token_stream().to_string() == written.to_token_stream().to_string()
}

fn is(ty: &Type, names: &[&str]) -> bool {
    match ty {
        Type::Path(path) => {
            last_ident(&path.path).is_some_and(|ident| names.iter().any(|name| ident == name))
        }
        _ => false,
    }
}
