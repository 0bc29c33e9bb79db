//! What `#[command]` generates.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{DeriveInput, Ident, ext::IdentExt as _, spanned::Spanned as _};

use super::model::Command;
use crate::{
    emit::{schema, scope},
    stored::storable,
    syntax::{attr, docs, paths::Runtime, respan::replace_self, symbol::ID},
};

/// The struct with its derives, and the impl and the checks in a hidden scope.
pub(super) fn expand(command: &Command<'_>) -> TokenStream {
    let runtime = &command.attrs.runtime;
    let item = item(command);
    let storable = storable::checks(runtime, command.ident(), command.values());
    let command_impl = command_impl(command);
    let rest = scope::unnamed(&command_impl);
    quote! { #storable #item #rest }
}

/// ```
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(crate = "…")]
/// pub struct Relocate { … }       // without `#[id]`
/// ```
pub(super) fn item(command: &Command<'_>) -> TokenStream {
    let mut item = command.original.clone();
    for field in &mut item.fields {
        field.attrs.retain(|attribute| !attr::is(attribute, ID));
    }
    let mut item = DeriveInput::from(item);
    let (attributes, schema) =
        schema::derives(&command.attrs.runtime, command.derives.clone(), &mut item);
    quote! { #attributes #item #schema }
}

/// The impl of `Command`; nothing if no field is the id or could be.
///
/// The aggregate comes from the type of the id field. So an alias of `Id<..>` works, and a mistake in it is shown there.
pub(super) fn command_impl(command: &Command<'_>) -> TokenStream {
    let marked = command.ids().next().map(|(field, _)| field);
    let Some(field) = marked.or_else(|| command.unmarked_id()) else {
        return TokenStream::new();
    };
    let ty = replace_self(&field.ty, command.ident());
    let id = field.ident.to_token_stream();
    let span = Span::call_site().located_at(field.ty.span());
    let private = command.attrs.runtime.private_at(span);
    let aggregate = quote_spanned!(span=> <#ty as #private::IsId>::Aggregate);
    let target = quote_spanned!(span=> <#ty as #private::IsId>::id(&self.#id));
    let ident = command.ident();
    let name = match &command.attrs.name {
        Some(name) => name.to_token_stream(),
        None => ident.unraw().to_string().into_token_stream(),
    };
    CommandImpl {
        runtime: &command.attrs.runtime,
        ident,
        aggregate: &aggregate,
        name,
        doc: docs::text(&command.original.attrs),
        target: &target,
        span,
    }
    .into_token_stream()
}

/// The impl of `Command`, for a struct that the user or a macro wrote.
///
/// ```
/// impl Command for Relocate {
///     type Aggregate = Account;
///     const NAME: &'static str = "Relocate";
///     const DOC: &'static str = "";
///     fn target(&self) -> Id<Account> { self.account }
/// }
/// ```
pub(crate) struct CommandImpl<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) ident: &'a Ident,
    pub(crate) aggregate: &'a TokenStream,
    /// The stored name, as an expression.
    pub(crate) name: TokenStream,
    pub(crate) doc: TokenStream,
    /// The value of `target`.
    pub(crate) target: &'a TokenStream,
    /// The span of the id: rustc reports a mistake in its type once if all uses have one span.
    pub(crate) span: Span,
}

impl ToTokens for CommandImpl<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            runtime,
            ident,
            aggregate,
            name,
            doc,
            target,
            span,
        } = self;
        let id = runtime.at(*span);
        let target = quote_spanned! {*span=>
            fn target(&self) -> #id::Id<Self::Aggregate> { #target }
        };
        let aggregate = quote_spanned!(*span=> type Aggregate = #aggregate;);
        tokens.extend(quote! {
            #[automatically_derived]
            impl #runtime::Command for #ident {
                #aggregate
                const NAME: &'static ::core::primitive::str = #name;
                const DOC: &'static ::core::primitive::str = #doc;

                #target
            }
        });
    }
}
