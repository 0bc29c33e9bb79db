//! Which rows an actor may read.

use uuid::Uuid;

use crate::{
    dispatch::actor::Actor,
    model::read_model::ReadModel,
    read_model::{error::ReadError, kind::table},
    record::column::{Cell, ColumnKind},
};

/// Columns with the values that make a row the actor's own: one of them is enough.
pub(crate) type Own = Vec<(&'static str, Cell)>;

/// The rows that an actor may read: `None` if these are all of the tenant.
///
/// # Errors
/// [`ReadError::Forbidden`] if no access rule names a role of the actor.
pub(crate) fn own_rows<M: ReadModel>(actor: &Actor) -> Result<Option<Own>, ReadError> {
    let mut rules = M::ACCESS
        .iter()
        .filter(|rule| actor.roles().iter().any(|role| role == rule.role))
        .peekable();
    if rules.peek().is_none() {
        let mut allowed: Vec<&'static str> = M::ACCESS.iter().map(|rule| rule.role).collect();
        allowed.dedup();
        return Err(ReadError::Forbidden {
            model: M::TABLE,
            actor: actor.clone(),
            allowed,
        });
    }
    let mut own = Own::new();
    for rule in rules {
        let Some(column) = rule.own else {
            return Ok(None);
        };
        let kind = table::<M>().column(column).map(|column| column.kind);
        own.extend(kind.and_then(|kind| Some((column, name(actor, kind)?))));
    }
    Ok(Some(own))
}

/// The actor's name in a column. `None` if no row has it: an empty name is nobody's, and an id is written as ids are.
fn name(actor: &Actor, kind: ColumnKind) -> Option<Cell> {
    let name = actor.name();
    match kind {
        ColumnKind::Text if name.is_empty() || name.contains('\0') => None,
        ColumnKind::Text => Some(Cell::Text(name.to_owned())),
        ColumnKind::Id => {
            let id = Uuid::try_parse(name).ok()?;
            let is_usual = id.to_string().eq_ignore_ascii_case(name);
            is_usual.then_some(Cell::Id(id))
        }
        _ => None,
    }
}
