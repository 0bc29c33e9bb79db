//! A check of our own that every field can be stored, so that the first error about one is in the domain's words.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Field, GenericArgument, PathArguments, Type};

use crate::{paths::Runtime, respan::replace_self};

/// Types that need no check: it would only cost compile time.
const PLAIN: [&str; 16] = [
    "String", "bool", "char", "i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64", "u128",
    "f32", "f64", "Id",
];

/// Types that are as storable as what they hold, which is then the type to blame.
const CONTAINERS: [&str; 9] = [
    "Option", "Vec", "VecDeque", "Box", "BTreeMap", "BTreeSet", "HashMap", "HashSet", "Arc",
];

/// ```
/// const _: [(); 2] = [<Money as Storable>::CHECK, <Address as Storable>::CHECK];
/// ```
///
/// The types keep their spans, so an error points at the field's type and names no helper of ours.
pub(crate) fn checks<'a>(
    runtime: &Runtime,
    name: &impl ToTokens,
    fields: impl IntoIterator<Item = &'a Field>,
) -> Option<TokenStream> {
    let mut types = Vec::new();
    for field in fields {
        if !field.attrs.iter().any(changes_form) {
            collect(&field.ty, &mut types);
        }
    }
    // A type in several fields is one mistake.
    let mut seen = Vec::new();
    types.retain(|ty| {
        let text = ty.to_token_stream().to_string();
        let new = !seen.contains(&text);
        seen.push(text);
        new
    });
    if types.is_empty() {
        return None;
    }
    let private = runtime.private();
    let count = types.len();
    let types = types.iter().map(|ty| replace_self(ty, name));
    Some(quote! {
        const _: [(); #count] = [#(<#types as #private::Storable>::CHECK),*];
    })
}

/// With `#[serde(with = "..")]` and its like, the type itself need not be storable.
fn changes_form(attribute: &Attribute) -> bool {
    attribute.path().is_ident("serde") && {
        let text = attribute.meta.to_token_stream().to_string();
        ["with", "skip", "flatten", "into", "bound"]
            .iter()
            .any(|word| text.contains(word))
    }
}

fn collect<'a>(ty: &'a Type, types: &mut Vec<&'a Type>) {
    match ty {
        Type::Group(group) => collect(&group.elem, types),
        Type::Paren(paren) => collect(&paren.elem, types),
        Type::Array(array) => collect(&array.elem, types),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| collect(ty, types)),
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else {
                return;
            };
            let is = |known: &&str| last.ident == known;
            if PLAIN.iter().any(is) {
                return;
            }
            match &last.arguments {
                PathArguments::AngleBracketed(arguments) if CONTAINERS.iter().any(is) => {
                    for argument in &arguments.args {
                        if let GenericArgument::Type(ty) = argument {
                            collect(ty, types);
                        }
                    }
                }
                _ => types.push(ty),
            }
        }
        _ => types.push(ty),
    }
}
