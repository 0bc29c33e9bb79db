//! Our attributes on fields that they do not belong on.

use syn::{Attribute, Field};

use crate::{
    item::derives::has_known_derives_only,
    syntax::{
        attr,
        diag::{Diagnostics, Mistake},
        symbol::{ID, ON, RENAMED, SINCE},
    },
};

/// Each attribute of ours on a field, with the place that it belongs on and what to write elsewhere.
const PLACES: [(&str, &str); 4] = [
    (ID, "a field of an aggregate or a command"),
    (ON, "a field of an aggregate"),
    (SINCE, "a field of an event"),
    (RENAMED, "a field of an event"),
];

/// Whether an attribute is one of those.
pub(crate) fn is_known(attribute: &Attribute) -> bool {
    PLACES.iter().any(|(word, _)| attr::is(attribute, word))
}

/// Reports those that are not among the item's `own`.
pub(crate) fn check<'a>(
    diag: &Diagnostics,
    item: &[Attribute],
    fields: impl IntoIterator<Item = &'a Field>,
    own: &[&str],
) {
    if !has_known_derives_only(item) {
        return;
    }
    for attribute in fields.into_iter().flat_map(|field| &field.attrs) {
        let place = PLACES
            .iter()
            .find(|(word, _)| attr::is(attribute, word) && !own.contains(word));
        if let Some((word, place)) = place {
            let fact = format!("`#[{word}]` belongs on {place}");
            diag.add(Mistake::at(attribute.path(), fact).help("remove it here"));
        }
    }
}
