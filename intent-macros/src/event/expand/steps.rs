//! The changes of keys by steps, for the lock.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::{
    check::keys::{added, expected},
    model::{Change, Event},
};

/// `Event::STEPS`, which the lock compares with the keys of the version before. Steps made by functions are left out, and so are the
/// keys of flattened fields.
///
/// ```
/// const STEPS: &'static [KeyChange] = &[
///     KeyChange { to: 2, expects: &["memo", "text"], adds: &["note", "channel"] },
/// ];
/// ```
pub(super) fn steps(event: &Event<'_>) -> TokenStream {
    let runtime = &event.attrs.runtime;
    let steps: Vec<TokenStream> = (2..=event.version.unwrap_or(1))
        .filter_map(|to| {
            let expects = keys(event, to, expected);
            let adds = keys(event, to, added);
            let mut notes = event.notes_on(to).peekable();
            let is_unchanged = notes.peek().is_some()
                && notes.all(|note| matches!(note.change, Change::Unchanged));
            (is_unchanged || !expects.is_empty() || !adds.is_empty()).then(|| {
                quote! {
                    #runtime::model::KeyChange { to: #to, expects: &[#(#expects),*], adds: &[#(#adds),*] }
                }
            })
        })
        .collect();
    if steps.is_empty() {
        return TokenStream::new();
    }
    quote!(const STEPS: &'static [#runtime::model::KeyChange] = &[#(#steps),*];)
}

fn keys(event: &Event<'_>, to: u32, key: fn(&Change<'_>) -> Option<String>) -> Vec<TokenStream> {
    let notes = event.notes_on(to);
    notes
        .filter_map(|note| {
            let (conditions, key) = (&note.conditions, key(&note.change)?);
            Some(quote!(#(#conditions)* #key))
        })
        .collect()
}
