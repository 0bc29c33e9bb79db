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

/// Why a database is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The list is not one of ours.
    Foreign,
    /// A newer build migrated it to this version, which this build does not understand.
    Newer(i64),
}

/// A migration that was applied: its version, and the oldest version whose builds work with what it made.
pub(super) type Applied = (i64, i64);

impl Refused {
    /// The error for the database at a place.
    pub(super) fn error(self, place: String, table: &str, known: i64) -> StoreError {
        match self {
            Self::Foreign => StoreError::ForeignTable {
                place,
                table: table.to_owned(),
            },
            Self::Newer(found) => StoreError::NewerSchema {
                place,
                found,
                known,
            },
        }
    }
}

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

/// What a list of applied migrations in order of versions says to a build that knows those up to a version.
///
/// # Errors
/// When it is not a beginning of ours, or goes on with one that this build does not understand.
pub(super) fn judge(known: i64, applied: &[Applied]) -> Result<Found, Refused> {
    let dense = (1..)
        .zip(applied)
        .all(|(wanted, (version, _))| wanted == *version);
    let newest = applied.last().map_or(0, |(version, _)| *version);
    if newest <= known {
        return match newest {
            _ if !dense => Err(Refused::Foreign),
            newest if newest < known => Ok(Found::Older(newest)),
            _ => Ok(Found::Usable),
        };
    }
    let understood = applied.iter().all(|(_, from)| *from <= known);
    if understood && dense {
        Ok(Found::Usable)
    } else {
        Err(Refused::Newer(newest))
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Refused, judge};

    #[test]
    fn a_build_works_with_what_it_makes_and_with_what_says_so() {
        for (known, applied, found) in [
            (1, &[][..], Ok(Found::Older(0))),
            (1, &[(1, 1)], Ok(Found::Usable)),
            (2, &[(1, 1)], Ok(Found::Older(1))),
            (1, &[(1, 1), (2, 1)], Ok(Found::Usable)),
            (1, &[(1, 1), (2, 2)], Err(Refused::Newer(2))),
            (2, &[(1, 1), (2, 2)], Ok(Found::Usable)),
            // If one migration is not understood, later ones do not matter.
            (1, &[(1, 1), (2, 2), (3, 1)], Err(Refused::Newer(3))),
            (2, &[(1, 1), (2, 2), (3, 2)], Ok(Found::Usable)),
            (1, &[(2, 1)], Err(Refused::Newer(2))),
            (3, &[(1, 1), (3, 1)], Err(Refused::Foreign)),
            (1, &[(0, 0)], Err(Refused::Foreign)),
        ] {
            assert_eq!(judge(known, applied), found, "{known}: {applied:?}");
        }
    }
}
