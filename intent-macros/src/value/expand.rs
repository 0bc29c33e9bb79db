//! What `#[value]` generates.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::Value;
use crate::schema;

/// ```
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(crate = "…")]
/// pub struct Money { … }
/// impl JsonSchema for Money { … }
/// ```
pub(super) fn expand(value: Value) -> TokenStream {
    let Value {
        attrs,
        mut original,
        derives,
    } = value;
    let (attributes, schema) = schema::derives(&attrs.runtime, derives, &mut original);
    quote! { #attributes #original #schema }
}
