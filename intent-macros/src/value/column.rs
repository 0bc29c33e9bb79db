//! How a value is kept in a column of a read model.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Data, Fields, Type};

use super::model::Value;
use crate::{
    emit::scope,
    stored::form::{find, serde_metas},
};

/// serde attributes by which an enum without fields is not written as the name of its variant.
const OTHER_FORMS: [&str; 6] = ["tag", "untagged", "into", "from", "try_from", "content"];

/// A newtype is kept as what it wraps, and an enum without fields as the name of its variant.
///
/// ```
/// impl ColumnType for UserId where for<'a> Uuid: ColumnType {
///     const KIND: ColumnKind = <Uuid as ColumnType>::KIND;
///     const NULLABLE: bool = <Uuid as ColumnType>::NULLABLE;
///     fn to_cell(&self) -> Result<Cell, String> { ColumnType::to_cell(&self.0) }
///     fn from_cell(cell: Cell) -> Result<Self, String> { ColumnType::from_cell(cell).map(Self) }
/// }
/// impl KeyColumn for UserId where for<'a> Uuid: KeyColumn, for<'a> UserId: InKey {}
/// impl ActorName for UserId where for<'a> Uuid: ActorName {}
///
/// impl ColumnType for Status {
///     const KIND: ColumnKind = ColumnKind::Text;
///     fn to_cell(&self) -> Result<Cell, String> { variant_to_cell(self) }
///     fn from_cell(cell: Cell) -> Result<Self, String> { variant_from_cell(cell) }
/// }
/// impl KeyColumn for Status where for<'a> Status: InKey {}
/// ```
///
/// Not every value can be kept so. Behind a `for<'a>`, a condition that does not hold is no error until somebody needs it to.
pub(super) fn column(value: &Value) -> Option<TokenStream> {
    match &value.original.data {
        Data::Struct(data) => match &data.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                fields.unnamed.first().map(|only| newtype(value, &only.ty))
            }
            _ => None,
        },
        Data::Enum(data) => {
            let has_fields = data
                .variants
                .iter()
                .any(|it| !matches!(it.fields, Fields::Unit));
            let metas = serde_metas(&value.original.attrs);
            let has_names =
                !data.variants.is_empty() && !has_fields && find(&metas, &OTHER_FORMS).is_none();
            has_names.then(|| variants(value))
        }
        Data::Union(_) => None,
    }
}

fn newtype(value: &Value, kept: &Type) -> TokenStream {
    let private = value.attrs.runtime.private();
    let content = quote! {
        const KIND: #private::ColumnKind = <#kept as #private::ColumnType>::KIND;
        const NULLABLE: bool = <#kept as #private::ColumnType>::NULLABLE;

        #[inline]
        fn to_cell(&self) -> ::core::result::Result<#private::Cell, ::std::string::String> {
            #private::ColumnType::to_cell(&self.0)
        }

        #[inline]
        fn from_cell(cell: #private::Cell) -> ::core::result::Result<Self, ::std::string::String> {
            #private::ColumnType::from_cell(cell).map(Self)
        }
    };
    let is = |what: TokenStream| quote!(for<'__a> #kept: #private::#what);
    let column = implement(
        value,
        &quote!(ColumnType),
        &[is(quote!(ColumnType))],
        &content,
    );
    let in_key = in_key(value);
    let empty = TokenStream::new();
    let key = implement(
        value,
        &quote!(KeyColumn),
        &[is(quote!(KeyColumn)), in_key],
        &empty,
    );
    let actor = implement(value, &quote!(ActorName), &[is(quote!(ActorName))], &empty);
    scope::unnamed(&quote!(#column #key #actor))
}

fn variants(value: &Value) -> TokenStream {
    let private = value.attrs.runtime.private();
    let content = quote! {
        const KIND: #private::ColumnKind = #private::ColumnKind::Text;

        #[inline]
        fn to_cell(&self) -> ::core::result::Result<#private::Cell, ::std::string::String> {
            #private::variant_to_cell(self)
        }

        #[inline]
        fn from_cell(cell: #private::Cell) -> ::core::result::Result<Self, ::std::string::String> {
            #private::variant_from_cell(cell)
        }
    };
    let column = implement(value, &quote!(ColumnType), &[], &content);
    let key = implement(
        value,
        &quote!(KeyColumn),
        &[in_key(value)],
        &TokenStream::new(),
    );
    scope::unnamed(&quote!(#column #key))
}

fn in_key(value: &Value) -> TokenStream {
    let (name, private) = (&value.original.ident, value.attrs.runtime.private());
    let (_, type_generics, _) = value.original.generics.split_for_impl();
    quote!(for<'__a> #name #type_generics: #private::InKey)
}

fn implement(
    value: &Value,
    what: &TokenStream,
    conditions: &[TokenStream],
    content: &TokenStream,
) -> TokenStream {
    let (name, private) = (&value.original.ident, value.attrs.runtime.private());
    let (impl_generics, type_generics, own) = value.original.generics.split_for_impl();
    let own = own.map(|own| own.predicates.iter());
    let own_conditions = own.into_iter().flatten().map(ToTokens::to_token_stream);
    let conditions = own_conditions.chain(conditions.iter().cloned());
    quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #impl_generics #private::#what for #name #type_generics where #(#conditions),* {
            #content
        }
    }
}
