//! Checks of a command.

use quote::ToTokens as _;
use syn::Fields;

use super::model::Command;
use crate::{
    item::shape::{Kind, one_id},
    stored::form::fields_can_be_told,
    syntax::{
        attr,
        diag::{Diagnostics, Mistake},
    },
};

const COMMAND: Kind = Kind {
    what: "a command",
    stored: "its name and shape",
    owned: "a command is sent from one place to another",
};

pub(super) fn check(diag: &Diagnostics, command: &Command<'_>) {
    let (generics, fields) = (&command.original.generics, &command.original.fields);
    COMMAND.no_parameters(diag, command.ident(), generics, fields);
    command
        .ids()
        .for_each(|(_, mark)| attr::takes_nothing(diag, mark));
    fields_can_be_told(diag, generics, fields);
    if named_fields(diag, command) {
        one_id(diag, "command", command.ident(), "..", command.fields());
    }
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
