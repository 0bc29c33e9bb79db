//! Past events, which are split or retired, and the checks of stored names.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{ext::IdentExt as _, spanned::Spanned as _};

use super::{
    super::{attrs::Split, model::Aggregate},
    events::distinct,
};
use crate::syntax::{
    paths::last_ident,
    respan::{replace_self, respan},
};

/// The methods of `AggregateEvent` for past events, if there are any.
///
/// ```
/// fn decode_past(name: &str, version: u32, payload: &[u8]) -> Option<Result<Vec<Self>, DecodeError>> {
///     if is_split::<Account, Moved>(name) {
///         return Some(decode_split::<Account, Moved>(version, payload));
///     }
///     if name == "Flagged" { return Some(Ok(Vec::new())); }
///     None
/// }
/// fn split() -> Vec<EventKind> { vec![split_kind_of::<Account, Moved>()] }
/// fn retired() -> &'static [&'static str] { &["Flagged"] }
/// ```
pub(super) fn codec(aggregate: &Aggregate<'_>) -> TokenStream {
    let runtime = &aggregate.attrs.runtime;
    let (ident, private) = (aggregate.ident(), runtime.private());
    let (split, retired) = (&aggregate.attrs.split, &aggregate.attrs.retired);
    if split.is_empty() && retired.is_empty() {
        return TokenStream::new();
    }
    let split = split.iter().map(|split| &split.event);
    let events = split.clone();
    quote! {
        fn decode_past(
            name: &::core::primitive::str,
            version: ::core::primitive::u32,
            payload: &[::core::primitive::u8],
        ) -> ::core::option::Option<
            ::core::result::Result<::std::vec::Vec<Self>, #runtime::DecodeError>,
        > {
            #(
                if #private::is_split::<#ident, #split>(name) {
                    return ::core::option::Option::Some(
                        #private::decode_split::<#ident, #split>(version, payload),
                    );
                }
            )*
            #(
                if name == #retired {
                    return ::core::option::Option::Some(
                        ::core::result::Result::Ok(::std::vec::Vec::new()),
                    );
                }
            )*
            ::core::option::Option::None
        }

        fn split() -> ::std::vec::Vec<#runtime::model::EventKind> {
            ::std::vec![#(#private::split_kind_of::<#ident, #events>()),*]
        }

        fn retired() -> &'static [&'static ::core::primitive::str] {
            &[#(#retired),*]
        }
    }
}

/// ```
/// impl SplitOf<Account> for Moved {
///     fn split(self, events: &mut Vec<AccountEvent>) {
///         let split: fn(Self) -> _ = split_moved;
///         SplitInto::<Account>::append_to(split(self), events)
///     }
/// }
/// ```
///
/// The typed pointer makes a wrong signature an error at the path that the user wrote; so does the trait's path for a
/// function that returns something else than events.
pub(super) fn splits(aggregate: &Aggregate<'_>) -> TokenStream {
    let runtime = &aggregate.attrs.runtime;
    let (ident, event_enum) = (aggregate.ident(), aggregate.event_enum());
    let private = runtime.private();
    let splits = aggregate.attrs.split.iter();
    let splits = splits.map(|Split { event, function }| {
        let span = last_ident(function).map_or_else(|| function.span(), syn::Ident::span);
        let function = replace_self(function, ident);
        let append_to = respan(&quote!(#private::SplitInto::<#ident>::append_to), span);
        // The call has the span of the function's name: that is the word to change if the function returns something else.
        let span = Span::call_site().located_at(span);
        let append = quote_spanned!(span=> #append_to(split(self), events));
        quote! {
            #[automatically_derived]
            impl #runtime::model::SplitOf<#ident> for #event {
                fn split(self, events: &mut ::std::vec::Vec<#event_enum>) {
                    let split: fn(#event) -> _ = #function;
                    #append;
                }
            }
        }
    });
    splits.collect()
}

/// ```
/// const _: () = {
///     let names = &[names_of::<Account, Opened>("Opened"), …, split_names_of::<Account, Moved>("Moved")];
///     __private::assert_new_name("Account", names, 1);
///     __private::assert_version("Account", names, 0);
///     __private::assert_retired_name("Account", names, "Flagged");
/// };
/// ```
///
/// Stored names and versions are known only after all items are expanded, so these are constants. Each has the span of the event or
/// name that it checks.
pub(super) fn unique_names(aggregate: &Aggregate<'_>) -> TokenStream {
    let runtime = &aggregate.attrs.runtime;
    let (ident, private) = (aggregate.ident(), runtime.private());
    let mut names = Vec::new();
    let mut spans = Vec::new();
    for event in distinct(aggregate) {
        let (path, text) = (&event.event, event.ident().unraw().to_string());
        names.push(quote!(#private::names_of::<#ident, #path>(#text)));
        spans.push(event.ident().span());
    }
    for Split { event, .. } in &aggregate.attrs.split {
        let last = last_ident(event);
        let text = last.map_or_else(String::new, |ident| ident.unraw().to_string());
        names.push(quote!(#private::split_names_of::<#ident, #event>(#text)));
        spans.push(last.map_or_else(|| event.span(), syn::Ident::span));
    }
    let text = aggregate.text();
    let check = |span: Span, check: &str, subject: TokenStream| {
        let private = runtime.private_at(span);
        let check = syn::Ident::new(check, span);
        let mut arguments = Group::new(Delimiter::Parenthesis, quote!(#text, names, #subject));
        arguments.set_span(span);
        quote_spanned!(span=> #private::#check #arguments;)
    };
    let new = spans.iter().enumerate().skip(1);
    let new = new.map(|(index, span)| check(*span, "assert_new_name", index.to_token_stream()));
    let versions = spans.iter().enumerate();
    let versions =
        versions.map(|(index, span)| check(*span, "assert_version", index.to_token_stream()));
    let retired = aggregate.attrs.retired.iter();
    let retired =
        retired.map(|name| check(name.span(), "assert_retired_name", name.to_token_stream()));
    quote! {
        const _: () = {
            let names: &[#private::Names] = &[#(#names),*];
            #(#new)*
            #(#versions)*
            #(#retired)*
        };
    }
}
