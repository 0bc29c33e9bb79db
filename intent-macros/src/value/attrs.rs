//! The grammar of `#[value(..)]`.

use proc_macro2::{Ident, TokenStream};

use crate::syntax::{
    attr::Keys,
    diag::Diagnostics,
    paths::Runtime,
    symbol::{ARITHMETIC, CRATE, NAME, VERSION},
};

const KEYS: Keys = Keys {
    attribute: "#[value(..)]",
    forms: &[
        (ARITHMETIC, "arithmetic"),
        (CRATE, "crate = ::path::to::intent_runtime"),
    ],
    elsewhere: &[
        (NAME, "on an event or a command: a value has no stored name"),
        (VERSION, "on the event that holds the value"),
    ],
    ..Keys::NONE
};

pub(super) struct ValueAttrs {
    pub(super) runtime: Runtime,
    /// The key that asks for checked arithmetic.
    pub(super) arithmetic: Option<Ident>,
}

impl ValueAttrs {
    pub(super) fn parse(diag: &Diagnostics, args: TokenStream) -> Self {
        let (mut runtime, mut arithmetic) = (Runtime::default(), None);
        KEYS.read(diag, args, |key, input| {
            match key == ARITHMETIC {
                true => arithmetic = Some(key),
                false => runtime = Runtime::parse(input)?,
            }
            Ok(())
        });
        Self {
            runtime,
            arithmetic,
        }
    }
}
