//! The grammar of `#[event(..)]` and of the notes on an event's fields.

use proc_macro2::{Ident, TokenStream};
use syn::{
    Attribute, Expr, LitStr, Path, Token,
    parse::{Parse as _, ParseStream, Parser as _},
};

use crate::syntax::{
    attr::{
        Keyed, Keys, Number, arguments, assigned, assigned_path, entries, parenthesized,
        stored_name, stored_names, with_form,
    },
    diag::{Diagnostics, Mistake},
    paths::Runtime,
    symbol::{
        CRATE, DEFAULT, FORMERLY, FROM, NAME, READABLE_BY, REMOVED, RENAMED, SINCE, UNCHANGED,
        UPCAST, VERSION,
    },
};

const KEYS: Keys = Keys {
    attribute: "#[event(..)]",
    forms: &[
        (VERSION, "version = 2"),
        (NAME, "name = \"Deposited\""),
        (FORMERLY, "formerly(\"PaidIn\")"),
        (UPCAST, "upcast(1 => your_fn)"),
        (FROM, "from = DepositedV1"),
        (REMOVED, "removed(2, \"memo\")"),
        (UNCHANGED, "unchanged(2)"),
        (READABLE_BY, "readable_by(2)"),
        (CRATE, "crate = ::path::to::intent_runtime"),
    ],
    repeated: &[REMOVED, UNCHANGED],
    elsewhere: &[
        (SINCE, "on a field, as `#[since(2)]`"),
        (
            RENAMED,
            "on a field, as `#[renamed(2, from = \"old_name\")]`",
        ),
    ],
    ..Keys::NONE
};

#[derive(Default)]
pub(super) struct EventAttrs {
    pub(super) runtime: Runtime,
    pub(super) name: Option<LitStr>,
    pub(super) formerly: Vec<LitStr>,
    /// `Err` holds the place of a version that cannot be read: rules that need it are skipped.
    pub(super) version: Option<Result<Number, ()>>,
    pub(super) steps: Vec<Step>,
    /// The key `upcast`, where a chain that ends too early is reported.
    pub(super) upcast: Option<Ident>,
    pub(super) from: Option<Keyed<Path>>,
    pub(super) removed: Vec<(Number, LitStr)>,
    pub(super) unchanged: Vec<Number>,
    /// The oldest version whose readers can take the current payload as it is.
    pub(super) readable_by: Option<Number>,
}

/// `2 => cents_to_money` in `upcast(..)`.
pub(super) struct Step {
    /// The version that the function reads.
    pub(super) from: Number,
    pub(super) function: Path,
}

impl EventAttrs {
    pub(super) fn parse(diag: &Diagnostics, args: TokenStream) -> Self {
        let mut attrs = Self::default();
        KEYS.read(diag, args, |key, input| attrs.read(key, input));
        attrs
    }

    fn read(&mut self, key: Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match key.to_string().as_str() {
            VERSION => {
                self.version = Some(Err(()));
                self.version = Some(Ok(version(input)?));
            }
            NAME => self.name = Some(stored_name(input)?),
            FORMERLY => self.formerly = stored_names(input)?,
            UPCAST => {
                self.steps = entries(input, Step::parse)?;
                self.upcast = Some(key);
            }
            FROM => {
                let value = assigned_path(input)?;
                self.from = Some(Keyed { key, value });
            }
            REMOVED => {
                let removed = parenthesized(input, |content| {
                    let number = content.parse()?;
                    content.parse::<Token![,]>()?;
                    Ok((number, content.parse()?))
                })?;
                self.removed.push(removed);
            }
            UNCHANGED => self.unchanged.extend(entries(input, Number::parse)?),
            READABLE_BY => self.readable_by = Some(parenthesized(input, Number::parse)?),
            _ => self.runtime = Runtime::parse(input)?,
        }
        Ok(())
    }
}

/// `= 2`: an integer literal.
fn version(input: ParseStream<'_>) -> syn::Result<Number> {
    input.parse::<Token![=]>()?;
    let ahead = input.fork();
    if ahead.parse::<Number>().is_ok() {
        return input.parse();
    }
    let found: Expr = input.parse()?;
    Err(Mistake::at(found, "`version` must be an integer literal")
        .help("write a number, for example `version = 2`")
        .into())
}

impl Step {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let from = input.parse()?;
        input.parse::<Token![=>]>()?;
        let function = input.call(Path::parse_mod_style)?;
        Ok(Self { from, function })
    }
}

/// `#[since(2, default = "counter".into())]`.
pub(super) fn since(attribute: &Attribute) -> syn::Result<(Number, Option<Expr>)> {
    let form = "#[since(2, default = \"counter\".into())]";
    note(attribute, DEFAULT, form, false)
}

/// `#[renamed(4, from = "memo")]`.
pub(super) fn renamed(attribute: &Attribute) -> syn::Result<(Number, Option<LitStr>)> {
    note(attribute, FROM, "#[renamed(4, from = \"memo\")]", true)
}

/// A number, and behind a comma `key = value`.
fn note<T: syn::parse::Parse>(
    attribute: &Attribute,
    key: &str,
    form: &str,
    needs_value: bool,
) -> syn::Result<(Number, Option<T>)> {
    let parser = |input: ParseStream<'_>| {
        if input.is_empty() {
            let fact = "the version that brought the change is missing";
            return Err(syn::Error::new_spanned(attribute.path(), fact));
        }
        let number: Number = input.parse()?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        if input.is_empty() {
            // The end of the input has no span; the version before it has one.
            let fact = format!("expected `{key} = ..` behind the version");
            return match needs_value {
                true => Err(Mistake::at(&number.literal, fact).into()),
                false => Ok((number, None)),
            };
        }
        let word: Ident = input.parse()?;
        if word != key {
            let fact = format!("unknown key `{word}`");
            return Err(syn::Error::new(word.span(), fact));
        }
        let value = assigned(input)?;
        input.parse::<Option<Token![,]>>()?;
        Ok((number, Some(value)))
    };
    let note = arguments(attribute).and_then(|args| parser.parse2(args));
    note.map_err(|error| with_form(&error, form))
}
