//! The known name that a misspelt one most likely stands for.

use similar::get_close_matches;

/// The known name that is most like `name`, if one is alike.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// How alike two names must be, from 0 to 1, for one to be a misspelling of the other.
    const ALIKE: f32 = 0.6;
    let known: Vec<&str> = known.into_iter().collect();
    get_close_matches(name, &known, 1, ALIKE).first().copied()
}
