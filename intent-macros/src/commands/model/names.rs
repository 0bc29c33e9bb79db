//! The names of generated commands, and what else may have them.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Ident, Type};

use super::{Block, Function, Output};
use crate::{source::Scope, syntax::paths::last_ident};

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

/// What has the name of a command beside the block.
pub(in super::super) fn taken_beside(scope: &Scope<'_>, name: &str) -> Option<String> {
    scope.taken(name).or_else(|| {
        let is_known =
            STANDARD.contains(&name) || scope.imports_prelude() && PRELUDE.contains(&name);
        let is_taken = is_known && scope.needs_another(name);
        is_taken.then(|| format!("`{name}` of the prelude"))
    })
}

/// Types of the standard library that files with aggregates name without an import.
const STANDARD: [&str; 5] = ["Box", "Option", "Result", "String", "Vec"];

/// What the prelude of the runtime has for types; a test compares.
const PRELUDE: [&str; 31] = [
    "Acting",
    "Actor",
    "Aggregate",
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
    "LoadError",
    "Loaded",
    "LogFilter",
    "Metadata",
    "Overflow",
    "Receipt",
    "RecordedEvent",
    "Scenario",
    "SendError",
    "SendOptions",
    "Snapshot",
    "StoreError",
    "Tenant",
    "TenantId",
    "Timestamp",
    "UpcastError",
    "Version",
];

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

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::PRELUDE;

    #[test]
    fn the_list_is_what_the_prelude_exports() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../intent-runtime/src/lib.rs");
        let root = syn::parse_file(&fs::read_to_string(root).unwrap()).unwrap();
        let is_prelude =
            |item: &syn::Item| matches!(item, syn::Item::Mod(module) if module.ident == "prelude");
        let Some(syn::Item::Mod(prelude)) = root.items.into_iter().find(is_prelude) else {
            panic!("no prelude");
        };
        let mut types = Vec::new();
        for item in prelude.content.unwrap().1 {
            let syn::Item::Use(import) = item else {
                panic!("the prelude has imports alone");
            };
            let mut tree = import.tree;
            while let syn::UseTree::Path(path) = tree {
                tree = *path.tree;
            }
            let syn::UseTree::Name(last) = tree else {
                panic!("the prelude imports one name a line");
            };
            types.push(last.ident.to_string());
        }
        // The rest are macros.
        types.retain(|name| name.starts_with(char::is_uppercase));
        assert_eq!(types, PRELUDE);
    }
}
