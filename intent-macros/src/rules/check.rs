//! Checks of rules that hold for aggregates, read models and processes alike.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{ExprClosure, Ident, Pat, Path, Type};

use super::{
    entry::{Effect, Entry},
    rule::{Change, Field, Rule},
    subject::Subject,
};
use crate::syntax::{
    diag::{Diagnostics, Mistake},
    paths::{last_ident, same, shown},
    respan::snake_case,
};

/// The lists of events of one type, for the checks of its rules.
pub(crate) struct Lists<'a> {
    pub(crate) owner: &'a Ident,
    /// The attribute with the lists: "#[aggregate(..)]".
    pub(crate) attribute: &'static str,
    /// What an event is not that is in no list: "is not an event of".
    pub(crate) is_not: &'static str,
    pub(crate) entries: Vec<&'a Entry>,
    /// Whether `events(..)` is there.
    pub(crate) has_events: bool,
}

impl Lists<'_> {
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().copied()
    }

    /// Whether a rule is for a listed event.
    fn have(&self, rule: &Rule) -> bool {
        self.entries().any(|entry| entry.is_meant_by(rule))
    }

    /// What else a rule may mean that is for no listed event: one of the events of its name, or one of nearly that.
    fn meant(&self, rule: &Rule) -> Option<String> {
        let namesakes = self
            .entries()
            .filter(|entry| rule.event.is_ident(entry.ident()));
        let namesakes: Vec<String> = namesakes
            .map(|entry| format!("`{}`", entry.text()))
            .collect();
        match namesakes.is_empty() {
            true => rule.meant(self.entries()).map(|close| format!("`{close}`")),
            false => Some(namesakes.join(" or ")),
        }
    }
}

/// The events that have rules and are in no list, except those that are probably misspelt.
pub(crate) fn unlisted(lists: &Lists<'_>, fields: &[Field<'_>]) -> Vec<Path> {
    let mut paths: Vec<Path> = Vec::new();
    for (_, rule) in rules(fields) {
        let is_known = |known: &Path| last_ident(known) == last_ident(&rule.event);
        if !lists.have(rule) && lists.meant(rule).is_none() && !paths.iter().any(is_known) {
            paths.push(rule.event.clone());
        }
    }
    paths
}

/// False if a rule is for an event that is not listed. `special` is the help for an event that is not meant to be listed.
pub(crate) fn rules_for_listed_events(
    diag: &Diagnostics,
    lists: &Lists<'_>,
    fields: &[Field<'_>],
    special: impl Fn(&Rule) -> Option<&'static str>,
) -> bool {
    if lists.entries.is_empty() && !lists.has_events {
        // The missing lists are reported already.
        return false;
    }
    let attribute = lists.attribute;
    let mut all = true;
    let mut missing = Vec::new();
    for (_, rule) in rules(fields) {
        if lists.have(rule) {
            continue;
        }
        all = false;
        let written = shown(&rule.event);
        if missing.contains(&written) {
            continue;
        }
        let fact = format!("`{written}` {} `{}`", lists.is_not, lists.owner);
        let help = match (special(rule), lists.meant(rule)) {
            (Some(special), _) => {
                missing.push(written);
                special.to_owned()
            }
            (None, Some(close)) => format!("write {close}, or add `{written}` to `events(..)`"),
            (None, None) => {
                // One help is enough for all rules of an event. If the whole list is missing, one help is enough for all events.
                missing.push(written.clone());
                match lists.has_events {
                    true => format!("add `{written}` to `events(..)` in `{attribute}`"),
                    false => {
                        let all: Vec<String> = unlisted(lists, fields).iter().map(shown).collect();
                        missing.extend_from_slice(&all);
                        format!("add `events({})` to `{attribute}`", all.join(", "))
                    }
                }
            }
        };
        diag.add(Mistake::at(&rule.event, fact).help(help));
    }
    all
}

/// Reports a rule on the id or on the key, which is given when the value begins and stays. `word` says which of the two it is.
pub(crate) fn no_rule_on_the_key(diag: &Diagnostics, word: &str, help: &str, fields: &[Field<'_>]) {
    let keys = fields.iter().filter(|field| field.key.is_some());
    for (field, rule) in keys.flat_map(|field| field.rules.iter().map(move |rule| (field, rule))) {
        let fact = format!("`{}` is the {word}, which no event changes", field.ident);
        diag.add(Mistake::at(&rule.event, fact).help(help));
    }
}

/// Reports a closure with other parameters than a rule has: a value gets the event, and a change in place gets the field and the
/// event, each by reference.
pub(crate) fn closures_take_what_there_is(
    diag: &Diagnostics,
    subject: Subject,
    fields: &[Field<'_>],
) {
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
            by_reference(diag, subject, field, rule, closure);
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
fn by_reference(
    diag: &Diagnostics,
    subject: Subject,
    field: &Field<'_>,
    rule: &Rule,
    closure: &ExprClosure,
) {
    for parameter in &closure.inputs {
        let Pat::Type(typed) = parameter else {
            continue;
        };
        let ty = typed.ty.as_ref();
        let is_event = matches!(ty, Type::Path(path) if same(&path.path, &rule.event));
        let (fact, taken) = match is_event {
            true => (
                "a rule borrows the event",
                format!("&{}", subject.shown(&rule.event)),
            ),
            false if same(ty, field.ty()) => (
                "a rule changes the field through a reference",
                format!("&mut {}", ty.to_token_stream()),
            ),
            false => continue,
        };
        let help = format!("write `{taken}`, or leave the type out");
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

/// Reports `=> ()` on an event that creates. `creates` says what it does: "creates the aggregate".
pub(crate) fn creation_does_something<'a>(
    diag: &Diagnostics,
    creates: &str,
    creating: impl Iterator<Item = &'a Entry>,
) {
    for entry in creating.filter(|entry| matches!(entry.effect, Effect::Nothing)) {
        let fact = format!("`{}` {creates} and cannot do nothing", entry.text());
        let help = "remove `=> ()`: fields without a rule get their `Default`";
        diag.add(Mistake::at(&entry.event, fact).help(help));
    }
}
