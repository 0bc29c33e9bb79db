//! `links(EVENT [of AGGREGATE] => KEY, ..)`: events that name the keys which later events of their aggregate lead to.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::{Expr, Path, Token, parse::ParseStream};

use super::model::ReadModel;
use crate::{
    rules::entry::{self, Entry},
    syntax::{
        attr::{Keyed, parenthesized, skip_to_comma, with_form},
        diag::{Diagnostics, Mistake},
        paths::same,
        symbol::{BY, LINK, LINKS},
    },
};

const FORM: &str = "links(Opened => |e| e.branch.clone())";

/// Reads the list. Each entry has what it gives as its `by`.
pub(super) fn parse(diag: &Diagnostics, input: ParseStream<'_>) -> syn::Result<Vec<Entry>> {
    parenthesized(input, |content| {
        let mut links = Vec::new();
        while !content.is_empty() {
            match link(diag, content) {
                Ok(link) => links.push(link),
                Err(error) => {
                    diag.add(with_form(&error, FORM));
                    skip_to_comma(content)?;
                    continue;
                }
            }
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        Ok(links)
    })
}

fn link(diag: &Diagnostics, input: ParseStream<'_>) -> syn::Result<Entry> {
    let event: Path = entry::event(diag, input)?;
    let mut entry = Entry::for_rules(event);
    entry.parse_of(input)?;
    let text = entry.text();
    if !input.peek(Token![=>]) {
        let fact = format!("`{text}` is in `links` and gives no key");
        let help = format!("write `{text} => |e| ..`, with the key that later events lead to");
        return Err(Mistake::at(&entry.event, fact).help(help).into());
    }
    let arrow: Token![=>] = input.parse()?;
    let key = Ident::new(BY, arrow.spans[0]);
    let value: Expr = input.parse()?;
    entry.by = Some(Keyed { key, value });
    Ok(entry)
}

/// Whether an entry is for the rows that its aggregate is linked to: `Deposited by link`.
pub(super) fn is_by_link(entry: &Entry) -> bool {
    by_word(entry).is_some_and(|word| word == LINK)
}

/// The one word behind `by`.
fn by_word(entry: &Entry) -> Option<&Ident> {
    match &entry.by.as_ref()?.value {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

/// Reports links that nothing leads by, and entries that no link leads.
pub(super) fn check(diag: &Diagnostics, model: &ReadModel<'_>, lists_are_read: bool) {
    let links = &model.attrs.links;
    if model.is_inline() {
        if let Some(links) = links {
            let fact = "an inline read model has no links: it is written with the events of the row's own aggregate";
            let help = "remove `links(..)`, or `mode = \"inline\"`";
            diag.add(Mistake::at(&links.key, fact).help(help));
        }
        return;
    }
    if misspelt(diag, model) || !lists_are_read {
        return;
    }
    let mut by_link = model
        .entries()
        .map(|(_, entry)| entry)
        .filter(|entry| is_by_link(entry));
    let Some(links) = links else {
        if let Some(entry) = by_link.next() {
            let fact = format!("`{}` goes by a link, and no event makes one", entry.text());
            let help = format!("add `{FORM}`, with the event that names the key");
            let word = by_word(entry).to_token_stream();
            diag.add(Mistake::at(word, fact).help(help));
        }
        return;
    };
    if links.value.is_empty() {
        let help = format!("write the event that names the key, for example `{FORM}`");
        diag.add(Mistake::at(&links.key, "`links` names no event").help(help));
        return;
    }
    for (index, link) in links.value.iter().enumerate() {
        let is_it = |earlier: &&Entry| match (&earlier.of, &link.of) {
            (Some(one), Some(other)) => same(&one.value, &other.value),
            _ => true,
        } && same(&earlier.event, &link.event);
        if links.value[..index].iter().any(|earlier| is_it(&earlier)) {
            let fact = format!("event `{}` is in `{LINKS}` twice", link.text());
            diag.add(Mistake::at(&link.event, fact).help("keep one"));
        }
    }
    if by_link.next().is_none() {
        let help = "write `by link` behind an event in a list, as `events(Deposited by link)`, or remove `links(..)`";
        diag.add(Mistake::at(&links.key, "no event goes by these links").help(help));
    }
}

/// Reports a word that is nearly `link`. True if there was one.
fn misspelt(diag: &Diagnostics, model: &ReadModel<'_>) -> bool {
    let words = model.entries().filter_map(|(_, entry)| by_word(entry));
    let nearly: Vec<&Ident> = words
        .filter(|word| {
            ["links", "linked", "by_link"]
                .iter()
                .any(|known| word == known)
        })
        .collect();
    for word in &nearly {
        let fact = format!("`by {word}` is no key");
        diag.add(Mistake::at(word, fact).help("write `by link`"));
    }
    !nearly.is_empty()
}
