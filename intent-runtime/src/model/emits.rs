//! [`Emits`]: which events may answer a command.

/// Which events may answer a command, as far as its return type tells.
///
/// ```
/// use intent_runtime::catalogue::Emits;
///
/// let both = Emits::Events(vec!["Sold"]).and(Emits::Events(vec!["Sold", "Billed"]));
/// assert_eq!(both, Emits::Events(vec!["Sold", "Billed"]));
/// assert_eq!(both.and(Emits::Any), Emits::Any);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Emits {
    /// Not known: the `Decide` was written by hand.
    Unknown,
    /// Any event of the aggregate: the decision returns its enum of events.
    Any,
    /// These events, by their stored names; none if the decision returns `()`.
    Events(Vec<&'static str>),
}

impl Emits {
    /// One event.
    pub(crate) fn event(name: &'static str) -> Self {
        Self::Events(vec![name])
    }

    /// What two parts of a decision may emit together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Events(mut names), Self::Events(more)) => {
                for name in more {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                Self::Events(names)
            }
        }
    }
}
