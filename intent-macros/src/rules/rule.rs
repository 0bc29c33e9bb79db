//! `#[on(..)]` on a field: `EVENT = value`, `EVENT += value` or `EVENT => |field, e| …`.

use quote::ToTokens as _;
use syn::{
    Attribute, BinOp, Expr, ExprClosure, Ident, Path, Token, Type,
    parse::{ParseStream, Parser as _},
};

use super::entry::{Entry, event};
use crate::syntax::{
    attr::{arguments, is, skip_to_comma},
    diag::{Diagnostics, Mistake},
    suggest::did_you_mean,
    symbol::ON,
};

/// A field with the rules on it.
pub(crate) struct Field<'a> {
    pub(crate) original: &'a syn::Field,
    pub(crate) ident: &'a Ident,
    /// `#[id]` or `#[key]`, if the field has it. Such a field has no rules.
    pub(crate) key: Option<&'a Attribute>,
    pub(crate) rules: Vec<Rule>,
}

/// What one event does to one field.
pub(crate) struct Rule {
    pub(crate) event: Path,
    pub(crate) change: Change,
}

pub(crate) enum Change {
    Assign(Expr),
    Operate(BinOp, Expr),
    InPlace(ExprClosure),
}

impl<'a> Field<'a> {
    /// `None` for a field without a name. `key` is the attribute that marks the id or the key.
    pub(crate) fn new(diag: &Diagnostics, field: &'a syn::Field, key: &str) -> Option<Self> {
        let attributes = field.attrs.iter().filter(|attribute| is(attribute, ON));
        let rules = attributes.flat_map(|attribute| rules(diag, attribute));
        Some(Self {
            original: field,
            ident: field.ident.as_ref()?,
            key: field.attrs.iter().find(|attribute| is(attribute, key)),
            rules: rules.collect(),
        })
    }

    pub(crate) fn ty(&self) -> &'a Type {
        &self.original.ty
    }

    pub(crate) fn rule(&self, entry: &Entry) -> Option<&Rule> {
        self.rules.iter().find(|rule| entry.is_meant_by(rule))
    }
}

/// Reads the rules of an `#[on(..)]`. One that cannot be read is reported, and reading goes on behind the next comma.
fn rules(diag: &Diagnostics, attribute: &Attribute) -> Vec<Rule> {
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
            let mistake = Mistake::at(attribute.path(), "`#[on(..)]` has no rule");
            return Err(mistake.help(help).into());
        }
        parser.parse2(args)
    }));
    rules
}

impl Rule {
    fn parse(diag: &Diagnostics, input: ParseStream<'_>) -> syn::Result<Self> {
        let event = event(diag, input)?;
        let change = Change::parse(&event, input)?;
        Ok(Self { event, change })
    }

    /// The closure of the rule, if it has one, and the parameters that it should have.
    pub(super) fn closure(&self) -> Option<(&ExprClosure, &'static [&'static str])> {
        match &self.change {
            Change::Assign(Expr::Closure(closure)) | Change::Operate(_, Expr::Closure(closure)) => {
                Some((closure, &["e"]))
            }
            Change::InPlace(closure) => Some((closure, &["field", "e"])),
            Change::Assign(_) | Change::Operate(..) => None,
        }
    }

    /// The name of the entry that the rule's event is most likely a misspelling of.
    pub(crate) fn meant<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> Option<String> {
        let names: Vec<String> = entries.map(|entry| entry.ident().to_string()).collect();
        let written = self.event.segments.last()?.ident.to_string();
        did_you_mean(&written, names.iter().map(String::as_str)).map(str::to_owned)
    }
}

impl Change {
    fn parse(event: &Path, input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![=>]) {
            input.parse::<Token![=>]>()?;
            return match input.parse()? {
                Expr::Closure(closure) => Ok(Self::InPlace(closure)),
                other => {
                    let fact = "a change in place is a closure over the field and the event";
                    let help = "write `|field, e| …` behind `=>`, or `=` before a value";
                    Err(Mistake::at(other, fact).help(help).into())
                }
            };
        }
        if input.peek(Token![=]) && !input.peek(Token![==]) {
            input.parse::<Token![=]>()?;
            return Ok(Self::Assign(input.parse()?));
        }
        let operator = input.fork().parse::<BinOp>();
        if !operator.is_ok_and(|operator| is_compound(&operator)) {
            let fact = format!(
                "a rule says what `{}` does to the field",
                event.to_token_stream()
            );
            let help =
                "write `= value`, `+= value` or another operator, or `=> |field, e| …` behind it";
            return Err(Mistake::at(event, fact).help(help).into());
        }
        Ok(Self::Operate(input.parse()?, input.parse()?))
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
