//! Checks of what an inline model has and no other.

use syn::ext::IdentExt as _;

use crate::{
    read_model::{
        links::is_by_link,
        model::{ReadModel, is_indexed, is_unique, marks},
    },
    syntax::{
        diag::{Diagnostics, Mistake},
        paths::last_ident,
        symbol::UNIQUE,
    },
};

/// Columns that the table of an inline model has besides.
const RESERVED: [&str; 3] = ["stream_version", "removed", "row_build"];

pub(super) fn check(diag: &Diagnostics, model: &ReadModel<'_>) {
    has_one_key(diag, model);
    no_other_rows(diag, model);
    columns_are_free(diag, model);
    unique_fields_are_of_use(diag, model);
}

/// Reports a second key: the one key is the id of the aggregate.
fn has_one_key(diag: &Diagnostics, model: &ReadModel<'_>) {
    if let Some(second) = model.keys().nth(1) {
        let fact = "the key of an inline read model is the id of its aggregate, and nothing else";
        let help = "remove `#[key]` here, or `mode = \"inline\"`";
        diag.add(Mistake::at(second.ident, fact).help(help));
    }
}

/// Reports `by`: an append writes the row of its own aggregate.
fn no_other_rows(diag: &Diagnostics, model: &ReadModel<'_>) {
    for (_, entry) in model.entries() {
        let Some(by) = &entry.by else { continue };
        // Its links are reported.
        if is_by_link(entry) && model.attrs.links.is_some() {
            continue;
        }
        let fact = format!(
            "`{}` cannot change another row: an inline read model is written with the events of the row's own aggregate",
            entry.text()
        );
        let help = "remove `by ..`, or `mode = \"inline\"`";
        diag.add(Mistake::at(&by.key, fact).help(help));
    }
}

fn columns_are_free(diag: &Diagnostics, model: &ReadModel<'_>) {
    for field in &model.fields {
        let name = field.ident.unraw().to_string();
        if RESERVED.contains(&name.as_str()) {
            let fact = format!("the table of an inline read model has a column `{name}` already");
            diag.add(Mistake::at(field.ident, fact).help("give the field another name"));
        }
    }
}

/// Reports `#[unique]` where it adds nothing, where values cannot be compared, and `#[index]` beside it.
fn unique_fields_are_of_use(diag: &Diagnostics, model: &ReadModel<'_>) {
    for field in model.fields.iter().filter(|field| is_unique(field)) {
        let name = field.ident;
        let mistake = if field.key.is_some() {
            let fact = format!("no two rows have the same `{name}` without `#[unique]`");
            Mistake::at(name, fact).help("remove `#[unique]`: it is the key")
        } else if is_indexed(field) {
            let fact = format!("rows are found by `{name}` without `#[index]`");
            Mistake::at(name, fact).help("remove `#[index]`: `#[unique]` has one")
        } else if is_json(field.ty()) {
            let fact =
                format!("`{name}` cannot be unique: databases compare JSON in different ways");
            Mistake::at(field.ty(), fact).help("keep what is unique in a field of its own")
        } else {
            continue;
        };
        diag.add(mistake);
    }
}

/// Whether it is a `Json<..>`, also in an `Option`.
fn is_json(ty: &syn::Type) -> bool {
    let syn::Type::Path(path) = ty else {
        return false;
    };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    let inner = match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => arguments.args.first(),
        _ => None,
    };
    match (last_ident(&path.path), inner) {
        (Some(name), _) if name == "Json" => true,
        (Some(name), Some(syn::GenericArgument::Type(inner))) if name == "Option" => is_json(inner),
        _ => false,
    }
}

/// Reports `#[unique]` of a model whose rows a worker writes, when the command has been answered.
pub(super) fn nothing_is_unique(diag: &Diagnostics, model: &ReadModel<'_>) {
    for mark in model.fields.iter().flat_map(|field| marks(field, UNIQUE)) {
        let fact = "a worker writes these rows after the command was answered, so nothing can refuse a value that is taken";
        let help = "add `mode = \"inline\"` to `#[read_model(..)]`, or remove `#[unique]`";
        diag.add(Mistake::at(mark.path(), fact).help(help));
    }
}
