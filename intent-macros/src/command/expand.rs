//! What `#[command]` generates.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{DeriveInput, Ident, ext::IdentExt as _};

use super::model::Command;
use crate::{
    attr, docs, paths::Runtime, respan::replace_self, schema, scope, storable, symbol::ID,
};

/// The struct with its derives, and beside it, unseen, the impl and the checks.
pub(super) fn expand(command: &Command<'_>) -> TokenStream {
    let runtime = &command.attrs.runtime;
    let item = item(command);
    let fields = command.original.fields.iter();
    let storable = storable::checks(
        runtime,
        command.ident(),
        fields.filter(|field| !field.attrs.iter().any(|found| attr::is(found, ID))),
    );
    let command_impl = command.ids().next().map(|(field, _)| {
        let private = runtime.private();
        let ty = replace_self(&field.ty, command.ident());
        let aggregate = quote!(<#ty as #private::IsId>::Aggregate);
        let id = field.ident.to_token_stream();
        command_impl(command, &aggregate, &quote!(self.#id))
    });
    let rest = scope::unnamed(&quote! { #storable #command_impl });
    quote! { #item #rest }
}

/// ```ignore
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(crate = "…")]
/// pub struct Relocate { … }       // without `#[id]`
/// ```
pub(super) fn item(command: &Command<'_>) -> TokenStream {
    let mut item = command.original.clone();
    for field in item.fields.iter_mut() {
        field.attrs.retain(|attribute| !attr::is(attribute, ID));
    }
    let mut item = DeriveInput::from(item);
    let (attributes, schema) = schema::derives(&command.attrs.runtime, command.derives, &mut item);
    quote! { #attributes #item #schema }
}

fn command_impl(
    command: &Command<'_>,
    aggregate: &TokenStream,
    target: &TokenStream,
) -> TokenStream {
    let ident = command.ident();
    let name = match &command.attrs.name {
        Some(name) => name.to_token_stream(),
        None => ident.unraw().to_string().into_token_stream(),
    };
    CommandImpl {
        runtime: &command.attrs.runtime,
        ident,
        aggregate,
        name,
        doc: docs::text(&command.original.attrs),
        target,
    }
    .into_token_stream()
}

/// The impl of `Command`, for a struct that the user or a macro wrote.
///
/// ```ignore
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
    /// What `target` answers.
    pub(crate) target: &'a TokenStream,
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
        } = self;
        tokens.extend(quote! {
            #[automatically_derived]
            impl #runtime::Command for #ident {
                type Aggregate = #aggregate;
                const NAME: &'static ::core::primitive::str = #name;
                const DOC: &'static ::core::primitive::str = #doc;

                fn target(&self) -> #runtime::Id<#aggregate> {
                    #target
                }
            }
        });
    }
}
