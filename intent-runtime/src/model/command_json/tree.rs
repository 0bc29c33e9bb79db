//! [`Node`]: a JSON text as a tree.

use std::collections::HashSet;

use serde::{Deserialize, de::Error as _};
use serde_json::value::RawValue;

use crate::model::command_json::{misfit::Misfit, path::Step};

/// How deep values may lie in one another: as deep as serde_json reads them.
const DEEPEST: usize = 127;

/// A value in a JSON text.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    /// How many bytes are before it.
    pub(super) at: usize,
    pub(super) text: &'a str,
    pub(super) content: Content<'a>,
}

/// What is in a value.
#[derive(Debug)]
pub(super) enum Content<'a> {
    /// Neither a list nor an object.
    Scalar,
    List(Vec<Node<'a>>),
    Object(Vec<(String, Node<'a>)>),
}

/// A list or an object whose end is yet to come.
struct Open<'a> {
    at: usize,
    content: Content<'a>,
    /// The key of an object whose value comes next.
    key: Option<String>,
}

impl<'a> Node<'a> {
    /// The value in a text, and whether something else follows it. What is wrong with the value should be said first.
    ///
    /// # Errors
    /// [`Misfit`] if the text does not begin with a JSON value, an object has a key twice, or values lie too deep in one another.
    pub(crate) fn parse(json: &'a str) -> Result<(Self, Result<(), Misfit>), Misfit> {
        let mut source = serde_json::Deserializer::from_str(json);
        if let Err(error) = <&RawValue>::deserialize(&mut source) {
            let read = place(&error, json).and_then(|place| json.get(..place));
            let steps = read.and_then(|read| tree(read).err());
            return Err(match steps {
                Some(Unfinished::EndOfText(steps)) => Misfit::of_text(error, steps),
                _ => error.into(),
            });
        }
        let end = source.end().map_err(Misfit::from);
        match tree(json) {
            Ok(node) => Ok((node, end)),
            Err(Unfinished::Wrong(misfit)) => Err(misfit),
            Err(Unfinished::EndOfText(steps)) => {
                let error = serde_json::Error::custom("EOF while parsing a value");
                Err(Misfit::of_text(error, steps))
            }
        }
    }

    /// An error at this value or in it, as the object gives it on that has it under a key.
    pub(super) fn wrong_key(&self, misfit: Misfit, key: &str) -> Misfit {
        misfit.at(self.at).within(Step::Key(key.to_owned()))
    }
}

/// Why there is no tree.
enum Unfinished {
    /// The text ends before the value, after these steps.
    EndOfText(Vec<Step>),
    Wrong(Misfit),
}

/// The tree of a text that is JSON as far as it goes.
fn tree(json: &str) -> Result<Node<'_>, Unfinished> {
    let bytes = json.as_bytes();
    let text = |begin: usize, end: usize| json.get(begin..end).unwrap_or_default();
    let mut levels: Vec<Open<'_>> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let begin = at;
        at += 1;
        let done = match byte {
            b'{' => {
                levels.push(Open::new(begin, Content::Object(Vec::new())));
                None
            }
            b'[' => {
                levels.push(Open::new(begin, Content::List(Vec::new())));
                None
            }
            b'}' | b']' => levels.pop().map(|open| Node {
                at: open.at,
                text: text(open.at, at),
                content: open.content,
            }),
            b',' | b':' | b' ' | b'\n' | b'\t' | b'\r' => None,
            b'"' => {
                at = end_of_string(bytes, at);
                match levels.last_mut() {
                    Some(open) if open.expects_key() => {
                        open.key = serde_json::from_str(text(begin, at)).ok();
                        None
                    }
                    _ => Some(Node::scalar(begin, text(begin, at))),
                }
            }
            _ => {
                let ends =
                    |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r');
                let rest = bytes.get(at..).unwrap_or_default();
                at += rest.iter().position(ends).unwrap_or(rest.len());
                Some(Node::scalar(begin, text(begin, at)))
            }
        };
        if levels.len() > DEEPEST {
            let error = Misfit::custom("recursion limit exceeded");
            return Err(Unfinished::Wrong(within(error.at(begin), &levels)));
        }
        let Some(node) = done else { continue };
        if at == bytes.len() && !levels.is_empty() {
            // The text ends in it.
            break;
        }
        if let Some((key, again)) = node.key_twice() {
            let error = Misfit::custom(format_args!("duplicate field `{key}`"));
            let error = again.wrong_key(error, key);
            return Err(Unfinished::Wrong(within(error, &levels)));
        }
        match levels.last_mut() {
            Some(open) => open.add(node),
            None => return Ok(node),
        }
    }
    Err(Unfinished::EndOfText(steps(&levels)))
}

/// An error at the value that comes next.
fn within(error: Misfit, levels: &[Open<'_>]) -> Misfit {
    let steps = steps(levels).into_iter().rev();
    steps.fold(error, Misfit::within)
}

/// The steps to the value that comes next.
fn steps(levels: &[Open<'_>]) -> Vec<Step> {
    let step = |open: &Open<'_>| match &open.content {
        Content::List(elements) => Some(Step::Index(elements.len())),
        _ => open.key.clone().map(Step::Key),
    };
    levels.iter().filter_map(step).collect()
}

impl<'a> Node<'a> {
    fn scalar(at: usize, text: &'a str) -> Self {
        Self {
            at,
            text,
            content: Content::Scalar,
        }
    }

    /// A member of an object whose key another one has too.
    fn key_twice(&self) -> Option<&(String, Self)> {
        let Content::Object(members) = &self.content else {
            return None;
        };
        let mut known = HashSet::with_capacity(members.len());
        members.iter().find(|(key, _)| !known.insert(key.as_str()))
    }
}

impl<'a> Open<'a> {
    fn new(at: usize, content: Content<'a>) -> Self {
        Self {
            at,
            content,
            key: None,
        }
    }

    fn expects_key(&self) -> bool {
        matches!(self.content, Content::Object(_)) && self.key.is_none()
    }

    fn add(&mut self, node: Node<'a>) {
        match &mut self.content {
            Content::Scalar => {}
            Content::List(elements) => elements.push(node),
            Content::Object(members) => members.extend(self.key.take().map(|key| (key, node))),
        }
    }
}

/// The number of bytes before the one at which serde_json stopped.
fn place(error: &serde_json::Error, json: &str) -> Option<usize> {
    let lines_before = error.line().checked_sub(1)?;
    let mut lines = json.split_inclusive('\n');
    let before: usize = lines.by_ref().take(lines_before).map(str::len).sum();
    // Columns count bytes.
    Some(before + error.column().saturating_sub(1))
}

/// Where the string ends whose content begins at a byte.
fn end_of_string(bytes: &[u8], begin: usize) -> usize {
    let mut at = begin;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}
