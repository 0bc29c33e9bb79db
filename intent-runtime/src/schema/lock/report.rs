//! The text of all differences, and what an update does about each.

use std::fmt;

use serde_json::Value;

use crate::schema::{
    difference::difference,
    lock::format::{Blocks, Key, pretty},
};

/// All differences between the code and its `intent.lock`. Its text shows each of them and how to mend it.
#[derive(Debug)]
pub struct Report {
    differences: Vec<Difference>,
    /// Whether an update was asked for and refused.
    refused: bool,
}

/// One difference.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) text: String,
    pub(super) update: Update,
    /// Whether the lock has nothing of it yet. All such texts form one list.
    pub(super) is_new: bool,
}

/// What an update does about a difference.
#[derive(Debug)]
pub(super) enum Update {
    Record(Key, Value),
    Remove(Key),
    Refuse(Refusal),
}

/// Why an update refuses. The first of several is the one it gives.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refusal {
    /// A recorded event has changed or cannot be read.
    Rewrites,
    /// A version of a read model has other columns.
    Table,
    /// An aggregate has lost a name.
    Names,
    /// A note on a step contradicts what is recorded.
    Note,
    /// Older builds cannot read what `readable_by` says they can.
    Readers,
}

impl Difference {
    pub(super) fn refused(refusal: Refusal, text: String) -> Self {
        Self {
            text,
            update: Update::Refuse(refusal),
            is_new: false,
        }
    }

    fn refusal(&self) -> Option<&Refusal> {
        match &self.update {
            Update::Refuse(refusal) => Some(refusal),
            Update::Record(..) | Update::Remove(_) => None,
        }
    }
}

impl Report {
    pub(super) fn new(mut differences: Vec<Difference>) -> Self {
        // Differences that need a decision come first.
        differences.sort_by_key(|difference| difference.refusal().is_none());
        Self {
            differences,
            refused: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }

    /// Whether `INTENT_LOCK=update` records all of it, because nothing that is stored has changed and older
    /// builds can read what they are said to.
    pub fn can_be_recorded(&self) -> bool {
        self.refusal().is_none()
    }

    /// Only what keeps an update from being made.
    pub(super) fn refused(mut self) -> Self {
        self.differences
            .retain(|difference| difference.refusal().is_some());
        self.refused = true;
        self
    }

    /// The blocks with all that is new or may change.
    pub(super) fn record(self, mut blocks: Blocks) -> Blocks {
        for difference in self.differences {
            match difference.update {
                Update::Record(key, shape) => {
                    blocks.insert(key, shape);
                }
                Update::Remove(key) => {
                    blocks.remove(&key);
                }
                Update::Refuse(_) => {}
            }
        }
        blocks
    }

    fn refusal(&self) -> Option<&Refusal> {
        self.differences
            .iter()
            .filter_map(Difference::refusal)
            .min()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.refusal().filter(|_| self.refused) {
            None => "the code does not agree with `intent.lock`, which records what is stored\n",
            Some(Refusal::Rewrites) => "nothing was recorded, because `intent.lock` never rewrites what is stored\n",
            Some(Refusal::Table) => "nothing was recorded, because the table of a read model stays as it was made\n",
            Some(Refusal::Names) => "nothing was recorded, because streams are found and ids are made by the recorded names of their aggregate\n",
            Some(Refusal::Note) => "nothing was recorded, because a note does not agree with what is stored\n",
            Some(Refusal::Readers) => "nothing was recorded, because older builds could not read what is said to be readable by them\n",
        })?;
        let (new, others): (Vec<_>, Vec<_>) = self.differences.iter().partition(|it| it.is_new);
        for difference in others {
            f.write_str(&difference.text)?;
        }
        if !new.is_empty() {
            f.write_str("\nNot recorded yet:\n\n")?;
        }
        for difference in new {
            f.write_str(&difference.text)?;
        }
        if !self.can_be_recorded() {
            return Ok(());
        }
        f.write_str(
            "\nTo record it, run `INTENT_LOCK=update cargo test` and commit `intent.lock` with the change.\n",
        )
    }
}

pub(super) fn lines(names: [impl fmt::Display; 2], recorded: &Value, current: &Value) -> String {
    difference(names, &pretty(recorded), &pretty(current))
}

/// The names of the two sides of [`lines`], unless they are versions.
pub(super) const RECORDED_AND_CODE: [&str; 2] = ["recorded", "code"];
