//! The names of generated commands, and what else may have them.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Ident, Type};

use super::{Block, Function, Output};
use crate::syntax::paths::last_ident;

impl<'a> Block<'a> {
    /// The name that a generated command would share with another type beside the aggregate, and what that is.
    pub(in super::super) fn taken(&self, function: &Function<'a>) -> Option<(Ident, String)> {
        if !function.is_generated() {
            return None;
        }
        let name = last_ident(&function.command())?.clone();
        let output = function.output();
        let events = match &output {
            Output::Infallible(events) => events.clone(),
            Output::Fallible { events, .. } => events.to_token_stream(),
        };
        let is = |ty: &Type| matches!(ty, Type::Path(path) if path.path.is_ident(&name));
        // A command may hold others of its own kind.
        let surely = |mention| matches!(mention, Some(Mention::Plain | Mention::WithArguments));
        let taken_by = if is(self.aggregate()) {
            "the aggregate"
        } else if output.error().is_some_and(is) {
            "the error"
        } else if matches!(
            mentioned(events, &name),
            Some(Mention::Plain | Mention::Argument)
        ) {
            "an event"
        } else if function.types().any(|ty| surely(mentioned(ty, &name))) {
            "a type in its signature"
        } else {
            return Some((name, function.taken_beside.clone()?));
        };
        Some((name, taken_by.to_owned()))
    }
}

/// How a name stands in a type, the surest last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mention {
    /// As an argument of another type.
    Argument,
    Plain,
    /// It has arguments, as `Option<..>` has, which no event has.
    WithArguments,
}

/// How `name` stands in the type by itself, not behind `::`.
fn mentioned(ty: TokenStream, name: &Ident) -> Option<Mention> {
    let (mut behind_colons, mut depth) = (false, 0_usize);
    let mut found = None;
    let mut tokens = ty.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let mention = match &token {
            TokenTree::Ident(ident) if !behind_colons && ident == name => {
                let next = tokens.peek();
                let opens = matches!(next, Some(TokenTree::Punct(next)) if next.as_char() == '<');
                Some(match opens {
                    true => Mention::WithArguments,
                    false => Mention::Plain,
                })
            }
            TokenTree::Group(group) => mentioned(group.stream(), name),
            _ => None,
        };
        found = found.max(match mention {
            Some(Mention::Plain) if depth > 0 => Some(Mention::Argument),
            other => other,
        });
        let sign = match &token {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        behind_colons = sign == ':';
        match sign {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found
}
