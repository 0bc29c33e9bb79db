//! The text of a lock: one block for each aggregate, version of an event, command, and version of a read model.
//!
//! Blocks are sorted and separated by empty lines, so git merges branches that add different blocks. Each block has a
//! checksum, which shows if its lines were merged from two.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
};

use serde_json::{Deserializer, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{record::text_form::hex, schema::lock::error::Error};

const FORMAT: &str = "1";
const PREAMBLE: &str = "\
# Every shape that is stored, as `intent_runtime::lock::check!` holds the code to it. Commit this file, and do not edit it:
# `INTENT_LOCK=update cargo test` records what is new and never rewrites what is stored.
";
/// What `git` writes into a file that it could not merge.
const MARKERS: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// What a block is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Or the table of a read model.
    pub(super) aggregate: String,
    pub(super) part: Part,
}

/// In the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The aggregate itself: how its snapshots are versioned.
    Aggregate,
    Event {
        name: String,
        version: u32,
    },
    Command {
        name: String,
    },
    /// Not of an aggregate: the key has the name of the table.
    ReadModel {
        version: u32,
    },
}

/// The shape that each block records.
pub(super) type Blocks = BTreeMap<Key, Value>;

impl Key {
    fn new(aggregate: &str, part: Part) -> Self {
        let aggregate = aggregate.to_owned();
        Self { aggregate, part }
    }

    pub(super) fn aggregate(aggregate: &str) -> Self {
        Self::new(aggregate, Part::Aggregate)
    }

    pub(super) fn event(aggregate: &str, name: &str, version: u32) -> Self {
        let name = name.to_owned();
        Self::new(aggregate, Part::Event { name, version })
    }

    pub(super) fn command(aggregate: &str, name: &str) -> Self {
        let name = name.to_owned();
        Self::new(aggregate, Part::Command { name })
    }

    pub(super) fn read_model(table: &str, version: u32) -> Self {
        Self::new(table, Part::ReadModel { version })
    }

    /// Whether it is about an aggregate, or a part of one.
    pub(super) fn is_of_aggregate(&self) -> bool {
        !matches!(self.part, Part::ReadModel { .. })
    }

    /// The name and the version of the event that it is about, if it is one.
    pub(super) fn of_event(&self) -> Option<(&str, u32)> {
        match &self.part {
            Part::Event { name, version } => Some((name, *version)),
            Part::Aggregate | Part::Command { .. } | Part::ReadModel { .. } => None,
        }
    }

    /// The first line of its block, without the checksum. Names are quoted, because they may have any character.
    fn header(&self) -> String {
        let aggregate = json!(self.aggregate);
        match &self.part {
            Part::Aggregate => format!("aggregate {aggregate}"),
            Part::Event { name, version } => format!("event {aggregate} {} {version}", json!(name)),
            Part::Command { name } => format!("command {aggregate} {}", json!(name)),
            Part::ReadModel { version } => format!("read_model {aggregate} {version}"),
        }
    }

    fn parse(header: &str) -> Option<Self> {
        let (word, rest) = header.split_once(' ')?;
        let values: Result<Vec<Value>, _> = Deserializer::from_str(rest).into_iter().collect();
        let values = values.ok()?;
        match (word, values.as_slice()) {
            ("aggregate", [aggregate]) => Some(Self::aggregate(aggregate.as_str()?)),
            ("event", [aggregate, name, version]) => {
                let version = u32::try_from(version.as_u64()?).ok()?;
                Some(Self::event(aggregate.as_str()?, name.as_str()?, version))
            }
            ("command", [aggregate, name]) => {
                Some(Self::command(aggregate.as_str()?, name.as_str()?))
            }
            ("read_model", [table, version]) => {
                let version = u32::try_from(version.as_u64()?).ok()?;
                Some(Self::read_model(table.as_str()?, version))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let aggregate = &self.aggregate;
        match &self.part {
            Part::Aggregate => write!(f, "aggregate {aggregate}"),
            Part::Event { name, version } => {
                write!(f, "event `{name}` version {version} of {aggregate}")
            }
            Part::Command { name } => write!(f, "command `{name}` of {aggregate}"),
            Part::ReadModel { version } => {
                write!(f, "read model `{aggregate}` version {version}")
            }
        }
    }
}

pub(super) fn write(blocks: &Blocks) -> String {
    let mut text = format!("{PREAMBLE}format {FORMAT}\n\n");
    for (key, shape) in blocks {
        let (header, body) = (key.header(), pretty(shape));
        let checksum = checksum(&header, &body);
        text.push_str(&format!("{header} {checksum}\n{body}\n\n"));
    }
    text.push_str("end\n");
    text
}

pub(super) fn read(text: &str) -> Result<Blocks, Error> {
    if let Some(line) = text.lines().position(is_marker) {
        return Err(Error::Conflict { line: line + 1 });
    }
    let mut paragraphs = paragraphs(text).into_iter();
    let head = paragraphs.next().ok_or(Error::CutOff)?.first;
    let format = head.strip_prefix("format ");
    let format = format.ok_or_else(|| malformed(1, head))?;
    if format != FORMAT {
        let format = format.to_owned();
        return Err(Error::Newer { format });
    }
    let mut blocks: BTreeMap<Key, (usize, Value)> = BTreeMap::new();
    let mut ended = false;
    for Paragraph { line, first, body } in paragraphs {
        if first == "end" {
            ended = true;
            continue;
        }
        let (key, shape) = block(line, first, &body)?;
        match blocks.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert((line, shape));
            }
            Entry::Occupied(entry) => {
                let (first, recorded) = entry.get();
                return Err(twice(entry.key(), *first, line, *recorded == shape));
            }
        }
    }
    if !ended {
        return Err(Error::CutOff);
    }
    let blocks = blocks.into_iter();
    Ok(blocks.map(|(key, (_, shape))| (key, shape)).collect())
}

/// Lines between empty ones, without comments.
struct Paragraph<'a> {
    line: usize,
    first: &'a str,
    body: String,
}

fn paragraphs(text: &str) -> Vec<Paragraph<'_>> {
    let mut paragraphs: Vec<Paragraph<'_>> = Vec::new();
    let mut within = false;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('#') {
            continue;
        }
        match paragraphs.last_mut().filter(|_| within) {
            Some(paragraph) if !line.is_empty() => {
                paragraph.body.push_str(line);
                paragraph.body.push('\n');
            }
            None if !line.is_empty() => paragraphs.push(Paragraph {
                line: index + 1,
                first: line,
                body: String::new(),
            }),
            _ => {}
        }
        within = !line.is_empty();
    }
    paragraphs
}

fn block(line: usize, first: &str, body: &str) -> Result<(Key, Value), Error> {
    let parsed = first
        .rsplit_once(' ')
        .and_then(|(header, found)| Some((header, Key::parse(header)?, found)));
    let Some((header, key, found)) = parsed else {
        return Err(malformed(line, first));
    };
    let body = body.trim_end_matches('\n');
    match serde_json::from_str(body) {
        Ok(shape) if found == checksum(header, body) => Ok((key, shape)),
        _ => Err(Error::Altered {
            what: key.to_string(),
            line,
        }),
    }
}

fn twice(key: &Key, first: usize, second: usize, alike: bool) -> Error {
    let what = key.to_string();
    match alike {
        true => Error::Repeated {
            what,
            first,
            second,
        },
        false => Error::TwoShapes {
            what,
            first,
            second,
        },
    }
}

fn malformed(line: usize, text: &str) -> Error {
    let text = text.to_owned();
    Error::Malformed { line, text }
}

fn is_marker(line: &str) -> bool {
    MARKERS.iter().any(|marker| line.starts_with(marker))
}

/// A shape as it stands in the file and in messages.
pub(super) fn pretty(shape: &Value) -> String {
    // `#` writes JSON in several lines.
    format!("{shape:#}")
}

fn checksum(header: &str, body: &str) -> String {
    hex(&Sha256::digest(format!("{header}\n{body}"))[..8])
}
