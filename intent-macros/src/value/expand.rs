//! What `#[value]` generates.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::Data;

use super::{column, model::Value};
use crate::{
    emit::{schema, scope},
    syntax::respan::generated,
};

/// ```
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(crate = "…")]
/// pub struct Money { … }
/// impl JsonSchema for Money { … }
/// impl ColumnType for Status { … }              // of a newtype, or an enum without fields
/// ```
pub(super) fn expand(value: Value) -> TokenStream {
    let arithmetic = arithmetic(&value);
    let column = column::column(&value);
    let Value {
        attrs,
        mut original,
        derives,
    } = value;
    let (attributes, schema) = schema::derives(&attrs.runtime, derives, &mut original);
    quote! { #attributes #original #schema #arithmetic #column }
}

/// ```
/// impl Arithmetic for Money {
///     type Integer = i64;
///     fn integer(&self) -> Self::Integer { self.cents }
///     fn of(integer: Self::Integer) -> Self { Self { cents: integer } }
/// }
/// impl Money {
///     pub fn checked_add(self, other: Self) -> Option<Self> { Checked::<Add, _>::checked(&self, other) }
///     pub fn checked_sub(self, other: Self) -> Option<Self> { … }
///     pub fn checked_mul(self, factor: i64) -> Option<Self> { … }
/// }
/// ```
///
/// Anything but a struct with one field is reported. It gets functions without content, so that their callers compile.
fn arithmetic(value: &Value) -> Option<TokenStream> {
    value.attrs.arithmetic.as_ref()?;
    let original = &value.original;
    if !original.generics.params.is_empty() {
        return None;
    }
    let (name, visibility) = (&original.ident, &original.vis);
    let private = value.attrs.runtime.private();
    let only = match &original.data {
        Data::Struct(data) if data.fields.len() == 1 => {
            data.fields.members().zip(&data.fields).next()
        }
        _ => None,
    };
    let (ty, integer, of) = match only {
        Some((member, field)) => (
            field.ty.to_token_stream(),
            quote!(::core::clone::Clone::clone(&self.#member)),
            quote!(Self { #member: integer }),
        ),
        None => {
            let nothing = quote!(loop {});
            (quote!(::core::primitive::i64), nothing.clone(), nothing)
        }
    };
    let this = quote!(Self);
    let functions = [
        ("checked_add", "Add", &this, "sum"),
        ("checked_sub", "Sub", &this, "difference"),
        ("checked_mul", "Mul", &ty, "product"),
    ];
    let functions = functions.map(|(function, operator, operand, result)| {
        let doc = format!("The {result}, or `None` if it overflows.");
        let [function, operator] =
            [function, operator].map(|name| generated(name, Span::call_site()));
        quote! {
            #[doc = #doc]
            #[inline]
            #[must_use]
            #[allow(dead_code)]
            #visibility fn #function(self, operand: #operand) -> ::core::option::Option<Self> {
                #private::Checked::<#private::#operator, _>::checked(&self, operand)
            }
        }
    });
    Some(scope::unnamed(&quote! {
        #[automatically_derived]
        impl #private::Arithmetic for #name {
            type Integer = #ty;

            #[inline]
            fn integer(&self) -> Self::Integer { #integer }

            #[inline]
            fn of(integer: Self::Integer) -> Self { #of }
        }

        impl #name { #(#functions)* }
    }))
}
