//! The names of generated commands, and what else may have them.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Ident, Type};

use super::model::{Block, Function, Output};
use crate::paths::last_ident;

impl<'a> Block<'a> {
    /// The name that a generated command would share with another type beside the aggregate, and what that is.
    pub(super) fn taken(&self, function: &Function<'a>) -> Option<(Ident, String)> {
        if !function.is_generated() {
            return None;
        }
        let name = last_ident(&function.command())?.clone();
        let output = function.output();
        let events = match &output {
            Output::Infallible(events) => events.clone(),
            Output::Fallible { events, .. } => events.to_token_stream(),
        };
        let aggregate = self.aggregate_text();
        let error = |error: &Type| matches!(error, Type::Path(path) if path.path.is_ident(&name));
        let taken_by = if name == aggregate {
            "the aggregate"
        } else if name == format!("{aggregate}Event") {
            "the enum of events"
        } else if output.error().is_some_and(error) {
            "the error"
        } else if mentioned(events, &name) == Some(Mention::Plain) {
            "an event"
        } else if function.types().any(|ty| mentioned(ty, &name).is_some()) {
            "a type in its signature"
        } else if let Some(taken_by) = self.taken_beside(&name.to_string()) {
            return Some((name, taken_by));
        } else {
            return None;
        };
        Some((name, taken_by.to_owned()))
    }

    /// What has the name in the scope of the block.
    fn taken_beside(&self, name: &str) -> Option<String> {
        if let Some(taken_by) = self.scope.as_ref().and_then(|scope| scope.taken(name)) {
            return Some(taken_by);
        }
        PRELUDE
            .contains(&name)
            .then(|| format!("`{name}` of the prelude"))
    }
}

/// Types that files with aggregates name without an import or by that of our prelude. A command of the same name would be
/// taken for them, in the user's own code.
const PRELUDE: [&str; 31] = [
    "Box",
    "Option",
    "Result",
    "String",
    "Vec",
    "Aggregate",
    "AggregateEvent",
    "App",
    "AsOf",
    "Command",
    "CommandId",
    "Context",
    "Cursor",
    "Decide",
    "Domain",
    "Event",
    "Id",
    "JsonObject",
    "Loaded",
    "LogFilter",
    "Metadata",
    "Receipt",
    "RecordedEvent",
    "Scenario",
    "SendError",
    "SendOptions",
    "Snapshot",
    "StoreError",
    "TenantId",
    "Timestamp",
    "UpcastError",
];

/// How a name stands in a type.
#[derive(PartialEq, Eq)]
enum Mention {
    Plain,
    /// It has arguments, as `Option<..>` has, which no event has.
    WithArguments,
}

/// How `name` stands in the type by itself, not behind `::`.
fn mentioned(ty: TokenStream, name: &Ident) -> Option<Mention> {
    let mut behind_colons = false;
    let mut tokens = ty.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Ident(ident) if !behind_colons && ident == name => {
                let next = tokens.peek();
                let opens = matches!(next, Some(TokenTree::Punct(next)) if next.as_char() == '<');
                return Some(match opens {
                    true => Mention::WithArguments,
                    false => Mention::Plain,
                });
            }
            TokenTree::Group(group) => {
                let inside = mentioned(group.stream(), name);
                if inside.is_some() {
                    return inside;
                }
            }
            _ => {}
        }
        behind_colons = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':');
    }
    None
}
