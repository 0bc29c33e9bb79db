//! Checks that every field can be stored. The first error about a field is ours, and the only one if its type is in the same file.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    AngleBracketedGenericArguments, Field, GenericArgument, Generics, Ident, Path, PathArguments,
    Type, ext::IdentExt as _,
};

use crate::{
    source::{self, Lacking},
    stored::{form::changes_form, unfit},
    syntax::{
        attr::conditions,
        diag::{Diagnostics, Mistake},
        paths::{Runtime, last_ident},
        respan::replace_self,
    },
};

/// Types without a check, which would only cost compile time.
pub(crate) const PLAIN: [&str; 17] = [
    "String", "str", "bool", "char", "i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64",
    "u128", "f32", "f64", "Id",
];

/// Types that can be stored if their content can, with the number of arguments that they hold: a hasher is not stored. Errors are at
/// the content.
const CONTAINERS: [(&str, usize); 9] = [
    ("Option", 1),
    ("Vec", 1),
    ("VecDeque", 1),
    ("Box", 1),
    ("BTreeMap", 2),
    ("BTreeSet", 1),
    ("HashMap", 2),
    ("HashSet", 1),
    ("Arc", 1),
];

/// ```
/// const _: &[()] = &[<Money as Storable>::CHECK, <Address as Storable>::CHECK];
/// ```
///
/// The types keep their spans, so an error points at the field's type and names no helper of ours.
pub(crate) fn checks<'a>(
    runtime: &Runtime,
    name: &impl ToTokens,
    fields: impl IntoIterator<Item = &'a Field>,
) -> Option<TokenStream> {
    let private = runtime.private();
    let mut seen = Vec::new();
    let mut checks = Vec::new();
    for field in fields {
        if changes_form(field) {
            continue;
        }
        let mut types = Vec::new();
        collect(&field.ty, &mut types);
        types.retain(|ty| !only_holds(ty));
        let conditions = conditions(&field.attrs);
        for ty in types {
            let ty = replace_self(ty, name);
            let check = quote!(#(#conditions)* <#ty as #private::Storable>::CHECK);
            // A type in several fields is checked once.
            let text = check.to_string();
            if !seen.contains(&text) {
                seen.push(text);
                checks.push(check);
            }
        }
    }
    (!checks.is_empty()).then(|| quote!(const _: &[()] = &[#(#checks),*];))
}

/// Whether a field can be seen to be of a type that cannot be stored, which is reported: rustc would report it once for each derive and each
/// use of the field. `needed` are the traits that it must have. That a field borrows is reported elsewhere.
pub(crate) fn cannot_be_stored<'a>(
    diag: &Diagnostics,
    needed: &[&'static str],
    generics: &Generics,
    fields: impl IntoIterator<Item = &'a Field>,
) -> bool {
    let is_parameter = |name: &Ident| {
        let mut parameters = generics.type_params();
        parameters.any(|parameter| parameter.ident == *name)
    };
    // The content of an `Arc` is not cloned.
    let mut needed_if_shared = needed.to_vec();
    needed_if_shared.retain(|name| *name != "Clone");
    let mut found = false;
    for field in fields {
        found |= unfit::borrowed(&field.ty).is_some();
        if changes_form(field) || !conditions(&field.attrs).is_empty() {
            continue;
        }
        let needed_here = match is_shared(&field.ty) {
            true => &needed_if_shared,
            false => needed,
        };
        let mut types = Vec::new();
        collect(&field.ty, &mut types);
        for ty in types {
            if let Some(mistake) = unfit::long_array(ty, needed, generics) {
                diag.add(mistake);
                found = true;
                continue;
            }
            let Some(name) = one_word(ty).filter(|name| !is_parameter(name)) else {
                continue;
            };
            let name = name.unraw().to_string();
            let Some(lacking) = source::lacking(&name, needed_here) else {
                continue;
            };
            found = true;
            if lacking.is_news {
                diag.add(not_a_value(ty, &name, &lacking));
            }
        }
    }
    found
}

/// Whether `Arc` holds a part of it.
fn is_shared(ty: &Type) -> bool {
    let text = ty.to_token_stream().to_string();
    text.split(|letter: char| !letter.is_alphanumeric())
        .any(|word| word == "Arc")
}

/// `Money` for `Money` and for `Money<Euro>`, and nothing for `money::Money`.
fn one_word(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) if path.path.segments.len() == 1 && path.path.leading_colon.is_none() => {
            last_ident(&path.path)
        }
        _ => None,
    }
}

fn not_a_value(ty: &Type, name: &str, lacking: &Lacking<'_>) -> Mistake {
    let why = match lacking.traits.contains(&"Serialize") {
        true => "it is not serializable".to_owned(),
        false => format!("it lacks `{}`", lacking.traits.join("`, `")),
    };
    let derives = match lacking.has_derives {
        true => "the derives of ",
        false => "",
    };
    let help = format!("add `#[value]` above {derives}`{} {name}`", lacking.keyword);
    Mistake::at(ty, format!("`{name}` cannot be stored: {why}")).help(help)
}

/// The type, and the types of what it holds.
pub(crate) fn collect<'a>(ty: &'a Type, types: &mut Vec<&'a Type>) {
    types.push(ty);
    match ty {
        Type::Group(group) => collect(&group.elem, types),
        Type::Paren(paren) => collect(&paren.elem, types),
        Type::Array(array) => collect(&array.elem, types),
        Type::Slice(slice) => collect(&slice.elem, types),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| collect(ty, types)),
        Type::Path(path) => {
            let Some((arguments, held)) = contents(&path.path) else {
                return;
            };
            for argument in arguments.args.iter().take(held) {
                if let GenericArgument::Type(ty) = argument {
                    collect(ty, types);
                }
            }
        }
        _ => {}
    }
}

/// The arguments of a container, and how many of them it holds.
fn contents(path: &Path) -> Option<(&AngleBracketedGenericArguments, usize)> {
    let (first, last) = (path.segments.first()?, path.segments.last()?);
    let homes = ["alloc", "core", "std"];
    if path.segments.len() > 1 && !homes.iter().any(|home| first.ident == home) {
        return None;
    }
    let (_, held) = CONTAINERS.iter().find(|(known, _)| last.ident == known)?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) => Some((arguments, *held)),
        _ => None,
    }
}

/// Whether the type is as storable as what it holds; `Arc` is, where serde's feature `rc` is on.
fn only_holds(ty: &Type) -> bool {
    match ty {
        Type::Group(_) | Type::Paren(_) | Type::Array(_) | Type::Slice(_) | Type::Tuple(_) => true,
        Type::Path(path) => last_ident(&path.path).is_some_and(|last| {
            let is_plain = PLAIN.iter().any(|known| last == known);
            is_plain || contents(&path.path).is_some() && last != "Arc"
        }),
        _ => false,
    }
}
