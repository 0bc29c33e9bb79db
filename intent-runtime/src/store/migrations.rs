//! The migrations of a store's tables: which there are, and what a list of applied ones says.

use sqlx::{
    SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use crate::StoreError;

/// One migration: its version, what it makes, its SQL. An applied one never changes.
pub(super) type Step = (i64, &'static str, &'static str);

/// What a database holds under our names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing yet, or tables of an older version: this one, 0 for none.
    Older(i64),
    /// Tables as this build makes them.
    Current,
}

/// Why a database is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The list of migrations is not one of ours, or one of a build that was never released.
    Foreign,
    /// It was migrated to this version by a newer build.
    Newer(i64),
}

/// A migration that was applied: its version, its checksum, and whether it succeeded.
pub(super) type Applied = (i64, Vec<u8>, bool);

impl Refused {
    /// What the caller is told of the database at a place.
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
pub(super) const fn known(steps: &[Step]) -> i64 {
    match steps {
        [.., (version, ..)] => *version,
        [] => 0,
    }
}

/// The migrations as sqlx runs them, within a transaction that the caller holds a lock in.
pub(super) fn migrator(steps: &'static [Step], table: &'static str) -> Migrator {
    let migrations = steps.iter().map(|(version, description, sql)| {
        let (name, kind) = ((*description).into(), MigrationType::Simple);
        Migration::new(*version, name, kind, sql.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.dangerous_set_table_name(table);
    migrator.set_locking(false);
    migrator
}

/// What a list of applied migrations in order of versions says.
///
/// # Errors
/// When it is not a beginning of ours.
pub(super) fn judge(migrator: &Migrator, applied: Vec<Applied>) -> Result<Found, Refused> {
    let known = migrator.iter().map(|step| step.version).max().unwrap_or(0);
    let mut last = 0;
    for (version, checksum, success) in applied {
        if version > known {
            return Err(Refused::Newer(version));
        }
        let same = |step: &Migration| step.version == version && *step.checksum == *checksum;
        if !success || !migrator.iter().any(same) {
            return Err(Refused::Foreign);
        }
        last = version;
    }
    Ok(if last == known {
        Found::Current
    } else {
        Found::Older(last)
    })
}

/// The database's own error, if that is what stopped a migration.
pub(super) fn database_error(error: MigrateError) -> Result<sqlx::Error, MigrateError> {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Ok(error),
        other => Err(other),
    }
}
