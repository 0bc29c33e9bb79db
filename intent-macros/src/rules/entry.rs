//! An entry in a list of events: `EVENT [of AGGREGATE] [by KEY] [=> FUNCTION | ()]`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{
    Expr, LitStr, Path, Token,
    parse::{ParseStream, discouraged::Speculative as _},
    token,
};

use super::rule::Rule;
use crate::syntax::{
    attr::{Keyed, parenthesized, skip_to_comma, with_form},
    diag::{Diagnostics, Mistake},
    paths::{last_ident, same, shown},
    respan::snake_case,
    symbol::{BY, OF},
};

/// An event in a list, with what the list says about it.
pub(crate) struct Entry {
    pub(crate) event: Path,
    /// `of Account`: the aggregate, if two aggregates list the event.
    pub(crate) of: Option<Keyed<Path>>,
    /// `by |e| e.branch.clone()`: which row or instance the event is for.
    pub(crate) by: Option<Keyed<Expr>>,
    pub(crate) effect: Effect,
    pub(crate) namesake: Namesake,
}

/// Whether another entry has an event of the same name. The entries of an aggregate have none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Namesake {
    None,
    /// `Noted of Account, Noted of Loan`: rules for `Noted` are for both.
    OneType,
    /// `account::Closed, loan::Closed`: a rule gives the path.
    OtherType,
}

pub(crate) enum Effect {
    /// The list says nothing: the fields have rules for it.
    Rules,
    /// `Moved => Self::moved`
    Function(Path),
    /// `Audited => ()`
    Nothing,
}

/// Reads `(Deposited, Moved => Self::moved)`. An entry with a mistake is reported and stays in the list, since its event is known.
pub(crate) fn list(
    diag: &Diagnostics,
    input: ParseStream<'_>,
    form: &str,
) -> syn::Result<Vec<Entry>> {
    parenthesized(input, |content| {
        let mut entries = Vec::new();
        while !content.is_empty() {
            if let Err(error) = entry(diag, content, &mut entries) {
                diag.add(with_form(&error, form));
                skip_to_comma(content)?;
            }
        }
        Ok(entries)
    })
}

/// An entry and the comma behind it. A comma left out in front of another event is reported.
fn entry(diag: &Diagnostics, input: ParseStream<'_>, entries: &mut Vec<Entry>) -> syn::Result<()> {
    let mut entry = Entry::for_rules(event(diag, input)?);
    let is_read = entry.parse_rest(input);
    entries.push(entry);
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

/// An event, by its type. One in quotes is reported and read.
pub(crate) fn event(diag: &Diagnostics, input: ParseStream<'_>) -> syn::Result<Path> {
    if !input.peek(LitStr) {
        return input.call(Path::parse_mod_style);
    }
    let text: LitStr = input.parse()?;
    let path = text.parse_with(Path::parse_mod_style)?;
    let help = format!("write `{}` without quotes", shown(&path));
    diag.add(Mistake::at(text, "an event is named by its type").help(help));
    Ok(path)
}

impl Entry {
    /// An entry that says no more than which event it is.
    pub(crate) fn for_rules(event: Path) -> Self {
        Self {
            event,
            of: None,
            by: None,
            effect: Effect::Rules,
            namesake: Namesake::None,
        }
    }

    /// What the type is called.
    pub(crate) fn ident(&self) -> &Ident {
        // A path that was parsed has at least one segment.
        match last_ident(&self.event) {
            Some(ident) => ident,
            None => &self.event.segments[0].ident,
        }
    }

    /// The name in messages.
    pub(crate) fn text(&self) -> String {
        shown(&self.event)
    }

    /// The word for it in the names of generated functions. No other entry has the same.
    pub(crate) fn word(&self) -> String {
        let name = snake_case(&self.ident().to_string());
        if self.namesake == Namesake::None {
            return name;
        }
        let of = self.of.iter().map(|of| &of.value);
        let paths = std::iter::once(&self.event).chain(of);
        let parts = paths.flat_map(|path| &path.segments);
        let parts: Vec<String> = parts
            .map(|part| snake_case(&part.ident.to_string()))
            .collect();
        // Two lines: no name in the form of a type has them, so this is no other entry's word.
        parts.join("__")
    }

    /// Whether a rule means this event: by the same path, or by the last segment of it if no other event has that.
    pub(crate) fn is_meant_by(&self, rule: &Rule) -> bool {
        let by_name = self.namesake != Namesake::OtherType && rule.event.is_ident(self.ident());
        by_name || same(&self.event, &rule.event)
    }

    /// The entry as it was written.
    pub(crate) fn tokens(&self) -> TokenStream {
        let (event, of, by) = (&self.event, &self.of, &self.by);
        let of = of.iter().map(|of| (&of.key, of.value.to_token_stream()));
        let by = by.iter().map(|by| (&by.key, by.value.to_token_stream()));
        let parts = of.chain(by).map(|(key, value)| quote!(#key #value));
        let effect = match &self.effect {
            Effect::Rules => None,
            Effect::Function(function) => Some(quote!(=> #function)),
            Effect::Nothing => Some(quote!(=> ())),
        };
        quote!(#event #(#parts)* #effect)
    }

    /// `of Account`, if that comes next.
    pub(crate) fn parse_of(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if let Some(key) = word(input, OF)? {
            let value = input.call(Path::parse_mod_style)?;
            self.of = Some(Keyed { key, value });
        }
        Ok(())
    }

    fn parse_rest(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        self.parse_of(input)?;
        if let Some(key) = word(input, BY)? {
            if input.is_empty() || input.peek(Token![,]) {
                let help = format!("write `{} by |e| ..`, with the key", self.text());
                return Err(Mistake::at(key, "`by` gives no key").help(help).into());
            }
            let value = input.parse()?;
            self.by = Some(Keyed { key, value });
        }
        self.effect = Effect::parse(self, input)?;
        Ok(())
    }
}

/// The word, if it comes next.
fn word(input: ParseStream<'_>, word: &str) -> syn::Result<Option<Ident>> {
    let next = input.fork().parse::<Ident>();
    match next.is_ok_and(|next| next == word) {
        true => input.parse().map(Some),
        false => Ok(None),
    }
}

impl Effect {
    /// What stands behind `=>`, if anything.
    fn parse(entry: &Entry, input: ParseStream<'_>) -> syn::Result<Self> {
        let no_function = |found: TokenStream| {
            let (event, name) = (entry.text(), snake_case(&entry.ident().to_string()));
            let help =
                format!("write `{event} => Self::{name}`, or leave out what follows `{event}`");
            let fact = "an event in a list names the function that applies it";
            syn::Error::from(Mistake::at(found, fact).help(help))
        };
        if input.peek(Token![=]) && !input.peek(Token![=>]) {
            let found = input.parse::<Token![=]>()?;
            return Err(no_function(found.into_token_stream()));
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
        Err(no_function(input.parse::<Expr>()?.into_token_stream()))
    }
}

#[cfg(test)]
mod tests {
    use syn::parse::Parser as _;

    use super::list;
    use crate::syntax::diag::Diagnostics;

    /// The entries of a list as they were read, and the mistakes in it.
    fn read(text: &str) -> (Vec<String>, String) {
        let diag = Diagnostics::default();
        let parser = |input: syn::parse::ParseStream<'_>| list(&diag, input, "events(Deposited)");
        let entries = diag.keep(parser.parse_str(text)).unwrap_or_default();
        let entries = entries.iter().map(|entry| entry.tokens().to_string());
        let entries = entries.map(|entry| entry.replace(' ', "")).collect();
        (entries, diag.finish().to_string())
    }

    #[test]
    fn an_entry_has_up_to_four_parts() {
        let (entries, mistakes) = read(
            "(Opened, loan::Repaid of Loan, Deposited by |e| (e.branch.clone(), day(e.occurred_at())), \
             Withdrawn of Account by link => Self::withdrawn, Audited by |e| e.order => (),)",
        );
        assert_eq!(mistakes, "");
        assert_eq!(
            entries,
            [
                "Opened",
                "loan::RepaidofLoan",
                "Depositedby|e|(e.branch.clone(),day(e.occurred_at()))",
                "WithdrawnofAccountbylink=>Self::withdrawn",
                "Auditedby|e|e.order=>()",
            ]
        );
    }

    #[test]
    fn an_entry_with_a_mistake_names_its_event_and_the_others_are_read() {
        let (entries, mistakes) = read("(Opened by, Moved => 1, Closed Lost, Noted of)");
        assert_eq!(entries, ["Opened", "Moved", "Closed", "Lost", "Noted"]);
        assert_eq!(mistakes.matches("compile_error").count(), 4, "{mistakes}");
    }
}
