//! The grammar of `#[value(..)]`.

use proc_macro2::TokenStream;

use crate::{
    attr::Keys,
    diag::Diagnostics,
    paths::Runtime,
    symbol::{CRATE, NAME, VERSION},
};

const KEYS: Keys = Keys {
    attribute: "#[value(..)]",
    forms: &[(CRATE, "crate = ::path::to::intent_runtime")],
    leading: "",
    repeated: &[],
    elsewhere: &[
        (NAME, "on an event or a command: a value has no stored name"),
        (VERSION, "on the event that holds the value"),
    ],
};

/// What `#[value(..)]` says.
pub(super) struct ValueAttrs {
    pub(super) runtime: Runtime,
}

impl ValueAttrs {
    pub(super) fn parse(diag: &Diagnostics, args: TokenStream) -> Self {
        let mut runtime = Runtime::default();
        KEYS.read(diag, args, |_, input| {
            runtime = Runtime::parse(input)?;
            Ok(())
        });
        Self { runtime }
    }
}
