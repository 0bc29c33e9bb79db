//! The rules of the fields, each as a function of its own: it sees the event and its field, and nothing else.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{
    BinOp, Expr, ExprClosure, Ident, Pat, ReturnType, Stmt, ext::IdentExt as _,
    spanned::Spanned as _,
};

use super::super::{
    attrs::{Change, Effect, Rule},
    model::{Aggregate, Event, Field},
};
use crate::syntax::respan::{generated, replace_self, snake_case};

/// A function for each rule, for the id, and for each field that a creating event begins from `Default`.
pub(super) fn rules(aggregate: &Aggregate<'_>) -> TokenStream {
    let mut functions = id(aggregate);
    for field in &aggregate.fields {
        let events = aggregate.events();
        for event in events.filter(|event| matches!(event.effect, Effect::Rules)) {
            if let Some(rule) = field.rule(event) {
                functions.extend(function(aggregate, field, event, rule));
            }
        }
        if let Some(event) = begins_from_default(aggregate, field) {
            functions.extend(default(aggregate, field, event));
        }
    }
    functions
}

/// The first creating event that leaves the field at its `Default`, or changes it from there.
pub(super) fn begins_from_default<'a>(
    aggregate: &'a Aggregate<'_>,
    field: &Field<'_>,
) -> Option<Event<'a>> {
    let mut events = aggregate.events().filter(|_| field.id.is_none());
    events.find(|event| {
        let rule = field.rule(*event).map(|rule| &rule.change);
        let made_here = event.creating && matches!(event.effect, Effect::Rules);
        made_here && !matches!(rule, Some(Change::Assign(_)))
    })
}

/// The function of a rule that sets the field to the same value whatever the event says, unless that is a literal.
pub(super) fn constant(field: &Field<'_>, event: Event<'_>) -> Option<Ident> {
    match &field.rule(event)?.change {
        Change::Assign(Expr::Closure(_) | Expr::Lit(_)) => None,
        Change::Assign(_) => Some(rule_name(field, event)),
        Change::Operate(..) | Change::InPlace(_) => None,
    }
}

/// What a rule's function is called with.
fn argument(value: &Expr) -> TokenStream {
    match value {
        Expr::Closure(_) => quote!(event),
        _ => TokenStream::new(),
    }
}

/// What `event` does to the field of `self`, if anything.
pub(super) fn apply(field: &Field<'_>, event: Event<'_>) -> Option<TokenStream> {
    let ident = field.ident;
    let function = rule_name(field, event);
    Some(match &field.rule(event)?.change {
        Change::Assign(value) => {
            let argument = argument(value);
            quote!(self.#ident = #function(#argument);)
        }
        Change::Operate(..) => quote!(#function(&mut self.#ident, event)?;),
        Change::InPlace(_) => quote!(#function(&mut self.#ident, event);),
    })
}

/// The field of a new aggregate, where a rule changes what it begins with.
pub(super) fn begun(field: &Field<'_>, event: Event<'_>) -> Option<TokenStream> {
    let change = &field.rule(event)?.change;
    if matches!(change, Change::Assign(_)) {
        return None;
    }
    let local = local(field);
    let (default, function) = (default_name(field), rule_name(field, event));
    let fallible = matches!(change, Change::Operate(..)).then(|| quote!(?));
    Some(quote! {
        let mut #local = #default();
        #function(&mut #local, event) #fallible;
    })
}

/// The field of a new aggregate, as it stands in the struct expression.
pub(super) fn value(field: &Field<'_>, event: Event<'_>) -> TokenStream {
    let ident = field.ident;
    if field.id.is_some() {
        return quote!(#ident: __id(id));
    }
    match field.rule(event).map(|rule| &rule.change) {
        Some(Change::Assign(value)) => {
            let (function, argument) = (rule_name(field, event), argument(value));
            quote!(#ident: #function(#argument))
        }
        Some(_) => {
            let local = local(field);
            quote!(#ident: #local)
        }
        None => {
            let default = default_name(field);
            quote!(#ident: #default())
        }
    }
}

/// ```
/// fn __owner_on_opened(e: &Opened) -> String {          // Opened = |e| e.owner.clone()
///     e.owner.clone()
/// }
/// fn __balance_on_deposited<'event>(field: &mut Money, event: &'event Deposited) -> Result<(), Overflow> {
///     let value = |e: &'event Deposited| e.amount;      // Deposited += |e| e.amount
///     Rule::<Add, _, _, _>::new(field, value(event), |mut field, value| *field.place() += value)
///         .apply::<Account, Deposited>("balance")
/// }
/// #[deny(unused_must_use)]
/// fn __notes_on_noted(notes: &mut Vec<String>, e: &Noted) {
///     notes.push(e.text.clone());                       // Noted => |notes, e| notes.push(e.text.clone())
/// }
/// ```
///
/// Where the types of a closure are known, it becomes the function; what stands behind an operator may be of any
/// type that the field takes there, so it stays a closure. How an operator is checked is told in the runtime's `rule.rs`;
/// one without arithmetic, such as `|=`, is carried out as it is.
fn function(
    aggregate: &Aggregate<'_>,
    field: &Field<'_>,
    event: Event<'_>,
    rule: &Rule,
) -> TokenStream {
    let name = rule_name(field, event);
    let (ty, path) = (field.ty(), event.path);
    let function = match &rule.change {
        Change::Assign(Expr::Closure(closure)) => {
            let parameter = parameter(closure, 0, &quote!(&#path));
            let output = match &closure.output {
                ReturnType::Default => quote!(#ty),
                ReturnType::Type(_, ty) => ty.to_token_stream(),
            };
            let body = block(&closure.body);
            quote! {
                fn #name(#parameter) -> #output #body
            }
        }
        Change::Assign(value) => {
            let body = block(value);
            quote! {
                fn #name() -> #ty #body
            }
        }
        Change::Operate(operator, value) => {
            // The operation is at the operator's place: that is the word to change if the types have no such one.
            let span = Span::call_site().located_at(operator.span());
            let (closure, call) = match value {
                Expr::Closure(closure) => {
                    let typed = typed(closure, &quote!(&'event #path));
                    (typed, quote_spanned!(span=> (event)))
                }
                value => (quote!(|| #value), quote_spanned!(span=> ())),
            };
            let runtime = &aggregate.attrs.runtime;
            let (traits, change) = match checked(operator) {
                Some((checked, place)) => {
                    let (private, ident) = (runtime.private(), aggregate.ident());
                    let text = field.ident.unraw().to_string();
                    let place = generated(place, Span::call_site());
                    let operate = quote_spanned!(span=> *field.#place() #operator value);
                    let traits = quote! {
                        #[allow(unused_imports)]
                        use #private::{Plain as _, Unchecked as _};
                    };
                    let change = quote! {
                        #private::Rule::<#private::#checked, _, _, _>::new(
                            field,
                            value #call,
                            |mut field, value| #operate,
                        )
                        .apply::<#ident, #path>(#text)
                    };
                    (Some(traits), change)
                }
                None => {
                    let operate = quote_spanned!(span=> *field #operator value #call);
                    (None, quote!(#operate; ::core::result::Result::Ok(())))
                }
            };
            quote! {
                #[allow(unused_variables)]
                fn #name<'event>(
                    field: &mut #ty,
                    event: &'event #path,
                ) -> ::core::result::Result<(), #runtime::Overflow> {
                    #traits
                    let value = #closure;
                    #change
                }
            }
        }
        Change::InPlace(closure) => {
            let first = parameter(closure, 0, &quote!(&mut #ty));
            let second = parameter(closure, 1, &quote!(&#path));
            let body = discarded(&closure.body);
            quote! {
                #[deny(unused_must_use)]
                fn #name(#first, #second) #body
            }
        }
    };
    let function = replace_self(function, aggregate.ident());
    quote! {
        #[inline]
        #[allow(clippy::ptr_arg, clippy::redundant_closure_call, clippy::needless_return)]
        #function
    }
}

/// The operator as the runtime calls it, if there are numbers that it has no result for, and what it is used on.
fn checked(operator: &BinOp) -> Option<(Ident, &'static str)> {
    let (name, place) = match operator {
        BinOp::AddAssign(_) => ("Add", "place"),
        BinOp::SubAssign(_) => ("Sub", "place"),
        BinOp::MulAssign(_) => ("Mul", "place"),
        BinOp::DivAssign(_) => ("Div", "own"),
        BinOp::RemAssign(_) => ("Rem", "own"),
        BinOp::ShlAssign(_) => ("Shl", "own"),
        BinOp::ShrAssign(_) => ("Shr", "own"),
        _ => return None,
    };
    Some((generated(name, Span::call_site()), place))
}

/// An expression as the body of a function. A block is one already: braces around its own would be called unnecessary.
fn block(value: &Expr) -> TokenStream {
    match value {
        Expr::Block(block) if block.attrs.is_empty() && block.label.is_none() => {
            block.to_token_stream()
        }
        _ => quote!({ #value }),
    }
}

/// The same with its value discarded, as that of a statement: `|seen, e| seen.insert(e.id)` is a change in place.
/// A value that must be used, such as a `Result`, is an error there.
fn discarded(value: &Expr) -> TokenStream {
    match value {
        Expr::Block(block) if block.attrs.is_empty() && block.label.is_none() => {
            let mut block = block.block.clone();
            if let Some(Stmt::Expr(_, semicolon @ None)) = block.stmts.last_mut() {
                *semicolon = Some(Default::default());
            }
            block.into_token_stream()
        }
        _ => quote!({ #value; }),
    }
}

/// A parameter of a closure, with its type if the user gave none.
fn parameter(closure: &ExprClosure, index: usize, ty: &TokenStream) -> TokenStream {
    match closure.inputs.get(index) {
        Some(typed @ Pat::Type(_)) => typed.to_token_stream(),
        Some(pattern) => quote!(#pattern: #ty),
        None => quote!(_: #ty),
    }
}

/// The closure with its one parameter typed, so that its body can use the event at once.
fn typed(closure: &ExprClosure, ty: &TokenStream) -> TokenStream {
    let mut closure = closure.clone();
    for pattern in &mut closure.inputs {
        if !matches!(pattern, Pat::Type(_)) {
            *pattern = Pat::Verbatim(quote!(#pattern: #ty));
        }
    }
    closure.into_token_stream()
}

/// ```
/// fn __id(id: Id<Account>) -> Id<Account> { <Id<Account> as IsIdOf<Account>>::from_id(id) }
/// const _: fn(&Account) -> &Id<Account> = |aggregate| &aggregate.id;
/// ```
///
/// The constant reads the field, which the compiler would otherwise call unused.
fn id(aggregate: &Aggregate<'_>) -> TokenStream {
    let Some(field) = aggregate.id() else {
        return TokenStream::new();
    };
    let runtime = &aggregate.attrs.runtime;
    let private = runtime.private();
    let (name, ident) = (aggregate.ident(), field.ident);
    let ty = replace_self(field.ty(), name);
    quote! {
        #[inline]
        #[allow(dead_code)]
        fn __id(id: #runtime::Id<#name>) -> #ty {
            <#ty as #private::IsIdOf<#name>>::from_id(id)
        }
        const _: fn(&#name) -> &#ty = |aggregate| &aggregate.#ident;
    }
}

/// ```
/// fn __default_notes() -> Vec<String> { <Vec<String> as Initial<Account, Opened>>::initial() }
/// ```
///
/// One for each field, so that a missing `Default` is one error, at the field's type. It names one of the creating events that
/// have no rule for the field.
fn default(aggregate: &Aggregate<'_>, field: &Field<'_>, event: Event<'_>) -> TokenStream {
    let private = aggregate.attrs.runtime.private();
    let (name, ident, path) = (default_name(field), aggregate.ident(), event.path);
    let ty = replace_self(field.ty(), ident);
    quote! {
        #[inline]
        fn #name() -> #ty { <#ty as #private::Initial<#ident, #path>>::initial() }
    }
}

fn local(field: &Field<'_>) -> Ident {
    generated(
        format!("new_{}", snake_case(&field.ident.to_string())),
        Span::call_site(),
    )
}

fn rule_name(field: &Field<'_>, event: Event<'_>) -> Ident {
    let event = snake_case(&event.variant().to_string());
    name_for(field, "", &format!("_on_{event}"))
}

pub(super) fn default_name(field: &Field<'_>) -> Ident {
    name_for(field, "default_", "")
}

fn name_for(field: &Field<'_>, prefix: &str, suffix: &str) -> Ident {
    let field = snake_case(&field.ident.to_string());
    generated(format!("__{prefix}{field}{suffix}"), Span::call_site())
}
