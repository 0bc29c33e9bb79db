//! How a value is kept in a column of a read model.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Data, Field, Fields, GenericArgument, PathArguments, Type, Visibility};

use super::model::Value;
use crate::{
    emit::scope,
    stored::form::{find, serde_metas},
};

/// Public types without parameters that a column has.
const KNOWN: [&str; 21] = [
    "bool",
    "i8",
    "i16",
    "i32",
    "i64",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "usize",
    "f32",
    "f64",
    "String",
    "Uuid",
    "AggregateId",
    "CommandId",
    "CorrelationId",
    "EventId",
    "TenantId",
    "Timestamp",
];

/// serde attributes by which an enum without fields is not written as the name of its variant.
const OTHER_FORMS: [&str; 6] = ["tag", "untagged", "into", "from", "try_from", "content"];

/// A newtype is kept as what it wraps, and an enum without fields as the name of its variant.
///
/// ```
/// impl KeptAs for UserId {
///     type Kept = Uuid;
///     fn kept<R>(&self, read: impl FnOnce(&Uuid) -> Result<R, String>) -> Result<R, String> { read(&self.0) }
///     fn from_kept(kept: Uuid) -> Result<Self, String> { Ok(Self(kept)) }
/// }
/// impl KeptAs for Status {
///     type Kept = VariantName;
///     fn kept<R>(&self, read: …) -> Result<R, String> { read(&VariantName::of(self)?) }
///     fn from_kept(kept: VariantName) -> Result<Self, String> { kept.variant() }
/// }
/// ```
pub(super) fn kept_as(value: &Value) -> Option<TokenStream> {
    let (original, private) = (&value.original, value.attrs.runtime.private());
    let (kept, read, from_kept) = match &original.data {
        Data::Struct(data) => {
            let Fields::Unnamed(fields) = &data.fields else {
                return None;
            };
            let only = fields
                .unnamed
                .first()
                .filter(|_| fields.unnamed.len() == 1)?;
            if !can_be_named(&original.vis, only) {
                return None;
            }
            (
                only.ty.to_token_stream(),
                quote!(read(&self.0)),
                quote!(::core::result::Result::Ok(Self(kept))),
            )
        }
        Data::Enum(data) => {
            let has_fields = data
                .variants
                .iter()
                .any(|it| !matches!(it.fields, Fields::Unit));
            let metas = serde_metas(&original.attrs);
            if data.variants.is_empty() || has_fields || find(&metas, &OTHER_FORMS).is_some() {
                return None;
            }
            (
                quote!(#private::VariantName),
                quote!(read(&#private::VariantName::of(self)?)),
                quote!(kept.variant()),
            )
        }
        Data::Union(_) => return None,
    };
    let name = &original.ident;
    let (impl_generics, type_generics, conditions) = original.generics.split_for_impl();
    Some(scope::unnamed(&quote! {
        #[automatically_derived]
        impl #impl_generics #private::KeptAs for #name #type_generics #conditions {
            type Kept = #kept;

            #[inline]
            fn kept<__R>(
                &self,
                read: impl ::core::ops::FnOnce(&Self::Kept) -> ::core::result::Result<__R, ::std::string::String>,
            ) -> ::core::result::Result<__R, ::std::string::String> {
                #read
            }

            #[inline]
            fn from_kept(kept: Self::Kept) -> ::core::result::Result<Self, ::std::string::String> {
                #from_kept
            }
        }
    }))
}

/// Whether a public trait may name the field's type. A struct that is more public than its field may wrap a private type, which
/// no impl of a public trait names.
fn can_be_named(visibility: &Visibility, field: &Field) -> bool {
    let [own, of_field] = [visibility, &field.vis].map(|it| it.to_token_stream().to_string());
    is_known(&field.ty) || matches!(visibility, Visibility::Inherited) || own == of_field
}

/// One of the known types, or an `Option` of one.
fn is_known(ty: &Type) -> bool {
    let Type::Path(path) = ty else {
        return false;
    };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    match &last.arguments {
        PathArguments::None => KNOWN.iter().any(|known| last.ident == known),
        PathArguments::AngleBracketed(arguments) if last.ident == "Option" => {
            arguments.args.iter().all(|argument| match argument {
                GenericArgument::Type(ty) => is_known(ty),
                _ => false,
            })
        }
        _ => false,
    }
}
