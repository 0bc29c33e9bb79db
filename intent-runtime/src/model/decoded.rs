//! [`Decoded`]: the events that a stored event is read as.

use std::{iter::Chain, option, vec};

/// The events that a stored event is read as. Almost always it is one. A split event becomes several, and a retired one
/// becomes none. Each has the version and the position of the stored event.
///
/// ```
/// use intent_runtime::model::Decoded;
/// let one = Decoded::One("moved");
/// let parts = Decoded::Several(vec!["left", "arrived"]);
/// let all: Vec<_> = one.into_iter().chain(parts).collect();
/// assert_eq!(all, ["moved", "left", "arrived"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded<E> {
    /// One event.
    One(E),
    /// The parts of a split event in order; empty for a retired one.
    Several(Vec<E>),
}

impl<E> Decoded<E> {
    /// A retired event.
    pub const NOTHING: Self = Self::Several(Vec::new());

    /// The event, unless it was split or retired.
    #[inline]
    pub fn one(self) -> Option<E> {
        match self {
            Self::One(event) => Some(event),
            Self::Several(_) => None,
        }
    }
}

impl<E> IntoIterator for Decoded<E> {
    type Item = E;
    type IntoIter = Chain<option::IntoIter<E>, vec::IntoIter<E>>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        let (one, several) = match self {
            Self::One(event) => (Some(event), Vec::new()),
            Self::Several(events) => (None, events),
        };
        one.into_iter().chain(several)
    }
}
