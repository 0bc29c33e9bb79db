//! What `#[commands]` generates.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{
    DeriveInput, Field, Fields, Type, parse::Parser as _, parse_quote, spanned::Spanned as _,
};

use super::{
    attrs::Kind,
    model::{
        Argument, Block, Decided, Function, Output, argument_name, is_boxed_error, is_for_field,
        is_infallible,
    },
};
use crate::{
    command::CommandImpl,
    emit::{schema, scope},
    item::derives::Derives,
    source,
    stored::storable,
    syntax::{
        attr, docs,
        paths::{last_ident, same},
        respan::{generated, replace_self},
    },
};

/// The impl, a struct for each command beside it, and the impls in a hidden scope.
pub(super) fn expand(block: &Block<'_>) -> TokenStream {
    let item = block.unmarked();
    let decided = block.decided();
    let (structs, impls): (TokenStream, TokenStream) = structs(block, &decided);
    let decide: TokenStream = decided
        .iter()
        .map(|decided| {
            let rest = [emits(block, decided), refusal_json(block, decided)];
            let functions = [body(block, decided), rest.into_iter().collect()];
            decide_impl(block, decided, &functions)
        })
        .collect();
    let list = list_impl(block, &decided);
    let rest = scope::unnamed(&quote! { #impls #decide #list });
    quote! { #item #structs #rest }
}

/// The same for the fallback: decisions have no content, and commands whose shape is not known are left out.
pub(super) fn stub(block: &Block<'_>) -> TokenStream {
    let mut item = block.unmarked();
    item.attrs.push(parse_quote!(#[allow(unused)]));
    if block.original.trait_.is_some() || !block.original.generics.params.is_empty() {
        return item.into_token_stream();
    }
    let mut decided = block.decided();
    let keep = |decided: &Decided<'_, '_>, as_what: Option<&str>| {
        decided.functions().all(|function| {
            let concrete = function.original.sig.generics.params.is_empty();
            let taken = block.taken(function);
            concrete && taken.is_none_or(|(_, by)| as_what == Some(&by))
        })
    };
    // If a `#[command]` struct has the name, the function was probably meant to decide that one.
    decided.retain(|decided| keep(decided, Some(source::COMMAND)));
    let made = decided.iter().filter(|decided| keep(decided, None));
    let (structs, impls): (TokenStream, TokenStream) = structs(block, made);
    let decide: TokenStream = decided
        .iter()
        .map(|decided| decide_impl(block, decided, &[quote!(loop {}), TokenStream::new()]))
        .collect();
    let rest = scope::unnamed(&quote! { #impls #decide });
    quote! { #item #structs #rest }
}

/// The structs of the commands that are made of arguments, and the impls that go with them.
fn structs<'b, 'a: 'b>(
    block: &Block<'a>,
    decided: impl IntoIterator<Item = &'b Decided<'b, 'a>>,
) -> (TokenStream, TokenStream) {
    decided
        .into_iter()
        .flat_map(|decided| {
            let made = decided.functions().find(|function| function.is_generated());
            made.map(|function| command_struct(block, function))
        })
        .unzip()
}

/// ```
/// /// Puts money in.
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(crate = "…")]
/// pub struct Deposit {
///     /// The `Account` that the command is for.
///     pub id: Id<Account>,
///     /// `amount` of `Account::deposit`.
///     pub amount: Money,
/// }
/// impl Command for Deposit { … }      // unseen
/// ```
///
/// The comments that the user did not write satisfy `missing_docs`; they are left out of the schema.
fn command_struct(block: &Block<'_>, function: &Function<'_>) -> (TokenStream, TokenStream) {
    let runtime = &block.runtime;
    let aggregate = block.aggregate().to_token_stream();
    let visibility = &function.original.vis;
    let name = function.command();
    let Some(ident) = last_ident(&name) else {
        return Default::default();
    };
    let comments: Vec<_> = docs::comments(&function.original.attrs).collect();
    let conditions = attr::conditions(&function.original.attrs);
    let fields = fields(block, function);
    let mut item: DeriveInput = parse_quote! {
        #(#comments)*
        #visibility struct #ident {
            #visibility id: #runtime::Id<#aggregate>,
            #(#fields,)*
        }
    };
    let derives = Derives::all(block.lacks_values);
    let stored = storable::checks(runtime, ident, &fields).filter(|_| !block.lacks_values);
    let stored = stored.map(|check| quote!(#(#conditions)* #check));
    let (attributes, schema) = schema::derives(runtime, derives, &mut item);
    document(block, function, &mut item);
    let command_impl = CommandImpl {
        runtime,
        ident,
        aggregate: &aggregate,
        name: ident.to_string().into_token_stream(),
        doc: docs::text(&function.original.attrs),
        target: &quote!(self.id),
        span: Span::call_site().located_at(block.aggregate().span()),
    };
    let item = quote! {
        #stored
        #(#conditions)*
        #attributes
        #[allow(private_interfaces)]
        #item
        #(#conditions)*
        #schema
    };
    let impls = match conditions.is_empty() {
        true => command_impl.into_token_stream(),
        false => {
            let impls = scope::unnamed(&command_impl.into_token_stream());
            quote! { #(#conditions)* #impls }
        }
    };
    (item, impls)
}

/// The fields that a command has beside its id.
pub(super) fn fields(block: &Block<'_>, function: &Function<'_>) -> Vec<Field> {
    let visibility = &function.original.vis;
    let fields = function.values().filter_map(|argument| {
        let name = argument_name(argument).filter(|name| *name != "id")?;
        if matches!(*argument.ty, Type::ImplTrait(_)) {
            return None;
        }
        let conditions = attr::conditions(&argument.attrs);
        let attributes = argument.attrs.iter().filter(|found| is_for_field(found));
        let ty = replace_self(&argument.ty, block.aggregate());
        let field = quote!(#(#conditions)* #(#attributes)* #visibility #name: #ty);
        Field::parse_named.parse2(field).ok()
    });
    fields.collect()
}

/// Adds the comments that the user did not write.
fn document(block: &Block<'_>, function: &Function<'_>, item: &mut DeriveInput) {
    let path = format!("{}::{}", block.aggregate_text(), function.ident());
    if docs::comments(&item.attrs).next().is_none() {
        let text = format!(" The command that `{path}` decides.");
        item.attrs.push(parse_quote!(#[doc = #text]));
    }
    let syn::Data::Struct(data) = &mut item.data else {
        return;
    };
    let Fields::Named(fields) = &mut data.fields else {
        return;
    };
    for (index, field) in fields.named.iter_mut().enumerate() {
        if docs::comments(&field.attrs).next().is_some() {
            continue;
        }
        let text = match (index, &field.ident) {
            (0, _) => format!(" The `{}` that the command is for.", block.aggregate_text()),
            (_, Some(name)) => format!(" `{name}` of `{path}`."),
            (_, None) => continue,
        };
        field.attrs.push(parse_quote!(#[doc = #text]));
    }
}

/// ```
/// impl Decide<Deposit> for Account {
///     type Error = Refused;
///     const ONLY_CREATES: bool = true;                 // where there is a `#[create]` and no `#[handle]`
///     const ALLOWED: &'static [&'static str] = &["teller"];        // where there is an `allow(..)`
///     fn decide(state: Option<&Self>, command: Deposit, context: &Context) -> Result<Decision<Self>, Self::Error> { … }
///     fn emits() -> Emits { … }
///     fn refusal_json(refusal: &Refused) -> Option<Box<RawValue>> { … }       // where it can be refused
/// }
/// ```
fn decide_impl(
    block: &Block<'_>,
    decided: &Decided<'_, '_>,
    [body, emits]: &[TokenStream; 2],
) -> TokenStream {
    let runtime = &block.runtime;
    let aggregate = block.aggregate();
    let command = &decided.command;
    let conditions = decided.conditions();
    // A boxed error is reported; the stub has none.
    let error = match decided.error().filter(|error| !is_boxed_error(error)) {
        Some(error) => error.to_token_stream(),
        None => quote!(::core::convert::Infallible),
    };
    // If the error type is more private than the command, rustc reports it once, where the block first names the type.
    let mut errors = block
        .functions
        .iter()
        .filter_map(|function| function.output().error());
    let first = errors.find(|known| same(known, &error));
    let span = first.map_or_else(Span::call_site, |first| {
        Span::call_site().located_at(first.span())
    });
    let error = quote_spanned!(span=> type Error = #error;);
    let only_creates = (decided.create.is_some() && decided.handle.is_none()).then(|| {
        quote!(
            const ONLY_CREATES: ::core::primitive::bool = true;
        )
    });
    let allowed = (!decided.allowed().is_empty()).then(|| {
        let roles = decided.allowed();
        quote!(
            const ALLOWED: &'static [&'static ::core::primitive::str] = &[#(#roles),*];
        )
    });
    quote! {
        #(#conditions)*
        #[automatically_derived]
        impl #runtime::Decide<#command> for #aggregate {
            #error
            #only_creates
            #allowed

            #[allow(unused_variables)]
            fn decide(
                state: ::core::option::Option<&Self>,
                command: #command,
                context: &#runtime::Context,
            ) -> ::core::result::Result<#runtime::Decision<Self>, Self::Error> {
                #body
            }

            #emits
        }
    }
}

/// ```
/// fn emits() -> Emits { <Deposited as IntoEvents<Account>>::emits() }
/// ```
fn emits(block: &Block<'_>, decided: &Decided<'_, '_>) -> TokenStream {
    let runtime = &block.runtime;
    let aggregate = block.aggregate();
    let mut of_functions = decided.functions().map(|function| {
        let events = events(block, function);
        quote!(<#events as #runtime::model::IntoEvents<#aggregate>>::emits())
    });
    let first = of_functions.next();
    quote! {
        fn emits() -> #runtime::catalogue::Emits {
            #first #(.and(#of_functions))*
        }
    }
}

/// ```
/// fn refusal_json(refusal: &Self::Error) -> Option<Box<RawValue>> {
///     __private::refusal_json(Show(refusal).json())
/// }
/// ```
fn refusal_json(block: &Block<'_>, decided: &Decided<'_, '_>) -> TokenStream {
    let refuses = decided.error().is_some_and(|error| !is_infallible(error));
    if !refuses {
        return TokenStream::new();
    }
    let private = block.runtime.private();
    quote! {
        fn refusal_json(
            refusal: &Self::Error,
        ) -> ::core::option::Option<::std::boxed::Box<#private::RawValue>> {
            #[allow(unused_imports)]
            use #private::NoJson as _;
            #private::refusal_json(#private::Show(refusal).json())
        }
    }
}

/// The type of the events that a function returns.
fn events(block: &Block<'_>, function: &Function<'_>) -> TokenStream {
    let events = match function.output() {
        Output::Infallible(events) => events,
        Output::Fallible { events, .. } => events.to_token_stream(),
    };
    replace_self(events, &block.aggregate())
}

/// ```
/// match state {
///     None => Ok(Decision::NotFound),
///     Some(state) => { … }
/// }
/// ```
fn body(block: &Block<'_>, decided: &Decided<'_, '_>) -> TokenStream {
    let runtime = &block.runtime;
    let side = |function: Option<&Function<'_>>, otherwise: &str| match function {
        Some(function) => call(block, decided, function),
        None => {
            let otherwise = generated(otherwise, block.aggregate().span());
            quote!(::core::result::Result::Ok(#runtime::Decision::#otherwise))
        }
    };
    let create = side(decided.create, "NotFound");
    let handle = side(decided.handle, "AlreadyExists");
    quote! {
        match state {
            ::core::option::Option::None => #create,
            ::core::option::Option::Some(state) => #handle,
        }
    }
}

/// ```
/// {
///     let decided = match Account::deposit(state, command.amount, command.channel) {
///         Ok(decided) => decided,
///         Err(error) => return Err(error),
///     };
///     let mut events = Vec::new();
///     <Deposited as IntoEvents<Account>>::append_to(decided, &mut events);
///     Ok(Decision::Events(events))
/// }
/// ```
///
/// The return type keeps the user's spans: if it holds no events, the error is there.
fn call(block: &Block<'_>, decided: &Decided<'_, '_>, function: &Function<'_>) -> TokenStream {
    let runtime = &block.runtime;
    let (aggregate, name) = (block.aggregate(), function.ident());
    let state = (function.kind == Kind::Handle).then(|| quote!(state));
    let arguments = function.arguments.iter().map(|argument| match argument {
        Argument::Context => quote!(context),
        Argument::Value(_) if !function.is_generated() => quote!(command),
        Argument::Value(argument) => {
            let name = argument_name(argument);
            let conditions = attr::conditions(&argument.attrs);
            quote!(#(#conditions)* command.#name)
        }
    });
    let arguments = state.into_iter().chain(arguments);
    let call = quote!(#aggregate::#name(#(#arguments),*));
    let events = events(block, function);
    let decision = match function.output() {
        Output::Infallible(_) => call,
        Output::Fallible { error, .. } => {
            let is_shared = decided.error().is_some_and(|shared| same(&shared, &error));
            let refuse = match is_shared || !is_infallible(error) {
                true => quote!(return ::core::result::Result::Err(error)),
                false => quote!(match error {}),
            };
            quote! {
                match #call {
                    ::core::result::Result::Ok(decided) => decided,
                    ::core::result::Result::Err(error) => #refuse,
                }
            }
        }
    };
    quote! {
        {
            let decided = #decision;
            let mut events = ::std::vec::Vec::new();
            <#events as #runtime::model::IntoEvents<#aggregate>>::append_to(decided, &mut events);
            ::core::result::Result::Ok(#runtime::Decision::Events(events))
        }
    }
}

/// ```
/// impl OneCommandsBlock for Account {
///     fn list(list: &mut CommandList<Self>) {
///         <Deposit as CommandOf<Account>>::add_to(list);
///     }
/// }
/// ```
///
/// All of it has the span of the aggregate's name, where rustc reports a second block. It is `#[inline]`, so that reading a command
/// by its name is compiled where a domain is put together. A crate that only defines aggregates does not pay for it.
fn list_impl(block: &Block<'_>, decided: &[Decided<'_, '_>]) -> TokenStream {
    let runtime = &block.runtime;
    let aggregate = block.aggregate();
    let span = Span::call_site().located_at(aggregate.span());
    let private = runtime.private_at(span);
    let commands = decided.iter().map(|decided| {
        let command = &decided.command;
        let conditions = decided.conditions();
        quote! {
            #(#conditions)*
            <#command as #private::CommandOf<#aggregate>>::add_to(list);
        }
    });
    quote_spanned! {span=>
        #[automatically_derived]
        impl #private::OneCommandsBlock for #aggregate {
            #[inline]
            fn list(list: &mut #runtime::catalogue::CommandList<Self>) {
                #(#commands)*
            }
        }
    }
}
