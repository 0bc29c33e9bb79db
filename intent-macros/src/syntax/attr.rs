//! Reads `#[attribute(key = value, key(..), key)]`, which all attributes have in common.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    Attribute, LitInt, LitStr, Meta, Path, Token,
    ext::IdentExt as _,
    parse::{Parse, ParseStream, Parser as _},
    punctuated::Punctuated,
};

use crate::syntax::{
    diag::{Diagnostics, Mistake},
    suggest::did_you_mean,
};

/// A value with its key, where a mistake of the value as a whole is reported.
pub(crate) struct Keyed<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

/// The keys that an attribute takes.
pub(crate) struct Keys {
    /// The attribute as the user writes it, such as `#[event(..)]`.
    pub(crate) attribute: &'static str,
    /// Each key with an example of its correct form.
    pub(crate) forms: &'static [(&'static str, &'static str)],
    /// What may come before the keys, as a help says it; empty if nothing.
    pub(crate) leading: &'static str,
    /// Keys that may occur more than once.
    pub(crate) repeated: &'static [&'static str],
    /// Words that belong elsewhere, and where.
    pub(crate) elsewhere: &'static [(&'static str, &'static str)],
}

impl Keys {
    /// The defaults of a table.
    pub(crate) const NONE: Self = Self {
        attribute: "",
        forms: &[],
        leading: "",
        repeated: &[],
        elsewhere: &[],
    };

    /// Reads a list of keys. `read` parses what follows a key. Its errors are reported with the correct form, and reading goes on
    /// behind the next comma. A missing comma before a key is reported, and the key is read.
    pub(crate) fn read(
        &self,
        diag: &Diagnostics,
        args: TokenStream,
        mut read: impl FnMut(Ident, ParseStream<'_>) -> syn::Result<()>,
    ) {
        let entries = |input: ParseStream<'_>| {
            let mut seen = Vec::new();
            while !input.is_empty() {
                let key = input
                    .call(Ident::parse_any)
                    .map_err(|error| self.expected_key(&error))?;
                let read_in_full = self.entry(diag, key, &mut seen, input, &mut read);
                if read_in_full && !input.is_empty() && !input.peek(Token![,]) {
                    diag.add(input.error("expected `,`"));
                    if self.is_at_key(input) {
                        continue;
                    }
                }
                skip_to_comma(input)?;
            }
            Ok(())
        };
        diag.keep(entries.parse2(args));
    }

    /// The error for something that is not a key, with an example.
    fn expected_key(&self, error: &syn::Error) -> syn::Error {
        let error = syn::Error::new(error.span(), "expected a key");
        match self.forms {
            [(_, form)] => with_form(&error, &self.attribute.replace("..", form)),
            [(_, form), ..] => {
                let list = self.list().join(", ");
                let attribute = self.attribute;
                let message = format!("{error}\nhelp: `{attribute}` takes {list}, as in `{form}`");
                syn::Error::new(error.span(), message)
            }
            [] => error,
        }
    }

    /// All that the attribute takes.
    fn list(&self) -> Vec<String> {
        let known = self.forms.iter().map(|(known, _)| format!("`{known}`"));
        let leading = Some(self.leading).filter(|leading| !leading.is_empty());
        known.chain(leading.map(str::to_owned)).collect()
    }

    /// Whether one of the keys comes next.
    fn is_at_key(&self, input: ParseStream<'_>) -> bool {
        let word = input.fork().call(Ident::parse_any);
        word.is_ok_and(|word| self.forms.iter().any(|(known, _)| word == known))
    }

    /// Reads what follows a key. False if not all of it was understood.
    fn entry(
        &self,
        diag: &Diagnostics,
        key: Ident,
        seen: &mut Vec<String>,
        input: ParseStream<'_>,
        read: &mut dyn FnMut(Ident, ParseStream<'_>) -> syn::Result<()>,
    ) -> bool {
        let word = key.to_string();
        let Some((_, form)) = self.forms.iter().find(|(known, _)| *known == word) else {
            diag.add(self.unknown(&key));
            return self.read_as_meant(&key, seen, input, read);
        };
        if seen.contains(&word) && !self.repeated.contains(&word.as_str()) {
            diag.add(Mistake::at(&key, format!("`{word}` is given twice")).help("remove one"));
            return false;
        }
        seen.push(word);
        // The end of the input has no span, so the error is at the key.
        let ahead = input.fork();
        let ends = ahead.is_empty() || ahead.parse::<Token![=]>().is_ok() && ahead.is_empty();
        let last = key.clone();
        let result = read(key, input).map_err(|error| {
            let message = error.to_string();
            match message.strip_prefix("unexpected end of input, ") {
                Some(expected) if ends => {
                    syn::Error::new(last.span(), format!("{expected} after `{last}`"))
                }
                _ => error,
            }
        });
        result
            .map_err(|error| diag.add(with_form(&error, form)))
            .is_ok()
    }

    /// Reads a misspelt key as the key that is probably meant, so that it does not seem to be missing. Other mistakes in it show up
    /// after the key is corrected.
    fn read_as_meant(
        &self,
        key: &Ident,
        seen: &[String],
        input: ParseStream<'_>,
        read: &mut dyn FnMut(Ident, ParseStream<'_>) -> syn::Result<()>,
    ) -> bool {
        match self.meant(&key.to_string()) {
            Some(close) if !seen.iter().any(|word| word == close) => {
                read(Ident::new(close, key.span()), input).is_ok()
            }
            _ => false,
        }
    }

    /// The key that `word` is most likely a misspelling of.
    fn meant(&self, word: &str) -> Option<&'static str> {
        if self.elsewhere.iter().any(|(known, _)| *known == word) {
            return None;
        }
        did_you_mean(word, self.forms.iter().map(|(known, _)| *known))
    }

    fn unknown(&self, key: &Ident) -> Mistake {
        let word = key.to_string();
        if let Some((_, place)) = self.elsewhere.iter().find(|(known, _)| *known == word) {
            return Mistake::at(key, format!("`{word}` belongs {place}"))
                .help(format!("move it there from `{}`", self.attribute));
        }
        let fact = match self.meant(&word) {
            Some(close) => format!("unknown key `{word}`, did you mean `{close}`?"),
            None => format!("unknown key `{word}`"),
        };
        let mistake = Mistake::at(key, fact);
        if self.forms.len() > 9 {
            return mistake;
        }
        mistake.help(format!(
            "`{}` takes {}",
            self.attribute,
            self.list().join(", ")
        ))
    }
}

/// The tokens between the parentheses of an attribute; none if it has no parentheses.
pub(crate) fn arguments(attribute: &Attribute) -> syn::Result<TokenStream> {
    if matches!(attribute.meta, Meta::Path(_)) {
        return Ok(TokenStream::new());
    }
    Ok(attribute.meta.require_list()?.tokens.clone())
}

/// What stands between the parentheses of an attribute, separated by commas; `None` where that cannot be read. rustc or the owner of
/// the attribute reports it.
pub(crate) fn list<T: Parse>(attribute: &Attribute) -> Option<impl Iterator<Item = T> + use<T>> {
    let list = attribute.parse_args_with(Punctuated::<T, Token![,]>::parse_terminated);
    list.ok().map(Punctuated::into_iter)
}

/// Reports arguments of an attribute that takes none.
pub(crate) fn takes_nothing(diag: &Diagnostics, attribute: &Attribute) {
    if !matches!(attribute.meta, Meta::Path(_)) {
        let name = attribute.path().to_token_stream();
        let fact = format!("`#[{name}]` takes nothing");
        diag.add(Mistake::at(&attribute.meta, fact).help(format!("write `#[{name}]`")));
    }
}

/// The one attribute of a name, if it is there. A second one is reported.
pub(crate) fn only<'a>(
    diag: &Diagnostics,
    name: &str,
    attributes: &'a [Attribute],
) -> Option<&'a Attribute> {
    let mut found = attributes.iter().filter(|attribute| is(attribute, name));
    let first = found.next();
    for second in found {
        let fact = format!("`#[{name}(..)]` is given twice");
        diag.add(Mistake::at(second.path(), fact).help("write all keys in one"));
    }
    first
}

/// The `#[cfg(..)]`s, which are copied to everything made from an item or a field.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<&Attribute> {
    let is_condition = |attribute: &&Attribute| is(attribute, "cfg");
    attributes.iter().filter(is_condition).collect()
}

/// The condition of a `cfg_attr` and the attributes behind it; `None` for any other attribute.
pub(crate) fn cfg_attr(attribute: &Attribute) -> Option<(Meta, Vec<Meta>)> {
    let mut metas = is(attribute, "cfg_attr").then(|| list(attribute))??;
    Some((metas.next()?, metas.collect()))
}

/// Whether an attribute came from a `cfg_attr` on the item itself. rustc resolves those before it calls us, and only the span of the
/// brackets shows the `cfg_attr`. If the source cannot be read, as in some editors, the answer is no.
pub(crate) fn was_conditional(attribute: &Attribute) -> bool {
    let source = attribute.bracket_token.span.join().source_text();
    source.is_some_and(|source| {
        let inside = source.trim_start_matches(['#', '[']).trim_start();
        inside.starts_with("cfg_attr")
    })
}

/// Adds the correct form to a syntax error, unless the error already says what to do.
pub(crate) fn with_form(error: &syn::Error, form: &str) -> syn::Error {
    let message = error.to_string();
    if message.contains("\nhelp: ") {
        return error.clone();
    }
    let message = format!("{message}\nhelp: the correct form is `{form}`");
    syn::Error::new(error.span(), message)
}

/// Skips the rest of an entry and the comma behind it.
pub(crate) fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            return Ok(());
        }
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// What follows `=`.
pub(crate) fn assigned<T: Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// `= "Deposited"`: a name that a store takes.
pub(crate) fn stored_name(input: ParseStream<'_>) -> syn::Result<LitStr> {
    input.parse::<Token![=]>()?;
    name_literal(input)
}

/// `("PaidIn", "Received")`: such names, at least one.
pub(crate) fn stored_names(input: ParseStream<'_>) -> syn::Result<Vec<LitStr>> {
    some(input, "expected a stored name", name_literal)
}

/// `= AccountV1`
pub(crate) fn assigned_path(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse::<Token![=]>()?;
    input.call(Path::parse_mod_style)
}

/// `(1 => cents_to_money, 2 => in_words)`: entries in parentheses, perhaps none.
pub(crate) fn entries<T>(
    input: ParseStream<'_>,
    entry: fn(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<Vec<T>> {
    let entries = parenthesized(input, |content| content.parse_terminated(entry, Token![,]))?;
    Ok(entries.into_iter().collect())
}

/// The same, and at least one: `expected` is the error if there is none.
pub(crate) fn some<T>(
    input: ParseStream<'_>,
    expected: &str,
    entry: fn(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<Vec<T>> {
    parenthesized(input, |content| match content.is_empty() {
        true => Err(syn::Error::new(content.span(), expected)),
        false => content.parse_terminated(entry, Token![,]),
    })
    .map(|entries| entries.into_iter().collect())
}

/// `"teller"`: a role. A word without quotes is a mistake that the help mends.
pub(crate) fn role(input: ParseStream<'_>) -> syn::Result<LitStr> {
    if let Ok(word) = input.fork().parse::<Ident>() {
        let fact = "a role is written as a string";
        let help = format!("write `\"{word}\"`");
        return Err(Mistake::at(word, fact).help(help).into());
    }
    let role: LitStr = input.parse()?;
    if !is_stored_name(&role.value()) {
        let fact = "a role has 1 to 255 bytes and no control characters";
        return Err(Mistake::at(role, fact)
            .help("write a role such as `\"teller\"`")
            .into());
    }
    Ok(role)
}

/// Whether a store takes the text as a name.
pub(crate) fn is_stored_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && !text.chars().any(char::is_control)
}

/// Reads the content of parentheses. After an error the rest is skipped, since it would be reported again.
pub(crate) fn parenthesized<T>(
    input: ParseStream<'_>,
    read: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<T> {
    let content;
    syn::parenthesized!(content in input);
    read(&content).inspect_err(|_| {
        // This cannot fail: any tokens are a stream of tokens.
        let _ = content.parse::<TokenStream>();
    })
}

fn name_literal(input: ParseStream<'_>) -> syn::Result<LitStr> {
    let name: LitStr = input.parse()?;
    if !is_stored_name(&name.value()) {
        return Err(Mistake::at(
            &name,
            "a stored name has 1 to 255 bytes and no control characters",
        )
        .help("choose another name")
        .into());
    }
    Ok(name)
}

/// A version number with the literal it was written as.
pub(crate) struct Number {
    pub(crate) value: u32,
    pub(crate) literal: LitInt,
}

impl Parse for Number {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let literal: LitInt = input.parse()?;
        let value = literal.base10_parse()?;
        Ok(Self { value, literal })
    }
}

/// Whether an attribute is the bare word `name`, such as `#[id]` or `#[on(..)]`.
pub(crate) fn is(attribute: &Attribute, name: &str) -> bool {
    attribute.path().is_ident(name)
}
