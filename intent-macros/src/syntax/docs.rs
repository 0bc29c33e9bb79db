//! Doc comments, as constants of the catalogue.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The doc comment as an expression of type `&str`: its lines joined, each without its first space. If all lines are literals, so is
/// the expression; `#[doc = include_str!(..)]` needs `concat!`.
pub(crate) fn text(attributes: &[Attribute]) -> TokenStream {
    let lines: Vec<&Expr> = attributes.iter().filter_map(line).collect();
    let literals: Option<Vec<String>> = lines.iter().map(|line| literal(line)).collect();
    if let Some(literals) = literals {
        let text = literals.join("\n");
        let text = text.trim();
        return quote!(#text);
    }
    let lines = lines.iter().map(|line| match literal(line) {
        Some(text) => quote!(#text),
        None => quote!(#line),
    });
    quote!(::core::concat!(#(#lines, "\n"),*))
}

/// The doc comments among the attributes.
pub(crate) fn comments(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
}

fn line(attribute: &Attribute) -> Option<&Expr> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => Some(&pair.value),
        _ => None,
    }
}

fn literal(line: &Expr) -> Option<String> {
    let Expr::Lit(ExprLit {
        lit: Lit::Str(text),
        ..
    }) = line
    else {
        return None;
    };
    let lines = text.value();
    let lines: Vec<&str> = lines
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    Some(lines.join("\n"))
}
