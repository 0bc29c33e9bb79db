//! Checks of rules that hold for aggregates, read models and processes alike.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{ExprClosure, Pat, Type};

use super::{
    entry::{Effect, Entry},
    rule::{Change, Field, Rule},
};
use crate::syntax::{
    diag::{Diagnostics, Mistake},
    paths::{last_ident, same, shown},
    respan::snake_case,
};

/// Reports a closure with other parameters than a rule has: a value gets the event, and a change in place gets the field and the
/// event, each by reference.
pub(crate) fn closures_take_what_there_is(diag: &Diagnostics, fields: &[Field<'_>]) {
    for (field, rule) in rules(fields) {
        let Some((closure, parameters)) = rule.closure() else {
            continue;
        };
        if let Some(asyncness) = &closure.asyncness {
            let help =
                "fetch what it needs before the command is sent, and make it a field of the event";
            diag.add(Mistake::at(asyncness, "a rule runs at once and cannot wait").help(help));
        }
        let found = closure.inputs.len();
        if found == parameters.len() {
            by_reference(diag, field, rule, closure);
            continue;
        }
        let fact = match parameters.len() {
            1 => format!("the closure of a value takes the event, found {found} parameters"),
            _ => format!(
                "the closure of a change in place takes the field and the event, found {found} parameter{}",
                if found == 1 { "" } else { "s" }
            ),
        };
        let (begin, inputs, end) = (&closure.inputs_begin, &closure.inputs, &closure.inputs_end);
        let help = format!("write `|{}| …`", parameters.join(", "));
        diag.add(Mistake::at(quote!(#begin #inputs #end), fact).help(help));
    }
}

/// Reports a parameter that takes the event or the field by value. rustc would suggest to clone the derive.
fn by_reference(diag: &Diagnostics, field: &Field<'_>, rule: &Rule, closure: &ExprClosure) {
    for parameter in &closure.inputs {
        let Pat::Type(typed) = parameter else {
            continue;
        };
        let ty = typed.ty.as_ref();
        let is_event = matches!(ty, Type::Path(path) if same(&path.path, &rule.event));
        let (fact, sign) = match is_event {
            true => ("a rule borrows the event", "&"),
            false if same(ty, field.ty()) => {
                ("a rule changes the field through a reference", "&mut ")
            }
            false => continue,
        };
        let help = format!(
            "write `{sign}{}`, or leave the type out",
            ty.to_token_stream()
        );
        diag.add(Mistake::at(ty, fact).help(help));
    }
}

/// All rules, each with its field.
fn rules<'a>(fields: &'a [Field<'a>]) -> impl Iterator<Item = (&'a Field<'a>, &'a Rule)> {
    fields
        .iter()
        .flat_map(|field| field.rules.iter().map(move |rule| (field, rule)))
}

/// Reports `self` in a rule, for which rustc would suggest a method. For any other unknown name, rustc's own error is clear. `list` is
/// the attribute with the lists of events.
pub(crate) fn no_state_in_a_rule(diag: &Diagnostics, list: &str, fields: &[Field<'_>]) {
    for (_, rule) in rules(fields) {
        let value = match &rule.change {
            Change::Assign(value) | Change::Operate(_, value) => value.to_token_stream(),
            Change::InPlace(closure) => closure.to_token_stream(),
        };
        let Some(word) = receiver(value) else {
            continue;
        };
        let event = last_ident(&rule.event).map_or_else(String::new, ToString::to_string);
        let function = snake_case(&event);
        let help = format!(
            "use a function: `{event} => Self::{function}` in `{list}`, and remove the rules for `{event}`"
        );
        diag.add(Mistake::at(word, "a rule sees only the event and its own field").help(help));
    }
}

/// The first `self` that is a value, and not the beginning of a path.
fn receiver(tokens: TokenStream) -> Option<TokenTree> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Group(group) => {
                let inside = receiver(group.stream());
                if inside.is_some() {
                    return inside;
                }
            }
            TokenTree::Ident(word) if word == "self" => {
                let is_path =
                    matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
                if !is_path {
                    return Some(token);
                }
            }
            _ => {}
        }
    }
    None
}

/// Reports a second rule of a field for one event.
pub(crate) fn one_rule_per_event_and_field<'a>(
    diag: &Diagnostics,
    entries: impl Iterator<Item = &'a Entry>,
    fields: &[Field<'_>],
) {
    for entry in entries {
        let text = entry.text();
        for field in fields {
            let rules = field.rules.iter().filter(|rule| entry.is_meant_by(rule));
            for second in rules.skip(1) {
                let fact = format!("`{}` has two rules for `{text}`", field.ident);
                let help = format!("make them one: `{text} => |{}, e| …`", field.ident);
                diag.add(Mistake::at(&second.event, fact).help(help));
            }
        }
    }
}

/// Reports a rule for an event whose entry in the list says already what it does.
pub(crate) fn a_rule_or_a_function<'a>(
    diag: &Diagnostics,
    entries: impl Iterator<Item = &'a Entry>,
    fields: &[Field<'_>],
) {
    for entry in entries {
        let (said, help) = match &entry.effect {
            Effect::Rules => continue,
            Effect::Function(function) => (
                format!("is applied by `{}`", shown(function)),
                "do it in the function, or remove the function from the list",
            ),
            Effect::Nothing => (
                "changes nothing by `=> ()`".to_owned(),
                "remove the rule, or `=> ()` from the list",
            ),
        };
        // A rule on the key is reported elsewhere.
        let fields = fields.iter().filter(|field| field.key.is_none());
        for rule in fields.filter_map(|field| field.rule(entry)) {
            let fact = format!("`{}` {said}, and here is a rule for it", entry.text());
            diag.add(Mistake::at(&rule.event, fact).help(help));
        }
    }
}

/// Reports an event that changes nothing and does not say so.
pub(crate) fn every_event_does_something<'a>(
    diag: &Diagnostics,
    entries: impl Iterator<Item = &'a Entry>,
    fields: &[Field<'_>],
) {
    for entry in entries {
        let has_a_rule = fields.iter().any(|field| field.rule(entry).is_some());
        if has_a_rule || !matches!(entry.effect, Effect::Rules) {
            continue;
        }
        let text = entry.text();
        let fact = format!("`{text}` is listed and changes nothing");
        let function = snake_case(&entry.ident().to_string());
        let help = format!(
            "add `#[on({text} ..)]` to a field, name a function as in `{text} => Self::{function}`, or write `{text} => ()`"
        );
        diag.add(Mistake::at(&entry.event, fact).help(help));
    }
}
