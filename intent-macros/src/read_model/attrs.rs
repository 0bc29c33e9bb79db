//! The grammar of `#[read_model(..)]`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{DeriveInput, LitStr, parse::ParseStream};

use super::{access::Access, links};
use crate::{
    rules::entry::{self, Entry},
    syntax::{
        attr::{self, Keyed, Keys, Number, assigned},
        diag::Diagnostics,
        paths::Runtime,
        suggest::did_you_mean,
        symbol::{
            ACCESS, BY, CRATE, CREATED_BY, EVENTS, INDEX, KEY, LINKS, MODE, OF, ON, OWN,
            READ_MODEL, REMOVED_BY, ROLE, TABLE, UNIQUE, VERSION,
        },
    },
};

const KEYS: Keys = Keys {
    attribute: "#[read_model(..)]",
    forms: &[
        (EVENTS, "events(Deposited, Withdrawn)"),
        (CREATED_BY, "created_by(Opened)"),
        (REMOVED_BY, "removed_by(Closed)"),
        (LINKS, "links(Opened => |e| e.branch.clone())"),
        (TABLE, "table = \"account_balances\""),
        (VERSION, "version = 2"),
        (MODE, "mode = \"inline\""),
        (ACCESS, "access(role = \"customer\", own = owner_id)"),
        (CRATE, "crate = ::path::to::intent_runtime"),
    ],
    repeated: &[ACCESS],
    elsewhere: &[
        (
            OWN,
            "in `access(..)`, as `access(role = \"customer\", own = owner_id)`",
        ),
        (ROLE, "in `access(..)`, as `access(role = \"teller\")`"),
        (KEY, "on a field, as `#[key]`"),
        (INDEX, "on a field, as `#[index]`"),
        (UNIQUE, "on a field, as `#[unique]`"),
        (ON, "on a field, as `#[on(..)]`"),
        (
            BY,
            "behind an event in a list, as `events(Deposited by |e| e.branch.clone())`",
        ),
        (
            OF,
            "behind an event in a list, as `events(Deposited of Account)`",
        ),
    ],
    ..Keys::NONE
};

/// How rows are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// By a worker, behind the log.
    Async,
    /// With the events that change them.
    Inline,
}

impl Mode {
    /// `= "inline"`
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mode: LitStr = assigned(input)?;
        match mode.value().as_str() {
            "async" => Ok(Self::Async),
            "inline" => Ok(Self::Inline),
            other => {
                let meant = did_you_mean(other, ["async", "inline"]).unwrap_or("inline");
                let fact = format!(
                    "there is no mode \"{other}\": rows are written by a worker, `\"async\"`, or with their events, `\"inline\"`\n\
                     help: write `mode = \"{meant}\"`"
                );
                Err(syn::Error::new_spanned(&mode, fact))
            }
        }
    }
}

/// What `#[read_model(..)]` says.
#[derive(Default)]
pub(super) struct ReadModelAttrs {
    pub(super) runtime: Runtime,
    pub(super) table: Option<LitStr>,
    pub(super) version: Option<Number>,
    pub(super) mode: Option<Mode>,
    pub(super) created_by: Option<Keyed<Vec<Entry>>>,
    pub(super) events: Option<Keyed<Vec<Entry>>>,
    pub(super) removed_by: Option<Keyed<Vec<Entry>>>,
    pub(super) links: Option<Keyed<Vec<Entry>>>,
    pub(super) access: Vec<Access>,
}

impl ReadModelAttrs {
    pub(super) fn parse(diag: &Diagnostics, item: &DeriveInput) -> Self {
        let mut attrs = Self::default();
        let attribute = attr::only(diag, READ_MODEL, &item.attrs);
        if let Some(args) = attribute.and_then(|it| diag.keep(attr::arguments(it))) {
            KEYS.read(diag, args, |key, input| attrs.read(diag, key, input));
        }
        attrs
    }

    fn read(&mut self, diag: &Diagnostics, key: Ident, input: ParseStream<'_>) -> syn::Result<()> {
        let (list, form) = match key.to_string().as_str() {
            CREATED_BY => (&mut self.created_by, "created_by(Opened)"),
            EVENTS => (&mut self.events, "events(Deposited, Withdrawn)"),
            REMOVED_BY => (&mut self.removed_by, "removed_by(Closed)"),
            TABLE => {
                self.table = Some(assigned(input)?);
                return Ok(());
            }
            ACCESS => {
                self.access.push(Access::parse(diag, key, input)?);
                return Ok(());
            }
            LINKS => {
                // Even a list that cannot be read counts as given.
                let value = Vec::new();
                let given = self.links.insert(Keyed { key, value });
                given.value = links::parse(diag, input)?;
                return Ok(());
            }
            VERSION => {
                self.version = Some(assigned(input)?);
                return Ok(());
            }
            MODE => {
                self.mode = Some(Mode::parse(input)?);
                return Ok(());
            }
            _ => {
                self.runtime = Runtime::parse(input)?;
                return Ok(());
            }
        };
        // Even a list that cannot be read counts as given.
        let given = list.insert(Keyed {
            key,
            value: Vec::new(),
        });
        given.value = entry::list(diag, input, form)?;
        Ok(())
    }
}

/// The runtime that a `#[read_model(..)]` names. Its mistakes are reported elsewhere.
pub(super) fn runtime(attribute: &TokenStream) -> Runtime {
    let diag = Diagnostics::default();
    let item = syn::parse2(quote!(#attribute struct __Item;));
    let attrs = item.map(|item| ReadModelAttrs::parse(&diag, &item));
    diag.finish();
    attrs.map(|attrs| attrs.runtime).unwrap_or_default()
}
