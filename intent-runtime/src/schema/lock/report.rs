//! What is said of a lock and code that do not agree.

use std::fmt;

use serde_json::Value;

use crate::{
    model::upcast::DecodeError,
    schema::{
        difference::difference,
        lock::{
            format::{Blocks, Key, Part, pretty},
            names::{self, WrongNames},
            readers::Misdeclared,
            remedy,
            steps::{Untrue, WrongKey},
        },
    },
};

/// All differences between the code and its `intent.lock`. Its text shows each of them and how to mend it.
#[derive(Debug)]
pub struct Report {
    differences: Vec<Difference>,
    /// Whether an update was asked for, and refused.
    refused: bool,
}

/// What reads a version of an event, and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// Today's struct; what is older goes through steps.
    Steps,
    /// Today's struct; what is older goes through structs of its own.
    Structs,
    /// A struct of its own.
    Predecessor,
}

/// One difference.
#[derive(Debug)]
pub(super) enum Difference {
    /// A recorded version of an event has another shape.
    Changed {
        key: Key,
        recorded: Value,
        current: Value,
        reader: Reader,
    },
    /// A recorded version of an event cannot be read.
    Unreadable {
        key: Key,
        reason: DecodeError,
        /// The event that it may be under another name.
        alike: Option<&'static str>,
    },
    /// An event is declared readable by older builds that cannot read it.
    Misdeclared(Box<Misdeclared>),
    /// An aggregate has other names than recorded.
    WrongNames(WrongNames),
    /// A note is wrong about what is recorded.
    WrongKey(WrongKey),
    /// Notes keep something unchanged that the next version cannot read.
    Untrue(Box<Untrue>),
    /// Something that is not recorded.
    New {
        key: Key,
        shape: Value,
        /// The names of the recorded aggregate that it may be under another name, the last of them last.
        formerly: Vec<String>,
    },
    /// A command, or the state of an aggregate, has another shape.
    Replaced {
        key: Key,
        recorded: Value,
        current: Value,
    },
    /// A command is no longer there.
    Gone { key: Key },
}

impl Difference {
    /// What is stored is never rewritten, and what is said of it must hold before any of it is stored.
    fn is_refused(&self) -> bool {
        self.is_rewriting()
            || self.is_of_names()
            || matches!(
                self,
                Self::Misdeclared(_) | Self::WrongKey(_) | Self::Untrue(_)
            )
    }

    /// Streams and ids go by the names of their aggregate.
    fn is_of_names(&self) -> bool {
        match self {
            Self::New { formerly, .. } => !formerly.is_empty(),
            _ => matches!(self, Self::WrongNames(_)),
        }
    }

    fn is_rewriting(&self) -> bool {
        matches!(self, Self::Changed { .. } | Self::Unreadable { .. })
    }
}

impl Report {
    pub(super) fn new(mut differences: Vec<Difference>) -> Self {
        // What takes thought comes first.
        differences.sort_by_key(|difference| !difference.is_refused());
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
        !self.differences.iter().any(Difference::is_refused)
    }

    /// Only what keeps an update from being made.
    pub(super) fn refused(mut self) -> Self {
        self.differences.retain(Difference::is_refused);
        self.refused = true;
        self
    }

    /// The blocks with all that is new or may change.
    pub(super) fn record(self, mut blocks: Blocks) -> Blocks {
        for difference in self.differences {
            match difference {
                Difference::New { key, shape, .. } => {
                    blocks.insert(key, shape);
                }
                Difference::Replaced { key, current, .. } => {
                    blocks.insert(key, current);
                }
                Difference::Gone { key } => {
                    blocks.remove(&key);
                }
                Difference::Changed { .. }
                | Difference::Unreadable { .. }
                | Difference::Misdeclared(_)
                | Difference::WrongNames(_)
                | Difference::WrongKey(_)
                | Difference::Untrue(_) => {}
            }
        }
        blocks
    }

    fn why_refused(&self) -> &'static str {
        let has = |is: fn(&Difference) -> bool| self.differences.iter().any(is);
        if has(Difference::is_rewriting) {
            "nothing was recorded, because `intent.lock` never rewrites what is stored\n"
        } else if has(Difference::is_of_names) {
            "nothing was recorded, because streams are found and ids are made by the recorded names of their aggregate\n"
        } else if has(|difference| {
            matches!(difference, Difference::WrongKey(_) | Difference::Untrue(_))
        }) {
            "nothing was recorded, because a note does not agree with what is stored\n"
        } else {
            "nothing was recorded, because older builds could not read what is said to be readable by them\n"
        }
    }

    /// What is not recorded, as one list.
    fn list_new(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let new = self
            .differences
            .iter()
            .filter_map(|difference| match difference {
                Difference::New { key, formerly, .. } => Some((key, formerly)),
                _ => None,
            });
        let mut heading = "\nNot recorded yet:\n\n";
        for (key, formerly) in new {
            writeln!(f, "{heading}    {key}")?;
            heading = "";
            if let Some(old) = formerly.last() {
                let attribute = names::attribute(formerly);
                writeln!(
                    f,
                    "        which has the events of {old}, a recorded aggregate that this check does not name:\n        \
                     if it is that one by another name, `{attribute}` finds its streams;\n        \
                     if it is another and {old} lives on, name both in one check;\n        \
                     if it is another and {old} is given up, delete the blocks of {old} from `intent.lock`"
                )?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.refused {
            true => self.why_refused(),
            false => "the code does not agree with `intent.lock`, which records what is stored\n",
        })?;
        for difference in &self.differences {
            difference.fmt(f)?;
        }
        self.list_new(f)?;
        if !self.can_be_recorded() {
            return Ok(());
        }
        f.write_str(
            "\nTo record it, run `INTENT_LOCK=update cargo test` and commit `intent.lock` with the change.\n",
        )
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // What is new is one list: `Report::list_new`.
            Self::New { .. } => Ok(()),
            Self::WrongKey(wrong) => wrong.fmt(f),
            Self::Untrue(untrue) => untrue.fmt(f),
            Self::WrongNames(wrong) => wrong.fmt(f),
            Self::Changed {
                key,
                recorded,
                current,
                reader,
            } => changed(f, key, [recorded, current], *reader),
            Self::Unreadable { key, reason, alike } => unreadable(f, key, reason, *alike),
            Self::Misdeclared(what) => what.fmt(f),
            Self::Replaced {
                key,
                recorded,
                current,
            } => {
                let is_snapshot = recorded.get("snapshot") != current.get("snapshot");
                match key.part {
                    Part::Aggregate if !is_snapshot => {
                        writeln!(f, "\n{key} has a former name that is not recorded:\n")?;
                    }
                    Part::Aggregate => writeln!(
                        f,
                        "\nThe state of {key} is made or kept otherwise than recorded. Snapshots are no more than a cache: \
                         those of another\nversion are left aside, and each stream is replayed once.\n"
                    )?,
                    _ => writeln!(
                        f,
                        "\n{key} has changed. No command is stored, so nothing is misread. Tell those who send it:\n"
                    )?,
                }
                f.write_str(&lines(BEFORE_AND_NOW, recorded, current))
            }
            Self::Gone { key } => writeln!(
                f,
                "\n{key} is recorded and no longer there. No command is stored, so nothing is lost. Tell those who \
                 send it."
            ),
        }
    }
}

/// Two shapes, line by line.
pub(super) fn lines(labels: [&str; 2], recorded: &Value, current: &Value) -> String {
    difference(labels, &pretty(recorded), &pretty(current))
}

const BEFORE_AND_NOW: [&str; 2] = ["recorded", "code"];

fn changed(
    f: &mut fmt::Formatter<'_>,
    key: &Key,
    [recorded, current]: [&Value; 2],
    reader: Reader,
) -> fmt::Result {
    let Part::Event { name, version } = &key.part else {
        return Ok(());
    };
    writeln!(
        f,
        "\n{key} has changed. All that is stored in version {version} has the recorded shape:\n"
    )?;
    f.write_str(&lines(BEFORE_AND_NOW, recorded, current))?;
    let next = version.saturating_add(1);
    let step = match reader {
        Reader::Predecessor => {
            return f.write_str(
                "\nIts struct reads what was stored then: take the change back. What is new belongs into today's struct, as \
                 a version of its own.\n",
            );
        }
        Reader::Structs => remedy::predecessor(name, next),
        Reader::Steps => remedy::step(name, recorded, current, next),
    };
    writeln!(
        f,
        "\nTake the change back, or make it version {next} and say how version {version} is read, beside what is said \
         already:\n"
    )?;
    for line in step {
        writeln!(f, "    {line}")?;
    }
    writeln!(
        f,
        "\n`INTENT_LOCK=update cargo test` then records version {next} beside version {version}. Only where nothing was ever \
         stored in version {version},\nas when it is new on your branch, delete its block from `intent.lock` and record it \
         anew."
    )
}

fn unreadable(
    f: &mut fmt::Formatter<'_>,
    key: &Key,
    reason: &DecodeError,
    alike: Option<&str>,
) -> fmt::Result {
    writeln!(
        f,
        "\n{key} is recorded and cannot be read any more: {reason}.\n"
    )?;
    match (reason, &key.part) {
        (DecodeError::UnknownEvent { name }, _) => {
            match alike {
                Some(alike) => writeln!(
                    f,
                    "    if `{alike}`, which has its shape, is that event by another name: `#[event(formerly({name:?}))]` on \
                     its struct"
                )?,
                None => writeln!(
                    f,
                    "    if it has another name now: `#[event(formerly({name:?}))]` on its struct"
                )?,
            }
            writeln!(
                f,
                "    if it no longer happens and changes nothing: `#[aggregate(retired({name:?}), ..)]`; its struct can go\n    \
                 if other events now say what it said: `#[aggregate(split({name} => your_fn), ..)]` in place of `{name}` in \
                 its list,\n        with `fn your_fn(old: {name}) -> (First, Second)`; `#[event] struct {name}` stays in the \
                 code, unlisted:\n        what is stored is read into it\n    or else list it still"
            )?;
        }
        (DecodeError::FutureVersion { stored, .. }, _) => {
            writeln!(
                f,
                "    bring version {stored} back: a version stays once events may be stored in it"
            )?;
        }
        (_, Part::Event { version, .. }) => writeln!(
            f,
            "    say how version {version} is read: `#[event]` asks for each step, an `impl Event` by hand takes it in `upcast`"
        )?,
        _ => {}
    }
    writeln!(
        f,
        "\nOnly where none was ever stored, as when it is new on your branch, delete what is recorded of it from `intent.lock`."
    )
}
