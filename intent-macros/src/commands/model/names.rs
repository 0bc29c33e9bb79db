//! The names of generated commands, and what else may have them.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Ident, ReturnType, Type};

use super::{Block, Function};
use crate::syntax::paths::last_ident;

impl<'a> Block<'a> {
    /// The name that a generated command would share with another type beside the aggregate, and what that is.
    pub(in super::super) fn taken(&self, function: &Function<'a>) -> Option<(Ident, String)> {
        if !function.is_generated() {
            return None;
        }
        let name = last_ident(&function.command())?.clone();
        let is = |ty: &Type| match ty {
            Type::Path(path) => {
                path.path.segments.len() == 1 && path.path.segments[0].ident == name
            }
            _ => false,
        };
        let returns = match &function.original.sig.output {
            ReturnType::Type(_, ty) => mentions(quote::quote!(#ty), &name),
            ReturnType::Default => false,
        };
        let taken_by = if is(self.aggregate()) {
            "the aggregate".to_owned()
        } else if let Some(beside) = &function.taken_beside {
            beside.clone()
        } else if returns {
            "a type that it returns".to_owned()
        } else if function.values().any(|argument| is(&argument.ty)) {
            // In `Vec<Split>` it is probably the command itself, which holds others of its kind.
            "the type of its argument".to_owned()
        } else {
            return None;
        };
        Some((name, taken_by))
    }
}

/// Whether a type mentions the name by itself, not behind `::`.
fn mentions(ty: TokenStream, name: &Ident) -> bool {
    let mut is_behind_colons = false;
    ty.into_iter().any(|token| {
        let is_found = match &token {
            TokenTree::Ident(ident) => !is_behind_colons && ident == name,
            TokenTree::Group(group) => mentions(group.stream(), name),
            _ => false,
        };
        is_behind_colons = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':');
        is_found
    })
}
