//! The migrations of a store's tables: which there are, and what a database's list of applied ones says.
//!
//! Each is a file with a number, which makes its tables and writes itself into the list. So the store runs the same text that
//! an operator may run by hand. A migration also says from which schema version on older builds can work with what it made.
//! During a deployment such builds go on, and can start again beside newer ones.

use crate::store::error::StoreError;

/// One migration: its schema version and its SQL.
pub(super) type Migration = (i64, &'static str);

/// What a database holds under our names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing yet, or tables of an older version: this one, 0 for none.
    Older(i64),
    /// Tables that this build works with: as it makes them, or as a newer build made them that it can work beside.
    Usable,
}

/// A migration that was applied: its version, and the oldest version whose builds work with what it made.
pub(super) type Applied = (i64, i64);

/// The newest version there is.
pub(super) const fn known(migrations: &[Migration]) -> i64 {
    match migrations {
        [.., (version, _)] => *version,
        [] => 0,
    }
}

/// The SQL of the migrations behind a version, in order.
pub(super) fn behind(
    migrations: &'static [Migration],
    version: i64,
) -> impl Iterator<Item = &'static str> {
    let behind = migrations.iter().filter(move |(it, _)| *it > version);
    behind.map(|(_, sql)| *sql)
}

/// What a database at a place holds, by its list of applied migrations in order of versions, to a build that knows those up to a
/// version. `list` is the table with the list, and `other` another table under our names.
///
/// # Errors
/// When the tables are not ours, or a newer build migrated them to a version that this build does not understand.
pub(super) fn judge(
    known: i64,
    applied: &[Applied],
    (list, other): (&str, Option<&str>),
    place: &impl ToString,
) -> Result<Found, StoreError> {
    let dense = (1..)
        .zip(applied)
        .all(|(wanted, (version, _))| wanted == *version);
    let newest = applied.last().map_or(0, |(version, _)| *version);
    let understood = applied.iter().all(|(_, from)| *from <= known);
    let foreign = match newest {
        newest if newest > known && !(understood && dense) => {
            return Err(StoreError::NewerSchema {
                place: place.to_string(),
                found: newest,
                known,
            });
        }
        _ if !dense => Some(list),
        // Tables that no applied migration made are somebody else's.
        0 => other,
        _ => None,
    };
    match foreign {
        Some(table) => Err(StoreError::ForeignTable {
            place: place.to_string(),
            table: table.to_owned(),
        }),
        None if newest < known => Ok(Found::Older(newest)),
        None => Ok(Found::Usable),
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, StoreError, judge};

    #[test]
    fn a_build_works_with_what_it_makes_and_with_what_says_so() {
        let newer = |found| Err(format!("newer: {found}"));
        let foreign = |table: &str| Err(format!("foreign: {table}"));
        for (known, applied, other, found) in [
            (1, &[][..], None, Ok(Found::Older(0))),
            (1, &[], Some("events"), foreign("events")),
            (1, &[(1, 1)], Some("events"), Ok(Found::Usable)),
            (2, &[(1, 1)], None, Ok(Found::Older(1))),
            (1, &[(1, 1), (2, 1)], None, Ok(Found::Usable)),
            (1, &[(1, 1), (2, 2)], None, newer(2)),
            (2, &[(1, 1), (2, 2)], None, Ok(Found::Usable)),
            // If one migration is not understood, later ones do not matter.
            (1, &[(1, 1), (2, 2), (3, 1)], None, newer(3)),
            (2, &[(1, 1), (2, 2), (3, 2)], None, Ok(Found::Usable)),
            (1, &[(2, 1)], None, newer(2)),
            (3, &[(1, 1), (3, 1)], None, foreign("list")),
            (1, &[(0, 0)], None, foreign("list")),
        ] {
            let judged = judge(known, applied, ("list", other), &"here");
            let judged = judged.map_err(|error| match error {
                StoreError::NewerSchema { found, .. } => format!("newer: {found}"),
                StoreError::ForeignTable { table, .. } => format!("foreign: {table}"),
                other => other.to_string(),
            });
            assert_eq!(judged, found, "{known}: {applied:?}");
        }
    }
}
