//! What a command must keep to.

use quote::ToTokens as _;
use syn::{Fields, GenericParam};

use super::model::Command;
use crate::{
    item::misplaced,
    stored::form::{owns_its_data, schema_is_told},
    syntax::{
        attr,
        diag::{Diagnostics, Mistake},
        symbol::ID,
    },
};

/// Reports all mistakes in `command`.
pub(super) fn check(diag: &Diagnostics, command: &Command<'_>) {
    no_parameters(diag, command);
    misplaced::check(
        diag,
        &command.original.attrs,
        &command.original.fields,
        &[ID],
    );
    command
        .ids()
        .for_each(|(_, mark)| attr::takes_nothing(diag, mark));
    for field in &command.original.fields {
        if command.original.generics.params.is_empty() {
            owns_its_data(diag, field);
        }
        schema_is_told(diag, &field.attrs, field.ident.as_ref());
    }
    if named_fields(diag, command) {
        one_id(diag, command);
    }
}

/// A command is sent and logged: it has one shape and owns itself.
fn no_parameters(diag: &Diagnostics, command: &Command<'_>) {
    let Some(parameter) = command.original.generics.params.first() else {
        return;
    };
    diag.add(match parameter {
        GenericParam::Lifetime(lifetime) => {
            let lifetime = &lifetime.lifetime;
            let name = command.ident();
            let fact = format!(
                "a command cannot borrow, but `{name}` has the lifetime parameter `{lifetime}`"
            );
            Mistake::at(parameter, fact)
                .help("use owned types, for example `String` instead of `&str`")
        }
        GenericParam::Type(_) | GenericParam::Const(_) => {
            Mistake::at(parameter, "a command cannot have type or const parameters")
                .note("its name and shape must be the same for every instance")
                .help("use a concrete type")
        }
    });
}

fn named_fields(diag: &Diagnostics, command: &Command<'_>) -> bool {
    let blame = match &command.original.fields {
        Fields::Named(_) => return true,
        Fields::Unnamed(fields) => fields.to_token_stream(),
        Fields::Unit => command.ident().to_token_stream(),
    };
    diag.add(
        Mistake::at(blame, "`#[command]` needs a struct with named fields").help(
            "name the fields, and mark the one that says which aggregate it is for with `#[id]`",
        ),
    );
    false
}

/// The id says which aggregate the command is for.
fn one_id(diag: &Diagnostics, command: &Command<'_>) {
    let mut ids = command.ids();
    let Some((first, _)) = ids.next() else {
        let fact = format!("command `{}` has no `#[id]` field", command.ident());
        diag.add(Mistake::at(command.ident(), fact).help(mark_one(command)));
        return;
    };
    let first = first.ident.to_token_stream();
    for (_, mark) in ids {
        let fact = format!(
            "command `{}` already has the id field `{first}`",
            command.ident()
        );
        diag.add(Mistake::at(mark, fact).help("keep one `#[id]`; other ids are ordinary fields"));
    }
}

/// Names a field as an example when exactly one is an `Id<..>`.
fn mark_one(command: &Command<'_>) -> String {
    match command.unmarked_id().and_then(|field| field.ident.as_ref()) {
        Some(field) => format!("mark `{field}` with `#[id]`"),
        None => "add a field `#[id] id: Id<..>` with the aggregate that it is for".to_owned(),
    }
}
