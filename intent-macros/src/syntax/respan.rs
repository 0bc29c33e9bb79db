//! Rewriting tokens: other spans, and the type's name for `Self`.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The same tokens, all at one span.
pub(crate) fn respan(tokens: &TokenStream, span: Span) -> TokenStream {
    rewrite(tokens.clone(), &mut |mut token| {
        token.set_span(span);
        token.into()
    })
}

/// The same tokens with `Self` replaced, for code that moves out of its impl or item. Each replacement keeps the span of its `Self`.
/// Unlike a visitor of the syntax tree, this looks into macro calls.
pub(crate) fn replace_self(tokens: impl ToTokens, name: &impl ToTokens) -> TokenStream {
    rewrite(tokens.into_token_stream(), &mut |token| match token {
        TokenTree::Ident(ident) if ident == "Self" => respan(&name.to_token_stream(), ident.span()),
        other => other.into(),
    })
}

fn rewrite(tokens: TokenStream, change: &mut dyn FnMut(TokenTree) -> TokenStream) -> TokenStream {
    let mut changed = TokenStream::new();
    for token in tokens {
        let token = match token {
            TokenTree::Group(group) => {
                let inner = rewrite(group.stream(), change);
                let mut new = Group::new(group.delimiter(), inner);
                new.set_span(group.span());
                TokenTree::Group(new)
            }
            other => other,
        };
        changed.extend(change(token));
    }
    changed
}

/// `name` in the form of a function's name: `MoneyMoved` becomes `money_moved`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, letter) in name.trim_start_matches("r#").char_indices() {
        if letter.is_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `name` in the form of a type's name, at its own span: `close_loan` becomes `CloseLoan`.
pub(crate) fn upper_camel_case(name: &Ident) -> Ident {
    Ident::new(&upper_camel(&name.to_string()), name.span())
}

/// The same as text.
pub(crate) fn upper_camel(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    for word in name.trim_start_matches("r#").split('_') {
        let mut letters = word.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.extend(letters);
    }
    if camel.is_empty() || syn::parse_str::<Ident>(&camel).is_err() {
        camel.push('_');
    }
    camel
}

/// An identifier of generated code.
pub(crate) fn generated(name: impl AsRef<str>, span: Span) -> Ident {
    Ident::new(name.as_ref(), span)
}
