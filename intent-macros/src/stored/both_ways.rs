//! Refuses serde attributes that write one form and read another: what is stored must be read back as it was.
//!
//! After a command the state has the event as it was emitted; after a restart it has the event as it was read. If the two differ, the
//! state changes with a restart, or cannot be read.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Field, Fields, LitStr, Meta, Type, Variant};

use crate::{
    stored::{
        form::{find, is_any, metas_of, renamed, serde_metas, text},
        storable,
    },
    syntax::{
        attr::{self, cfg_attr},
        diag::{Diagnostics, Mistake},
        paths::is_called,
        symbol::{RENAMED, SINCE},
    },
};

const WHY: &str =
    "what is stored must be read back as it was; otherwise it is lost with the next restart";

/// Where the fields of a type are stored.
pub(crate) struct Storage {
    why: &'static str,
    /// What to do instead of leaving a field out.
    instead: &'static str,
    /// Whether a default of the whole type stands in for what is missing.
    has_defaults: bool,
    /// Whether the lock holds what is stored to its schema.
    is_locked: bool,
}

/// In events, and in the values that they hold.
pub(crate) const PAYLOAD: Storage = Storage {
    why: WHY,
    instead: "compute it from the state when you need it",
    has_defaults: true,
    is_locked: true,
};

/// In the snapshots of a state. A snapshot of another shape is stale, so no default is ever used.
pub(crate) const SNAPSHOT: Storage = Storage {
    why: "snapshots are written and read with the serde attributes of the state",
    instead: "give those who may not see the field a struct of their own",
    has_defaults: false,
    is_locked: false,
};

/// Types that JSON writes as a list, never as an object.
const LISTS: [&str; 4] = ["Vec", "VecDeque", "BTreeSet", "HashSet"];

/// How a field comes back different from what was written.
enum Loss {
    /// The field is not written, or not read.
    Skipped(Meta),
    /// The field is written in one form and read in another; with the edit that makes them one.
    OneSided(Meta, String),
}

impl Storage {
    /// Reports what a type would lose between being stored and read. `whose` is its name.
    pub(crate) fn check<'a>(
        &self,
        diag: &Diagnostics,
        whose: &str,
        attributes: &[Attribute],
        fields: impl IntoIterator<Item = &'a Field>,
    ) {
        if let Some((meta, help)) = one_sided(&serde_metas(attributes)) {
            let fact = format!("`{whose}` would not be read as it was stored");
            diag.add(Mistake::at(meta, fact).note(self.why).help(help));
        }
        let has_default = find(&serde_metas(attributes), &["default"]).is_some();
        for (index, field) in fields.into_iter().enumerate() {
            let ident = field.ident.as_ref();
            let name = ident.map_or(index.to_string(), ToString::to_string);
            if self.is_locked {
                in_the_schema(diag, whose, &name, &field.attrs);
            }
            let (meta, fact, help) = match loss(field, has_default && self.has_defaults) {
                None => continue,
                Some(Loss::Skipped(meta)) => (
                    meta,
                    format!("`{name}` of `{whose}` would be lost between storing and reading it"),
                    format!("remove it; {}", self.instead),
                ),
                Some(Loss::OneSided(meta, help)) => {
                    let fact = format!("`{name}` of `{whose}` would not be read as it was stored");
                    (meta, fact, help)
                }
            };
            diag.add(Mistake::at(meta, fact).note(self.why).help(help));
        }
    }
}

/// Reports serde attributes behind `cfg_attr`: what one build stores, every other build must read. `what` is the kind of item; `parts`
/// are its fields and variants with their attributes.
pub(crate) fn one_form_in_every_build<'a>(
    diag: &Diagnostics,
    what: &str,
    attributes: &[Attribute],
    parts: impl IntoIterator<Item = (&'static str, &'a [Attribute])>,
) {
    let mistake = |blame: TokenStream, word: &str, place: &str| {
        let fact = format!("`{word}` on {place} cannot depend on `cfg_attr`");
        Mistake::at(blame, fact)
            .note("what one build stores must be what every other build reads")
            .help(format!("write `#[{word}(..)]` without the condition"))
    };
    for attribute in attributes {
        if attr::is(attribute, "serde") && attr::was_conditional(attribute) {
            diag.add(mistake(attribute.path().to_token_stream(), "serde", what));
        }
    }
    let parts = parts.into_iter();
    for (part, attribute) in parts.flat_map(|(part, all)| all.iter().map(move |one| (part, one))) {
        let Some((_, metas)) = cfg_attr(attribute) else {
            continue;
        };
        let word = ["serde", SINCE, RENAMED]
            .into_iter()
            .find(|word| find(&metas, &[word]).is_some());
        if let Some(word) = word {
            let blame = attribute.path().to_token_stream();
            diag.add(mistake(blame, word, &format!("{what}'s {part}")));
        }
    }
}

/// Reports a struct that is written as an object and read from something else, or the other way round. If a type of the user is in
/// between, only the read-back of a value can tell.
pub(crate) fn from_an_object(
    diag: &Diagnostics,
    whose: &str,
    attributes: &[Attribute],
    fields: &Fields,
) {
    let metas = serde_metas(attributes);
    let (from, into) = (find(&metas, &["from", "try_from"]), find(&metas, &["into"]));
    let (meta, help) = match (fields, from, into) {
        (Fields::Named(_), Some(from), None) => (from, "into"),
        (Fields::Named(_), None, Some(into)) => (into, "try_from"),
        _ => return,
    };
    let Some(ty) = text(meta).filter(|ty| is_no_object(ty)) else {
        return;
    };
    let fact = format!("`{whose}` would not be read as it was stored");
    let help = format!("add `{help} = \"{}\"`, for the other side", ty.value());
    diag.add(Mistake::at(meta, fact).note(WHY).help(help));
}

fn is_no_object(ty: &LitStr) -> bool {
    match ty.parse::<Type>() {
        Ok(Type::Tuple(_) | Type::Array(_)) => true,
        Ok(ty) => {
            let mut names = storable::PLAIN.iter().chain(&LISTS);
            names.any(|name| is_called(&ty, name))
        }
        Err(_) => false,
    }
}

/// Reports a part that is stored and not in the schema: the lock would not see its changes.
fn in_the_schema(diag: &Diagnostics, whose: &str, name: &str, attributes: &[Attribute]) {
    let metas = metas_of(attributes, "schemars");
    if find(&serde_metas(attributes), &["skip"]).is_some() {
        return;
    }
    if let Some(skip) = find(&metas, &["skip"]) {
        let fact = format!("`{name}` of `{whose}` is stored, but left out of its schema");
        let mistake = Mistake::at(skip, fact).note(
            "the lock holds what is stored to its schema: a change of this would not be seen",
        );
        diag.add(
            mistake.help("remove it; `schemars(with = \"..\")` names the type whose JSON it has"),
        );
    }
}

/// Reports variants that would not be read as they were stored. A variant may be read and no longer written.
pub(crate) fn check_variants<'a>(
    diag: &Diagnostics,
    whose: &str,
    variants: impl IntoIterator<Item = &'a Variant>,
) {
    for variant in variants {
        let metas = serde_metas(&variant.attrs);
        let name = &variant.ident;
        in_the_schema(diag, whose, &name.to_string(), &variant.attrs);
        let unread = find(&metas, &["skip_deserializing"])
            .filter(|_| find(&metas, &["skip", "skip_serializing"]).is_none());
        if let Some(unread) = unread {
            let fact = format!("`{name}` of `{whose}` would be stored and could not be read");
            let help = "remove it, or write `skip`, so that it is not stored either";
            diag.add(Mistake::at(unread, fact).note(WHY).help(help));
        } else if let Some((meta, help)) = one_sided(&metas) {
            let fact = format!("`{name}` of `{whose}` would not be read as it was stored");
            diag.add(Mistake::at(meta, fact).note(WHY).help(help));
        }
    }
}

/// How a field would come back different from what was written, if it would. `has_default` says whether the whole type has a default
/// for missing fields.
fn loss(field: &Field, has_default: bool) -> Option<Loss> {
    const SKIPS: [&str; 3] = ["skip", "skip_serializing", "skip_deserializing"];
    let metas = serde_metas(&field.attrs);
    if let Some(skip) = find(&metas, &SKIPS) {
        // A `PhantomData` has nothing to lose.
        let is_lost = !is_called(&field.ty, "PhantomData");
        return is_lost.then(|| Loss::Skipped(skip.clone()));
    }
    if let Some((meta, help)) = one_sided(&metas) {
        return Some(Loss::OneSided(meta.clone(), help));
    }
    let sometimes = find(&metas, &["skip_serializing_if"])?;
    // A flattened field and the field of a newtype have no key that could be missing.
    if field.ident.is_none() || find(&metas, &["flatten"]).is_some() {
        return None;
    }
    let read_by_hand = find(&metas, &["with", "deserialize_with"]).is_some();
    let missing_is_none = is_called(&field.ty, "Option") && !read_by_hand;
    let stands_in = has_default || find(&metas, &["default"]).is_some();
    (!stands_in && !missing_is_none).then(|| {
        let help = "add `default`, for values that were left out".to_owned();
        Loss::OneSided(sometimes.clone(), help)
    })
}

/// What is written in one form and read in another, with the edit that makes them one.
fn one_sided(metas: &[Meta]) -> Option<(&Meta, String)> {
    let names = ["rename", "rename_all", "rename_all_fields"];
    for rename in metas.iter().filter(|meta| is_any(meta, &names)) {
        let (write, read) = (renamed(rename, "serialize"), renamed(rename, "deserialize"));
        if write != read {
            let key = write.or(read).unwrap_or_default();
            let word = names.into_iter().find(|word| rename.path().is_ident(word));
            let word = word.unwrap_or("rename");
            let help = format!("write `{word} = \"{key}\"`, for both sides");
            return Some((rename, help));
        }
    }
    if find(metas, &["with"]).is_some() {
        return None;
    }
    let (write, read) = ("serialize_with", "deserialize_with");
    let (found, other) = match (find(metas, &[write]), find(metas, &[read])) {
        (Some(found), None) => (found, read),
        (None, Some(found)) => (found, write),
        _ => return None,
    };
    let help = format!("add `{other} = \"..\"`, or write both as one `with = \"..\"`");
    Some((found, help))
}
