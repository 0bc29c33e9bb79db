//! [`Decoded`]: what a stored event is read as.

use std::{iter::Chain, option, vec};

/// What a stored event is read as: almost always one event. One that an aggregate splits becomes several, one that it has
/// retired becomes none. Each of them has the version and the position of what is stored.
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
    /// The parts of one that was split, in order; none of one that is retired.
    Several(Vec<E>),
}

impl<E> Decoded<E> {
    /// What a retired event is read as.
    pub const NOTHING: Self = Self::Several(Vec::new());

    /// The event, if it is one: neither split nor retired.
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
