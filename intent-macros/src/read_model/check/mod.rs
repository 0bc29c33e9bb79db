//! Checks of a read model.

mod inline;

use syn::ext::IdentExt as _;

use super::{
    DERIVE, access, links,
    model::{LONGEST_KEY, ReadModel, Role, cannot_be_compared, is_indexed, marks},
};
use crate::{
    item::{
        shape::{Kind, has_named_fields},
        version,
    },
    rules::{
        check as rules,
        entry::{Effect, Entry},
        rule::Field,
    },
    syntax::{
        attr::takes_nothing,
        diag::{Diagnostics, Mistake},
        paths::{same, shown},
        symbol::{INDEX, UNIQUE},
    },
};

/// A read model has no parameters, since there is one table.
const READ_MODEL: Kind = Kind {
    what: "a read model",
    stored: "its table and its columns",
    owned: "a row is stored",
};

/// The longest name of a table. Each build of its rows has a table whose name is longer.
const LONGEST_TABLE: usize = 40;

/// The longest name of a column on Postgres.
const LONGEST_COLUMN: usize = 63;

/// Columns that each table has: ours, and those of Postgres.
const RESERVED: [&str; 7] = [
    "tenant_id",
    "ctid",
    "tableoid",
    "xmin",
    "xmax",
    "cmin",
    "cmax",
];

/// Reports all mistakes in `model`. Checks that compare with the lists of events run only if those are complete.
pub(super) fn check(diag: &Diagnostics, model: &ReadModel<'_>, lists_are_read: bool) {
    let unread = diag.has_errors();
    let fields = model.fields.as_slice();
    DERIVE.named_fields(diag, model.original);
    let originals = fields.iter().map(|field| field.original);
    READ_MODEL.no_parameters(diag, model.ident(), &model.original.generics, originals);
    table_has_a_name(diag, model);
    version::from_one(diag, "read model", model.attrs.version.as_ref(), None);
    columns_have_names(diag, model);
    has_a_key(diag, model);
    indexes_are_of_use(diag, model);
    access::check(diag, model);
    let help = "remove the rule; the key is the id of the event's aggregate, or what `by` gives";
    rules::no_rule_on_the_key(diag, "key", help, fields);
    rows_begin(diag, model, lists_are_read);
    let listed = each_event_once(diag, model);
    links::check(diag, model, lists_are_read);
    match model.is_inline() {
        true => inline::check(diag, model),
        false => {
            by_gives_the_key(diag, model);
            inline::nothing_is_unique(diag, model);
        }
    }
    rules::creation_does_something(diag, "begins a row", model.with_role(Role::Begins));
    removal_has_no_function(diag, model);
    rules::closures_take_what_there_is(diag, model.subject(), fields);
    rules::no_state_in_a_rule(diag, "#[read_model(..)]", fields);
    let ruled =
        lists_are_read && rules::rules_for_listed_events(diag, &model.lists(), fields, |_| None);
    let entries = || model.entries().map(|(_, entry)| entry);
    rules::one_rule_per_event_and_field(diag, entries(), fields);
    // A creating event marked `=> ()` is reported once, not again for its rules.
    let begins = model.with_role(Role::Begins);
    let begins = begins.filter(|entry| !matches!(entry.effect, Effect::Nothing));
    let changes = model.with_role(Role::Changes);
    rules::a_rule_or_a_function(diag, begins.chain(changes.clone()), fields);
    no_rule_for_a_removal(diag, model);
    // If a rule is misspelt, or there are no fields, the events seem to do nothing. That is not reported again.
    if !unread && listed && ruled && has_named_fields(model.original) {
        rules::every_event_does_something(diag, changes, fields);
    }
}

/// The name is part of SQL that users write, and of the names of tables and views that we make.
fn table_has_a_name(diag: &Diagnostics, model: &ReadModel<'_>) {
    let table = model.table();
    let of_letters = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '_');
    let why = if table.is_empty() {
        "it is empty".to_owned()
    } else if table.len() > LONGEST_TABLE && table.chars().all(of_letters) {
        format!("`{table}` has {} characters", table.len())
    } else if let Some(other) = table.chars().find(|letter| !of_letters(*letter)) {
        format!("`{table}` has a `{}`", other.escape_debug())
    } else if !table.starts_with(|first: char| first.is_ascii_lowercase()) {
        format!("`{table}` does not begin with a letter")
    } else if table.contains("__") {
        format!("`{table}` has `__`, which sets off what the library adds to a name")
    } else {
        return;
    };
    let note = format!(
        "the name of a table is 1 to {LONGEST_TABLE} of `a-z`, `0-9` and `_`, begins with a letter, and has no `__`"
    );
    diag.add(match &model.attrs.table {
        Some(literal) => Mistake::at(literal, format!("this is not the name of a table: {why}"))
            .note(note)
            .help("choose another name, such as `table = \"account_balances\"`"),
        None => {
            let fact = format!("the name of the struct cannot be the name of its table: {why}");
            Mistake::at(model.ident(), fact)
                .note(note)
                .help("add `table = \"account_balances\"` to `#[read_model(..)]`")
        }
    });
}

/// Columns are named in SQL that users write, where Postgres reads capitals as small letters.
fn columns_have_names(diag: &Diagnostics, model: &ReadModel<'_>) {
    for field in &model.fields {
        let name = field.ident.unraw().to_string();
        let of_letters = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '_');
        let fact = if RESERVED.contains(&name.as_str()) {
            format!("every table has a column `{name}` already")
        } else if name.starts_with("__") {
            format!("`{name}` begins with `__`, as the columns of the library do")
        } else if let Some(other) = name.chars().find(|letter| !of_letters(*letter)) {
            format!("`{name}` is not the name of a column: it has a `{other}`")
        } else if name.len() > LONGEST_COLUMN {
            format!(
                "`{name}` is not the name of a column: it has {} characters",
                name.len()
            )
        } else {
            continue;
        };
        let note = format!("the name of a column is 1 to {LONGEST_COLUMN} of `a-z`, `0-9` and `_`");
        let mistake = Mistake::at(field.ident, &fact);
        diag.add(match fact.contains("not the name") {
            true => mistake.note(note).help("give the field another name"),
            false => mistake.help("give the field another name"),
        });
    }
}

fn has_a_key(diag: &Diagnostics, model: &ReadModel<'_>) {
    model
        .keys()
        .filter_map(|field| field.key)
        .for_each(|mark| takes_nothing(diag, mark));
    if let Some(fifth) = model.keys().nth(LONGEST_KEY) {
        let fact = format!("a key has at most {LONGEST_KEY} fields");
        let help = "remove `#[key]`, or make one text of several fields";
        diag.add(Mistake::at(fifth.ident, fact).help(help));
    }
    for field in model.keys() {
        // Of other types the compiler says so, and for a key of several fields less precisely.
        if let Some(found) = cannot_be_compared(field) {
            let fact = format!("`{found}` is not the key of a row, nor a part of it");
            let note = "a key is a `bool`, an integer, a `String`, an id or a `Timestamp`, or several such fields";
            let help = "mark another field, or keep the key in one of these types";
            diag.add(Mistake::at(field.ty(), fact).note(note).help(help));
        }
    }
    if model.keys().next().is_some() || !has_named_fields(model.original) {
        return;
    }
    let fact = format!("read model `{}` has no key", model.ident());
    let help = "mark the field that tells its rows apart with `#[key]`, such as `#[key] account: Id<Account>`";
    diag.add(Mistake::at(model.ident(), fact).help(help));
}

/// Reports `#[index]` on what rows are found by without it.
fn indexes_are_of_use(diag: &Diagnostics, model: &ReadModel<'_>) {
    for field in &model.fields {
        given_once(diag, field, INDEX);
        given_once(diag, field, UNIQUE);
    }
    let first = model.keys().next().filter(|first| is_indexed(first));
    if let Some(first) = first {
        let fact = format!("rows are found by `{}` without an index", first.ident);
        let help = "remove `#[index]`: the key begins with this field";
        diag.add(Mistake::at(first.ident, fact).help(help));
    }
}

fn given_once(diag: &Diagnostics, field: &Field<'_>, mark: &'static str) {
    let found: Vec<_> = marks(field, mark).collect();
    found.iter().for_each(|mark| takes_nothing(diag, mark));
    if let [_, second, ..] = found.as_slice() {
        let fact = format!("`#[{mark}]` is given twice");
        diag.add(Mistake::at(second.path(), fact).help("remove one"));
    }
}

/// Reports lists by which no row ever begins.
fn rows_begin(diag: &Diagnostics, model: &ReadModel<'_>, lists_are_read: bool) {
    let attrs = &model.attrs;
    match (&attrs.created_by, &attrs.events) {
        (Some(list), _) if list.value.is_empty() && lists_are_read => {
            let help = "write the event that begins a row, for example `created_by(Opened)`; or remove `created_by`, and any event begins one";
            diag.add(Mistake::at(&list.key, "`created_by` names no event").help(help));
        }
        (None, Some(list)) if list.value.is_empty() && lists_are_read => {
            let help = "write the events that change a row, for example `events(Deposited)`";
            diag.add(Mistake::at(&list.key, "`events` names no event").help(help));
        }
        (None, None) if lists_are_read => {
            let fact = format!("no event begins a row of `{}`", model.ident());
            let help = match attrs.removed_by {
                Some(_) => {
                    "add `events(..)` to `#[read_model(..)]`, with the events that change a row"
                }
                None => "add `#[read_model(events(..))]`, with the events that change a row",
            };
            diag.add(Mistake::at(model.ident(), fact).help(help));
        }
        _ => {}
    }
    if let Some(list) = &attrs.removed_by
        && list.value.is_empty()
        && lists_are_read
    {
        let help = "write the event that removes a row, for example `removed_by(Closed)`, or remove the list";
        diag.add(Mistake::at(&list.key, "`removed_by` names no event").help(help));
    }
}

/// False if an event stands in the lists twice. One that two aggregates list may stand there once of each.
fn each_event_once(diag: &Diagnostics, model: &ReadModel<'_>) -> bool {
    let entries: Vec<(Role, &Entry)> = model.entries().collect();
    let mut once = true;
    for (index, (role, entry)) in entries.iter().enumerate() {
        let mut earlier = entries[..index].iter();
        let Some((twin, _)) = earlier.find(|(_, earlier)| is_one_event(earlier, entry)) else {
            continue;
        };
        once = false;
        let text = entry.text();
        let (fact, help) = match twin == role {
            true => (
                format!("event `{text}` is listed twice"),
                "remove one".to_owned(),
            ),
            false => (
                format!(
                    "event `{text}` is in `{}` and in `{}`",
                    twin.list(),
                    role.list()
                ),
                "keep the list that says what it does to a row, and remove it from the other"
                    .to_owned(),
            ),
        };
        diag.add(Mistake::at(&entry.event, fact).help(help));
    }
    once
}

fn is_one_event(one: &Entry, other: &Entry) -> bool {
    let of_two = match (&one.of, &other.of) {
        (Some(one), Some(other)) => !same(&one.value, &other.value),
        _ => false,
    };
    same(&one.event, &other.event) && !of_two
}

/// Reports an entry without `by` if the key has several fields. Of one field, the compiler knows whether it is an id.
fn by_gives_the_key(diag: &Diagnostics, model: &ReadModel<'_>) {
    let names: Vec<String> = model.keys().map(|field| field.ident.to_string()).collect();
    if names.len() < 2 {
        return;
    }
    for (_, entry) in model.entries().filter(|(_, entry)| entry.by.is_none()) {
        let text = entry.text();
        let fact = format!("nothing says which rows `{text}` changes: the key has several fields");
        let help = format!(
            "write `{text} by |e| (..)`, with a value for each of `{}`",
            names.join("`, `")
        );
        diag.add(Mistake::at(&entry.event, fact).help(help));
    }
}

fn removal_has_no_function(diag: &Diagnostics, model: &ReadModel<'_>) {
    for entry in model.with_role(Role::Removes) {
        let (blame, found) = match &entry.effect {
            Effect::Rules => continue,
            Effect::Function(function) => (quote::quote!(#function), shown(function)),
            Effect::Nothing => (
                quote::ToTokens::to_token_stream(&entry.event),
                "()".to_owned(),
            ),
        };
        let text = entry.text();
        let fact =
            format!("`{text}` removes the row, so nothing is there for `=> {found}` to change");
        let help = format!("remove `=> {found}`, or move `{text}` to `events(..)`");
        diag.add(Mistake::at(blame, fact).help(help));
    }
}

fn no_rule_for_a_removal(diag: &Diagnostics, model: &ReadModel<'_>) {
    for entry in model.with_role(Role::Removes) {
        let fields = model.fields.iter().filter(|field| field.key.is_none());
        for rule in fields.filter_map(|field| field.rule(entry)) {
            let text = entry.text();
            let fact = format!("`{text}` removes the row, and here is a rule for it");
            let help = format!("remove the rule, or move `{text}` to `events(..)`");
            diag.add(Mistake::at(&rule.event, fact).help(help));
        }
    }
}
