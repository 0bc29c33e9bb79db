//! [`Misfit`]: why a type cannot be read from a JSON text.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use crate::model::command_json::path::{Step, written};

/// Why a type cannot be read from a JSON text.
#[derive(Debug)]
pub(crate) struct Misfit(Box<Inner>);

#[derive(Debug)]
struct Inner {
    source: serde_json::Error,
    /// The steps to the place, the last one first: each level adds its own on the way out.
    steps: Vec<Step>,
    /// How many bytes of the text are before the place, once a level has said so.
    at: Option<usize>,
}

impl Misfit {
    /// The error of a value that begins after so many bytes, unless a value in it is the culprit.
    pub(super) fn at(mut self, at: usize) -> Self {
        self.0.at.get_or_insert(at);
        self
    }

    /// The error of a value, as its list or object gives it on.
    pub(super) fn within(mut self, step: Step) -> Self {
        self.0.steps.push(step);
        self
    }

    /// Whether the culprit is in a list or an object.
    pub(super) fn is_within(&self) -> bool {
        !self.0.steps.is_empty()
    }

    /// The error of a text, with the steps to its place.
    pub(super) fn of_text(source: serde_json::Error, mut steps: Vec<Step>) -> Self {
        steps.reverse();
        Self(Box::new(Inner {
            source,
            steps,
            at: None,
        }))
    }

    /// The path to what does not fit, and what serde said, with the line and the column in the text.
    pub(crate) fn into_parts(self, json: &str) -> (String, serde_json::Error) {
        let Inner { source, steps, at } = *self.0;
        let source = match at.and_then(|at| json.get(..at)) {
            Some(before) => {
                let line_begin = before.rfind('\n').map_or(0, |at| at + 1);
                let line = before.matches('\n').count() + 1;
                let column = before.len() - line_begin + 1;
                // serde_json takes the place from the text.
                Error::custom(format!("{source} at line {line} column {column}"))
            }
            None => source,
        };
        (written(steps.iter().rev()), source)
    }
}

impl From<serde_json::Error> for Misfit {
    fn from(source: serde_json::Error) -> Self {
        Self::of_text(source, Vec::new())
    }
}

impl Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        serde_json::Error::custom(message).into()
    }

    // serde_json has words of its own for these two.

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        serde_json::Error::invalid_type(unexpected, expected).into()
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        serde_json::Error::invalid_value(unexpected, expected).into()
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source.fmt(f)
    }
}

impl std::error::Error for Misfit {}
