//! Types that can be seen to be unfit for what is stored: they borrow, or no crate can make them storable.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{
    DeriveInput, Expr, ExprLit, GenericArgument, Generics, Ident, Lifetime, Lit, Path,
    PathArguments, Type, TypeReference, parse_quote,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use crate::{
    item::derives::OURS,
    source,
    syntax::{
        diag::Mistake,
        paths::{last_ident, shown},
    },
};

/// How many elements serde's arrays have, and std's tuples, at most.
const LONGEST_ARRAY: usize = 32;
const LONGEST_TUPLE: usize = 12;

/// The mistake in a type that no crate can give the `needed` traits.
pub(super) fn unfit(
    ty: &Type,
    needed: &[&str],
    is_sent: bool,
    generics: &Generics,
) -> Option<Mistake> {
    let is_needed = |name: &str| needed.contains(&name);
    let (fact, help) = match ty {
        Type::FnPtr(_) if is_needed("Serialize") => (
            "a function cannot be stored".to_owned(),
            "keep what tells which function is meant, such as an enum".to_owned(),
        ),
        Type::Ptr(_) if is_needed("Serialize") => (
            "a pointer cannot be stored".to_owned(),
            "keep the value that it points to".to_owned(),
        ),
        Type::Array(array) if is_needed("Serialize") && !has_a_form(&array.len, generics) => {
            let element = text(&array.elem);
            let fact = match &array.len {
                Expr::Lit(_) => format!("serde stores arrays of up to {LONGEST_ARRAY} elements"),
                _ => "serde stores arrays of a fixed length only".to_owned(),
            };
            (fact, format!("write `Vec<{element}>`"))
        }
        Type::Tuple(tuple) if is_needed("Debug") && tuple.elems.len() > LONGEST_TUPLE => (
            format!("a tuple of more than {LONGEST_TUPLE} values has no `Debug`"),
            "make it a `#[value]` with named fields".to_owned(),
        ),
        Type::Path(path) => shared(&path.path, is_needed("Clone"), is_sent)?,
        _ => return None,
    };
    Some(Mistake::at(ty, fact).help(help))
}

/// Whether serde has a form for arrays of that length, as far as its tokens tell.
fn has_a_form(length: &Expr, generics: &Generics) -> bool {
    match length {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => !matches!(number.base10_parse::<usize>(), Ok(length) if length > LONGEST_ARRAY),
        Expr::Path(path) => !generics
            .const_params()
            .any(|parameter| path.path.is_ident(&parameter.ident)),
        _ => true,
    }
}

/// What std shares between the parts of one program: it cannot be sent, or not be cloned.
fn shared(path: &Path, is_cloned: bool, is_sent: bool) -> Option<(String, String)> {
    const NOT_SENT: [&str; 5] = ["Rc", "Cell", "RefCell", "OnceCell", "LazyCell"];
    const NOT_CLONED: [&str; 3] = ["Mutex", "RwLock", "LazyLock"];
    let last = path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let Some(GenericArgument::Type(inner)) = arguments.args.first() else {
        return None;
    };
    let words = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string());
    let words: Vec<String> = match path.segments.len() {
        1 => source::import(&last.ident.to_string())?,
        _ => words.collect(),
    };
    let (first, name) = (words.first()?, words.last()?);
    let is_of = |names: &[&str]| names.contains(&name.as_str());
    let of_std = ["alloc", "core", "std"].contains(&first.as_str());
    let is_unfit = is_sent && is_of(&NOT_SENT) || is_cloned && is_of(&NOT_CLONED);
    (of_std && is_unfit).then(|| {
        let fact = format!("what is stored is a value, which no `{name}` is");
        (fact, format!("write `{}`", text(inner)))
    })
}

/// The part of a field's type that borrows, with what to write instead.
pub(crate) fn borrowed(ty: &Type) -> Option<(TokenStream, String)> {
    let mut found = Borrowed(None);
    found.visit_type(ty);
    found.0
}

struct Borrowed(Option<(TokenStream, String)>);

impl<'ast> Visit<'ast> for Borrowed {
    fn visit_type(&mut self, ty: &'ast Type) {
        match ty {
            Type::Reference(reference) => {
                let owned = (reference.to_token_stream(), owned(reference));
                self.0.get_or_insert(owned);
            }
            // What these say of lifetimes is about what they are called with.
            Type::FnPtr(_) | Type::TraitObject(_) => {}
            _ => visit::visit_type(self, ty),
        }
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            let instead = (lifetime.to_token_stream(), "'static".to_owned());
            self.0.get_or_insert(instead);
        }
    }
}

/// The owned form of a borrowed type, as far as it can be told.
fn owned(reference: &TypeReference) -> String {
    match reference.elem.as_ref() {
        Type::Slice(slice) => format!("Vec<{}>", text(&slice.elem)),
        Type::Path(path) => {
            let owned = |ident: &Ident| match ident.to_string().as_str() {
                "str" => Some("String"),
                "Path" => Some("PathBuf"),
                "OsStr" => Some("OsString"),
                "CStr" => Some("CString"),
                _ => None,
            };
            let last = last_ident(&path.path).and_then(|ident| Some((ident, owned(ident)?)));
            let path = shown(&path.path);
            match last {
                Some((ident, owned)) => {
                    let module = path.strip_suffix(&ident.to_string());
                    format!("{}{owned}", module.unwrap_or_default())
                }
                None => path,
            }
        }
        other => text(other),
    }
}

/// Makes types that were reported harmless: what they lack is no other mistake.
pub(crate) fn mend(item: &mut DeriveInput) {
    if item.generics.lifetimes().next().is_none() {
        let generics = item.generics.clone();
        Mended { generics }.visit_data_mut(&mut item.data);
    }
}

struct Mended {
    generics: Generics,
}

impl VisitMut for Mended {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::FnPtr(_) | Type::TraitObject(_) => {}
            _ if unfit(ty, &OURS, true, &self.generics).is_some() => {
                // It can be sent, and mentions what the user may have imported for it.
                *ty = parse_quote!(fn() -> #ty);
            }
            _ => visit_mut::visit_type_mut(self, ty),
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference.lifetime = Some(parse_quote!('static));
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        *lifetime = Lifetime::new("'static", lifetime.span());
    }
}

fn text(ty: &Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}
