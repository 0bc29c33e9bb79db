//! The form in which a field is stored: what the user's `#[serde(..)]` attributes make of it.

use quote::quote;
use syn::{
    Attribute, Expr, ExprLit, Field, Generics, Ident, Lit, LitStr, Meta, Path, Token, Type,
    ext::IdentExt as _, parse_quote, punctuated::Punctuated,
};

use crate::{
    stored::unfit::borrowed,
    syntax::{
        attr::{cfg_attr, is, list},
        diag::{Diagnostics, Mistake},
        paths::{Runtime, last_ident},
    },
};

/// The content of the `#[serde(..)]` attributes. serde reports an ill-formed one.
pub(crate) fn serde_metas(attributes: &[Attribute]) -> Vec<Meta> {
    metas_of(attributes, "serde")
}

/// The content of all attributes of this name.
pub(crate) fn metas_of(attributes: &[Attribute], name: &str) -> Vec<Meta> {
    let named = attributes.iter().filter(|attribute| is(attribute, name));
    named.filter_map(list::<Meta>).flatten().collect()
}

pub(crate) fn is_any(meta: &Meta, words: &[&str]) -> bool {
    words.iter().any(|word| meta.path().is_ident(word))
}

/// The first of `metas` that is one of `words`.
pub(crate) fn find<'a>(metas: &'a [Meta], words: &[&str]) -> Option<&'a Meta> {
    metas.iter().find(|meta| is_any(meta, words))
}

/// The key that a field is read under: its name, unless a serde attribute gives another.
pub(crate) fn json_key(field: &Field) -> String {
    let own = || {
        let ident = field.ident.as_ref();
        ident.map(|ident| ident.unraw().to_string())
    };
    let metas = serde_metas(&field.attrs);
    let renamed = find(&metas, &["rename"]).and_then(|rename| renamed(rename, "deserialize"));
    renamed.or_else(own).unwrap_or_default()
}

/// `rename = "key"` or `rename(side = "key")`.
pub(crate) fn renamed(rename: &Meta, side: &str) -> Option<String> {
    match rename {
        Meta::NameValue(_) => text(rename).map(LitStr::value),
        Meta::List(list) => {
            let sides = list
                .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                .ok()?;
            let side = sides.iter().find(|meta| meta.path().is_ident(side))?;
            text(side).map(LitStr::value)
        }
        Meta::Path(_) => None,
    }
}

/// The text in `key = "text"`.
pub(crate) fn text(meta: &Meta) -> Option<&LitStr> {
    match meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the field's type need not be storable itself.
pub(crate) fn changes_form(field: &Field) -> bool {
    const WORDS: [&str; 8] = [
        "with",
        "serialize_with",
        "deserialize_with",
        "skip",
        "skip_serializing",
        "skip_deserializing",
        "flatten",
        "bound",
    ];
    may_have(field, &WORDS)
}

/// Whether serde's attributes of a field have one of the words. A `cfg_attr` with such attributes counts, since we cannot evaluate it.
fn may_have(field: &Field, words: &[&str]) -> bool {
    let conditional = field.attrs.iter().any(|attribute| {
        cfg_attr(attribute).is_some_and(|(_, metas)| find(&metas, &["serde"]).is_some())
    });
    conditional || find(&serde_metas(&field.attrs), words).is_some()
}

/// The part of a field's serde attributes that writes its value in another form than its type has.
pub(crate) fn written_with(field: &Field) -> Vec<Meta> {
    let mut metas = serde_metas(&field.attrs);
    metas.retain(|meta| is_any(meta, &["with", "serialize_with", "flatten"]));
    metas
}

/// Attributes that add to the schema what schemars leaves out: other keys that are read, and whether any unknown word is read. So the
/// lock sees them.
pub(crate) fn told_to_the_schema(attributes: &[Attribute]) -> Vec<Attribute> {
    let metas = serde_metas(attributes);
    let aliases = metas.iter().filter(|meta| is_any(meta, &["alias"]));
    let mut aliases: Vec<&LitStr> = aliases.filter_map(text).collect();
    aliases.sort_by_key(|alias| alias.value());
    let mut told = Vec::new();
    if !aliases.is_empty() {
        told.push(parse_quote!(#[schemars(extend("x-alias" = [#(#aliases),*]))]));
    }
    if find(&metas, &["other"]).is_some() {
        told.push(parse_quote!(#[schemars(extend("x-other" = true))]));
    }
    told
}

/// Whether a field is not stored, or in a form that only a `cfg_attr` tells.
pub(crate) fn has_no_form(field: &Field) -> bool {
    may_have(field, &["skip", "skip_serializing"])
}

/// ```
/// #[schemars(extend("default" = __private::default_value(&<Tier as Default>::default())))]
/// ```
///
/// schemars leaves out a default that `skip_serializing_if` does not write, although a missing field is read as that default.
pub(crate) fn default_in_the_schema(runtime: &Runtime, field: &Field) -> Option<Attribute> {
    let metas = serde_metas(&field.attrs);
    find(&metas, &["skip_serializing_if"])?;
    if changes_form(field) || is_told(&field.attrs) {
        return None;
    }
    let ty = &field.ty;
    let value = match find(&metas, &["default"])? {
        Meta::Path(_) => quote!(<#ty as ::core::default::Default>::default()),
        default => {
            let function: Path = text(default)?.parse().ok()?;
            quote!(#function())
        }
    };
    let private = runtime.private();
    Some(parse_quote!(#[schemars(extend("default" = #private::default_value(&#value)))]))
}

/// Reports fields that borrow, unless a parameter of the type is reported instead, and fields without a schema.
pub(crate) fn fields_can_be_told<'a>(
    diag: &Diagnostics,
    generics: &Generics,
    fields: impl IntoIterator<Item = &'a Field>,
) {
    for field in fields {
        if generics.params.is_empty() {
            owns_its_data(diag, field);
        }
        schema_is_told(diag, &field.attrs, field.ident.as_ref());
    }
}

/// Reports a field that borrows: what is read back must own its data.
pub(crate) fn owns_its_data(diag: &Diagnostics, field: &Field) {
    if let Some((borrowed, owned)) = borrowed(&field.ty) {
        let fact = "what is stored and read back owns its data";
        diag.add(Mistake::at(borrowed, fact).help(format!("write `{owned}`")));
    }
}

/// Reports `serde(with = "..")` without a schema. schemars would take the module for a type, with an error that does not help.
pub(crate) fn schema_is_told(diag: &Diagnostics, attributes: &[Attribute], name: Option<&Ident>) {
    let Some(with) = hides_the_schema(attributes) else {
        return;
    };
    let whose = name.map(|name| format!(" of `{name}`")).unwrap_or_default();
    let fact = format!("the JSON Schema{whose} cannot be told from `serde(with = ..)`");
    let help = "add `#[schemars(with = \"String\")]`, with a type that has the same JSON";
    diag.add(Mistake::at(with, fact).help(help));
}

/// The `serde(with = "..")` that leaves a field's JSON Schema unknown, if there is one.
pub(crate) fn hides_the_schema(attributes: &[Attribute]) -> Option<Meta> {
    let metas = serde_metas(attributes);
    let with = find(&metas, &["with"])?;
    let is_told = is_told(attributes) || find(&metas, &["skip"]).is_some();
    (!is_told && !text(with).is_some_and(is_type)).then(|| with.clone())
}

/// Whether functions make the field's JSON and no attribute gives its schema.
pub(crate) fn schema_is_unknown(attributes: &[Attribute]) -> bool {
    let metas = serde_metas(attributes);
    let by_functions = find(&metas, &["serialize_with", "deserialize_with"]).is_some();
    hides_the_schema(attributes).is_some() || by_functions && !is_told(attributes)
}

/// Whether an attribute gives the field's JSON Schema.
pub(crate) fn is_told(attributes: &[Attribute]) -> bool {
    let schemars = metas_of(attributes, "schemars");
    find(&schemars, &["with", "schema_with", "skip"]).is_some()
}

/// Whether it is a type such as `serde_with::As<..>`, which schemars can use, and not a module: modules have no capital.
fn is_type(with: &LitStr) -> bool {
    let last_is_capital = |path: &Path| {
        last_ident(path)
            .and_then(|ident| ident.to_string().chars().next())
            .is_some_and(char::is_uppercase)
    };
    match with.parse::<Type>() {
        Ok(Type::Path(path)) => last_is_capital(&path.path),
        other => other.is_ok(),
    }
}
