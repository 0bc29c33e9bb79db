//! The grammar of `#[aggregate(..)]`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{DeriveInput, LitStr, Path, Token, parse::ParseStream};

use crate::{
    rules::entry::{self, Entry},
    syntax::{
        attr::{self, Keyed, Keys, Number, assigned, assigned_path, some, stored_names},
        diag::{Diagnostics, Mistake},
        paths::{Runtime, shown},
        symbol::{
            AGGREGATE, CRATE, CREATE, CREATED_BY, EVENTS, EVERY, FORMERLY, FROM, HANDLE, ID, NAME,
            ON, RETIRED, SNAPSHOT, SPLIT, VERSION,
        },
    },
};

const KEYS: Keys = Keys {
    attribute: "#[aggregate(..)]",
    forms: &[
        (CREATED_BY, "created_by(Opened)"),
        (EVENTS, "events(Deposited, Withdrawn)"),
        (SPLIT, "split(Moved => split_moved)"),
        (RETIRED, "retired(\"Flagged\")"),
        (NAME, "name = \"Account\""),
        (FORMERLY, "formerly(\"BankAccount\")"),
        (SNAPSHOT, "snapshot(every = 100)"),
        (CRATE, "crate = ::path::to::intent_runtime"),
    ],
    elsewhere: &[
        (ID, "on a field, as `#[id]`"),
        (ON, "on a field, as `#[on(..)]`"),
        (EVERY, "in `snapshot(..)`, as `snapshot(every = 100)`"),
        (VERSION, "on an event, as `#[event(version = 2)]`"),
        (CREATE, "on a function in `#[commands]`, as `#[create]`"),
        (HANDLE, "on a function in `#[commands]`, as `#[handle]`"),
    ],
    ..Keys::NONE
};

const SNAPSHOT_KEYS: Keys = Keys {
    attribute: "snapshot(..)",
    forms: &[
        (EVERY, "every = 100"),
        (VERSION, "version = 2"),
        (FROM, "from = AccountV1"),
    ],
    ..Keys::NONE
};

#[derive(Default)]
pub(super) struct AggregateAttrs {
    pub(super) runtime: Runtime,
    pub(super) name: Option<LitStr>,
    pub(super) formerly: Vec<LitStr>,
    pub(super) created_by: Option<Keyed<Vec<Entry>>>,
    pub(super) events: Option<Keyed<Vec<Entry>>>,
    pub(super) split: Vec<Split>,
    pub(super) retired: Vec<LitStr>,
    pub(super) snapshot: Option<SnapshotAttrs>,
}

pub(super) struct SnapshotAttrs {
    /// How many events lie between two snapshots.
    pub(super) every: u64,
    pub(super) version: Option<Number>,
    /// The state as it was in the version before this one.
    pub(super) from: Option<Keyed<Path>>,
}

impl SnapshotAttrs {
    /// The version of the state, as its author counts.
    pub(super) fn number(&self) -> u32 {
        self.version.as_ref().map_or(1, |version| version.value)
    }
}

/// `Moved => split_moved` in `split(..)`.
pub(super) struct Split {
    pub(super) event: Path,
    pub(super) function: Path,
}

impl AggregateAttrs {
    pub(super) fn parse(diag: &Diagnostics, item: &DeriveInput) -> Self {
        let mut attrs = Self::default();
        let attribute = attr::only(diag, AGGREGATE, &item.attrs);
        if let Some(args) = attribute.and_then(|it| diag.keep(attr::arguments(it))) {
            KEYS.read(diag, args, |key, input| attrs.read(diag, key, input));
        }
        attrs
    }

    fn read(&mut self, diag: &Diagnostics, key: Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match key.to_string().as_str() {
            CREATED_BY => {
                // Even a list that cannot be read counts as given.
                self.created_by = Some(Keyed {
                    key: key.clone(),
                    value: Vec::new(),
                });
                let value = entry::list(diag, input, "created_by(Opened)")?;
                self.created_by = Some(Keyed { key, value });
            }
            EVENTS => {
                let value = entry::list(diag, input, "events(Deposited, Withdrawn)")?;
                self.events = Some(Keyed { key, value });
            }
            SPLIT => self.split = some(input, "expected an event that is split", Split::parse)?,
            RETIRED => self.retired = stored_names(input)?,
            NAME => self.name = Some(attr::stored_name(input)?),
            FORMERLY => self.formerly = stored_names(input)?,
            SNAPSHOT => {
                let content;
                syn::parenthesized!(content in input);
                self.snapshot = snapshot(diag, &key, content.parse()?);
            }
            _ => self.runtime = Runtime::parse(input)?,
        }
        Ok(())
    }
}

/// The runtime that an `#[aggregate(..)]` names. Its mistakes are reported elsewhere.
pub(super) fn runtime(attribute: &TokenStream) -> Runtime {
    let diag = Diagnostics::default();
    let item = syn::parse2(quote!(#attribute struct __Item;));
    let attrs = item.map(|item| AggregateAttrs::parse(&diag, &item));
    diag.finish();
    attrs.map(|attrs| attrs.runtime).unwrap_or_default()
}

/// `every = 100, version = 2, from = AccountV1`.
fn snapshot(diag: &Diagnostics, key: &Ident, args: TokenStream) -> Option<SnapshotAttrs> {
    let (mut every, mut version, mut from) = (None, None, None);
    let mut given = false;
    SNAPSHOT_KEYS.read(diag, args, |key, input| {
        match key.to_string().as_str() {
            VERSION => version = Some(assigned(input)?),
            FROM => {
                let value = assigned_path(input)?;
                from = Some(Keyed { key, value });
            }
            _ => {
                given = true;
                every = Some(how_often(input)?);
            }
        }
        Ok(())
    });
    if !given && !diag.has_errors() {
        let fact = "`snapshot` does not say how often";
        diag.add(Mistake::at(key, fact).help("write `snapshot(every = 100)`"));
    }
    Some(SnapshotAttrs {
        every: every?,
        version,
        from,
    })
}

/// `= 100`: a number from 1.
fn how_often(input: ParseStream<'_>) -> syn::Result<u64> {
    let number: syn::LitInt = assigned(input)?;
    let (fact, instead) = match number.base10_parse::<u64>() {
        Ok(0) => (
            "`every = 0` would take no snapshot",
            "or leave `snapshot` out",
        ),
        Ok(value) => return Ok(value),
        Err(_) => ("`every` is a number of events", "such as 100"),
    };
    let help = format!("write a number from 1, {instead}");
    Err(Mistake::at(&number, fact).help(help).into())
}

impl Split {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let event = input.call(Path::parse_mod_style)?;
        if !input.peek(Token![=>]) {
            let shown = shown(&event);
            let fact = format!("`split` does not say what becomes of `{shown}`");
            let help = format!("write `{shown} => your_fn`, a function from `{shown}` to events");
            return Err(Mistake::at(event, fact).help(help).into());
        }
        input.parse::<Token![=>]>()?;
        let function = input.call(Path::parse_mod_style)?;
        Ok(Self { event, function })
    }
}
