//! What every store checks of what it is asked for and of what it finds, and the errors for it.

use crate::{
    record::{
        event::RecordedEvent,
        id::{AggregateId, EventId},
        stream::{AggregateType, StreamId},
        version::Version,
    },
    store::{append::Append, error::StoreError},
};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::store::tables::inline::InlineRow;

impl StreamId {
    /// Refuses a stream that belongs to another type of aggregate.
    pub(crate) fn check_type(&self, found: &str) -> Result<(), StoreError> {
        if self.aggregate_type.is(found) {
            return Ok(());
        }
        Err(StoreError::WrongAggregate {
            stream: self.clone(),
            found: found.to_owned(),
        })
    }
}

impl Append {
    /// The versions of the stream before and after the append. `found` is the stream's version and type, if it exists, and `last`
    /// its last event.
    ///
    /// # Errors
    /// Why the append is refused.
    pub(crate) fn versions(
        &self,
        found: Option<(Version, &str)>,
        last: impl FnOnce() -> Option<EventId>,
    ) -> Result<(Version, Version), StoreError> {
        let before = match found {
            Some((version, aggregate_type)) => {
                self.stream.check_type(aggregate_type)?;
                version
            }
            None => Version::NONE,
        };
        if !self.allows(before, last) {
            return Err(self.conflict(before));
        }
        Ok((before, self.version_after(before)?))
    }

    /// The error for a stream that is at another version, or ends with another event, than expected.
    pub(crate) fn conflict(&self, actual: Version) -> StoreError {
        StoreError::Conflict {
            stream: self.stream.clone(),
            expected: self.expect,
            actual,
        }
    }

    /// Refuses an append whose command was stored before for another aggregate than this one of the append's tenant.
    pub(crate) fn check_seen(
        &self,
        aggregate_id: AggregateId,
        aggregate_type: impl Into<AggregateType>,
    ) -> Result<(), StoreError> {
        let used_for = StreamId {
            tenant_id: self.stream.tenant_id,
            aggregate_type: aggregate_type.into(),
            aggregate_id,
        };
        if self.stream.is(&used_for) {
            return Ok(());
        }
        Err(StoreError::CommandIdReused {
            command_id: self.command_id,
            used_for,
        })
    }
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl StreamId {
    /// The error for a stored row that cannot be right.
    pub(crate) fn corrupt(&self, what: impl Into<String>) -> StoreError {
        StoreError::Corrupt {
            stream: self.clone(),
            what: what.into(),
        }
    }

    /// Refuses an event that does not follow the one before it.
    pub(crate) fn check_next(&self, before: Version, found: Version) -> Result<(), StoreError> {
        let expected = before.next();
        if found == expected {
            return Ok(());
        }
        Err(self.corrupt(format!(
            "event {expected} is missing, the next one is {found}"
        )))
    }

    /// Refuses a stream whose events were found only up to a version before its end.
    pub(crate) fn check_end(&self, found: Version, end: Version) -> Result<(), StoreError> {
        if found >= end {
            return Ok(());
        }
        let what = format!("its events after {found} up to {end} are missing");
        Err(self.corrupt(what))
    }
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl Append {
    /// The error for a row of the append whose value in a column is taken.
    pub(crate) fn taken(&self, row: &InlineRow, field: &'static str) -> StoreError {
        StoreError::Taken {
            stream: self.stream.clone(),
            model: row.table.name,
            field,
        }
    }

    /// The error for an append with a row that is being made anew: as if the stream had changed, so that the row is loaded again.
    pub(crate) fn outdated(&self) -> StoreError {
        self.conflict(self.expect.version().unwrap_or(Version::NONE))
    }

    /// The error for an append that may or may not be stored.
    pub(crate) fn unknown_outcome(
        &self,
        source: impl Into<crate::store::error::Cause>,
    ) -> StoreError {
        StoreError::UnknownOutcome {
            command_id: self.command_id,
            stream: self.stream.clone(),
            source: source.into(),
        }
    }
}

impl RecordedEvent {
    /// How many bytes of JSON it has.
    pub(crate) fn bytes(&self) -> usize {
        self.payload.len() + self.metadata.json().len()
    }
}

/// A number as a column or a parameter has it. A number above the highest value becomes that value.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn column(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// The version in a column. A negative number, which no stream has, counts as none.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn version(number: i64) -> Version {
    Version::new(u64::try_from(number).unwrap_or(0))
}
