//! Types that certainly cannot be stored: they borrow, or are arrays that serde has no form for.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{
    DeriveInput, Expr, ExprLit, Generics, Ident, Lifetime, Lit, Type, TypeReference, parse_quote,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use crate::{
    item::derives::OURS,
    syntax::{
        diag::Mistake,
        paths::{last_ident, shown},
    },
};

/// How many elements serde's arrays have at most.
const LONGEST_ARRAY: usize = 32;

/// The mistake in an array that serde has no form for.
pub(super) fn long_array(ty: &Type, needed: &[&str], generics: &Generics) -> Option<Mistake> {
    let Type::Array(array) = ty else { return None };
    if !needed.contains(&"Serialize") || has_a_form(&array.len, generics) {
        return None;
    }
    let fact = match &array.len {
        Expr::Lit(_) => format!("serde stores arrays of up to {LONGEST_ARRAY} elements"),
        _ => "serde stores arrays of a fixed length only".to_owned(),
    };
    Some(Mistake::at(ty, fact).help(format!("write `Vec<{}>`", text(&array.elem))))
}

/// Whether serde has a form for arrays of that length, as far as the tokens tell.
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
            // Lifetimes in these are about the arguments of a call.
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

/// Replaces types that were reported, so that they cause no other errors.
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
            _ if long_array(ty, &OURS, &self.generics).is_some() => {
                // The new type mentions the old one, so that its import stays in use.
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
