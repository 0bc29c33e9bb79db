//! The grammar of `#[aggregate(..)]` and `#[on(..)]`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, BinOp, DeriveInput, Expr, ExprClosure, LitStr, Path, Token,
    parse::{ParseStream, Parser as _, discouraged::Speculative as _},
    token,
};

use crate::syntax::{
    attr::{
        self, Keyed, Keys, Number, arguments, assigned, parenthesized, skip_to_comma, stored_names,
    },
    diag::{Diagnostics, Mistake},
    paths::{Runtime, shown},
    symbol::{
        AGGREGATE, CRATE, CREATE, CREATED_BY, EVENTS, EVERY, FORMERLY, FROM, HANDLE, ID, NAME, ON,
        RETIRED, SNAPSHOT, SPLIT, VERSION,
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
    leading: "",
    repeated: &[],
    elsewhere: &[
        (ID, "on a field, as `#[id]`"),
        (ON, "on a field, as `#[on(..)]`"),
        (EVERY, "in `snapshot(..)`, as `snapshot(every = 100)`"),
        (VERSION, "on an event, as `#[event(version = 2)]`"),
        (CREATE, "on a function in `#[commands]`, as `#[create]`"),
        (HANDLE, "on a function in `#[commands]`, as `#[handle]`"),
    ],
};

const SNAPSHOT_KEYS: Keys = Keys {
    attribute: "snapshot(..)",
    forms: &[
        (EVERY, "every = 100"),
        (VERSION, "version = 2"),
        (FROM, "from = AccountV1"),
    ],
    leading: "",
    repeated: &[],
    elsewhere: &[],
};

/// What `#[aggregate(..)]` says.
#[derive(Default)]
pub(super) struct AggregateAttrs {
    pub(super) runtime: Runtime,
    pub(super) name: Option<LitStr>,
    pub(super) formerly: Vec<LitStr>,
    pub(super) created_by: Option<Keyed<Vec<Listed>>>,
    pub(super) events: Option<Keyed<Vec<Listed>>>,
    pub(super) split: Vec<Split>,
    pub(super) retired: Vec<LitStr>,
    pub(super) snapshot: Option<SnapshotAttrs>,
}

/// What `snapshot(..)` says.
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

/// An event in `created_by(..)` or `events(..)`.
pub(super) struct Listed {
    pub(super) path: Path,
    pub(super) effect: Effect,
}

/// What the list itself says about an event.
pub(super) enum Effect {
    /// Nothing: the fields have rules for it.
    Rules,
    /// `Moved => Self::moved`
    Function(Path),
    /// `Audited => ()`
    Nothing,
}

/// `Moved => split_moved` in `split(..)`.
pub(super) struct Split {
    /// The past event.
    pub(super) event: Path,
    pub(super) function: Path,
}

/// `EVENT = value`, `EVENT += value` or `EVENT => |field, e| …` in `#[on(..)]`.
pub(super) struct Rule {
    pub(super) event: Path,
    pub(super) change: Change,
}

pub(super) enum Change {
    Assign(Expr),
    Operate(BinOp, Expr),
    InPlace(ExprClosure),
}

impl AggregateAttrs {
    pub(super) fn parse(diag: &Diagnostics, item: &DeriveInput) -> Self {
        let mut attrs = Self::default();
        let mut seen = false;
        for attribute in item.attrs.iter().filter(|found| attr::is(found, AGGREGATE)) {
            if seen {
                let fact = "`#[aggregate(..)]` is given twice";
                diag.add(Mistake::at(attribute.path(), fact).help("write all keys in one"));
                continue;
            }
            seen = true;
            KEYS.read_attribute(diag, attribute, |key, input| attrs.read(diag, key, input));
        }
        attrs
    }

    fn read(&mut self, diag: &Diagnostics, key: Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match key.to_string().as_str() {
            CREATED_BY => {
                // A list that cannot be read is there nevertheless.
                self.created_by = Some(Keyed {
                    key: key.clone(),
                    value: Vec::new(),
                });
                let value = list(diag, input, "created_by(Opened)")?;
                self.created_by = Some(Keyed { key, value });
            }
            EVENTS => {
                let value = list(diag, input, "events(Deposited, Withdrawn)")?;
                self.events = Some(Keyed { key, value });
            }
            SPLIT => {
                self.split = parenthesized(input, |content| {
                    if content.is_empty() {
                        let fact = "expected an event that is split";
                        return Err(syn::Error::new(content.span(), fact));
                    }
                    let split = content.parse_terminated(Split::parse, Token![,])?;
                    Ok(split.into_iter().collect())
                })?;
            }
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

/// Where the runtime is, as an `#[aggregate(..)]` says whose mistakes are reported elsewhere.
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
                input.parse::<Token![=]>()?;
                let value = input.call(Path::parse_mod_style)?;
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
    match number.base10_parse::<u64>() {
        Ok(0) => {
            let fact = "a snapshot every 0 events is none";
            let help = "write a number from 1, or leave `snapshot` out";
            Err(Mistake::at(&number, fact).help(help).into())
        }
        Ok(value) => Ok(value),
        Err(_) => {
            let fact = "`every` is a number of events";
            Err(Mistake::at(&number, fact)
                .help("write a number from 1, such as 100")
                .into())
        }
    }
}

/// `(Deposited, Moved => Self::moved)`. What is wrong with an event is reported, and the others are read: each is an event
/// still.
fn list(diag: &Diagnostics, input: ParseStream<'_>, form: &str) -> syn::Result<Vec<Listed>> {
    parenthesized(input, |content| {
        let mut events = Vec::new();
        while !content.is_empty() {
            let next = listed(diag, content, &mut events);
            if let Err(error) = next {
                diag.add(attr::with_form(&error, form));
                skip_to_comma(content)?;
            }
        }
        Ok(events)
    })
}

/// An event with the comma behind it, which may be missing in front of another event.
fn listed(diag: &Diagnostics, input: ParseStream<'_>, events: &mut Vec<Listed>) -> syn::Result<()> {
    let path = event(diag, input)?;
    let effect = Effect::parse(&path, input);
    let is_read = effect.as_ref().map(|_| ()).map_err(Clone::clone);
    events.push(Listed {
        path,
        effect: effect.unwrap_or(Effect::Rules),
    });
    is_read?;
    if input.is_empty() || input.parse::<Option<Token![,]>>()?.is_some() {
        return Ok(());
    }
    let missing = input.error("expected `,`");
    if input.fork().call(Path::parse_mod_style).is_err() {
        return Err(missing);
    }
    diag.add(missing);
    Ok(())
}

/// An event, by its type. One in quotes is reported, and read.
fn event(diag: &Diagnostics, input: ParseStream<'_>) -> syn::Result<Path> {
    if !input.peek(LitStr) {
        return input.call(Path::parse_mod_style);
    }
    let text: LitStr = input.parse()?;
    let path = text.parse_with(Path::parse_mod_style)?;
    let help = format!("write `{}` without quotes", shown(&path));
    diag.add(Mistake::at(text, "an event is named by its type").help(help));
    Ok(path)
}

impl Effect {
    /// What stands behind an event in a list, if anything.
    fn parse(event: &Path, input: ParseStream<'_>) -> syn::Result<Self> {
        let no_function = |found: &dyn ToTokens| {
            let event = shown(event);
            let name =
                crate::syntax::respan::snake_case(event.rsplit(':').next().unwrap_or(&event));
            let help =
                format!("write `{event} => Self::{name}`, or leave out what follows `{event}`");
            let fact = "an event in a list names the function that applies it";
            syn::Error::from(Mistake::at(found.to_token_stream(), fact).help(help))
        };
        if input.peek(Token![=]) && !input.peek(Token![=>]) {
            return Err(no_function(&input.parse::<Token![=]>()?));
        }
        if !input.peek(Token![=>]) {
            return Ok(Self::Rules);
        }
        input.parse::<Token![=>]>()?;
        if input.peek(token::Paren) {
            parenthesized(input, |content| match content.is_empty() {
                true => Ok(()),
                false => Err(content.error("an event that changes nothing is marked `=> ()`")),
            })?;
            return Ok(Self::Nothing);
        }
        let ahead = input.fork();
        if let Ok(function) = ahead.call(Path::parse_mod_style)
            && (ahead.is_empty() || ahead.peek(Token![,]) || ahead.peek(syn::Ident))
        {
            input.advance_to(&ahead);
            return Ok(Self::Function(function));
        }
        Err(no_function(&input.parse::<Expr>()?))
    }
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

/// Reads the rules of an `#[on(..)]`. One that cannot be read is reported, and reading goes on behind the next comma.
pub(super) fn rules(diag: &Diagnostics, attribute: &Attribute) -> Vec<Rule> {
    let mut rules = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match Rule::parse(diag, input) {
                Ok(rule) => {
                    rules.push(rule);
                    if !input.is_empty() {
                        input.parse::<Token![,]>()?;
                    }
                }
                Err(error) => {
                    diag.add(error);
                    skip_to_comma(input)?;
                }
            }
        }
        Ok(())
    };
    diag.keep(arguments(attribute).and_then(|args| {
        if args.is_empty() {
            let help = "write `#[on(Deposited += |e| e.amount)]`, or remove the attribute";
            return Err(Mistake::at(attribute.path(), "`#[on(..)]` has no rule")
                .help(help)
                .into());
        }
        parser.parse2(args)
    }));
    rules
}

impl Rule {
    fn parse(diag: &Diagnostics, input: ParseStream<'_>) -> syn::Result<Self> {
        let event = event(diag, input)?;
        if input.peek(Token![=>]) {
            input.parse::<Token![=>]>()?;
            let change = match input.parse()? {
                Expr::Closure(closure) => Change::InPlace(closure),
                other => {
                    let fact = "a change in place is a closure over the field and the event";
                    let help = "write `|field, e| …` behind `=>`, or `=` before a value";
                    return Err(Mistake::at(other, fact).help(help).into());
                }
            };
            return Ok(Self { event, change });
        }
        if input.peek(Token![=]) && !input.peek(Token![==]) {
            input.parse::<Token![=]>()?;
            let change = Change::Assign(input.parse()?);
            return Ok(Self { event, change });
        }
        let ahead = input.fork();
        match ahead.parse::<BinOp>() {
            Ok(operator) if is_compound(&operator) => {
                let operator = input.parse()?;
                let change = Change::Operate(operator, input.parse()?);
                Ok(Self { event, change })
            }
            _ => {
                let fact = format!(
                    "a rule says what `{}` does to the field",
                    event.to_token_stream()
                );
                let help = "write `= value`, `+= value` or another operator, or `=> |field, e| …` behind it";
                let error = Mistake::at(event, fact).help(help);
                Err(error.into())
            }
        }
    }
}

fn is_compound(operator: &BinOp) -> bool {
    matches!(
        operator,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}
