// #[event(version = 3, removed(3, "memo"))]
// /// Money came in.
// pub struct Deposited {
//     pub amount: Money,
//     #[since(2, default = "counter".into())]
//     pub channel: String,
// }
//
// becomes, written by a test of intent-macros:

const _: &[()] = &[<Money as ::intent_runtime::__private::Storable>::CHECK];
#[derive(
    ::core::clone::Clone,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::intent_runtime::__private::serde::Serialize,
    ::intent_runtime::__private::serde::Deserialize
)]
#[allow(clippy::derive_partial_eq_without_eq)]
#[serde(crate = "::intent_runtime::__private::serde")]
/// Money came in.
pub struct Deposited {
    pub amount: Money,
    pub channel: String,
}
#[doc(hidden)]
const _: () = {
    #[allow(unused_imports)]
    use ::core::{
        convert::{From as _, Into as _},
        default::Default as _, option::Option::Some,
    };
    #[derive(::intent_runtime::__private::schemars::JsonSchema)]
    #[schemars(rename = "Deposited", crate = "::intent_runtime::__private::schemars")]
    #[allow(dead_code, clippy::all, clippy::pedantic, clippy::nursery)]
    /// Money came in.
    struct __Schema {
        pub amount: Money,
        pub channel: String,
    }
    #[automatically_derived]
    impl ::intent_runtime::__private::schemars::JsonSchema for Deposited {
        fn schema_name() -> ::std::borrow::Cow<'static, ::core::primitive::str> {
            <__Schema as ::intent_runtime::__private::schemars::JsonSchema>::schema_name()
        }
        fn schema_id() -> ::std::borrow::Cow<'static, ::core::primitive::str> {
            <__Schema as ::intent_runtime::__private::schemars::JsonSchema>::schema_id()
        }
        fn json_schema(
            generator: &mut ::intent_runtime::__private::schemars::SchemaGenerator,
        ) -> ::intent_runtime::__private::schemars::Schema {
            <__Schema as ::intent_runtime::__private::schemars::JsonSchema>::json_schema(
                generator,
            )
        }
    }
};
#[doc(hidden)]
const _: () = {
    #[automatically_derived]
    impl ::intent_runtime::Event for Deposited {
        const NAME: &'static ::core::primitive::str = "Deposited";
        const VERSION: ::core::primitive::u32 = 3u32;
        const DOC: &'static ::core::primitive::str = "Money came in.";
        const STEPS: &'static [::intent_runtime::model::KeyChange] = &[
            ::intent_runtime::model::KeyChange {
                to: 2u32,
                expects: &[],
                adds: &["channel"],
            },
            ::intent_runtime::model::KeyChange {
                to: 3u32,
                expects: &["memo"],
                adds: &[],
            },
        ];
        fn upcast(
            version: ::core::primitive::u32,
            payload: &[::core::primitive::u8],
        ) -> ::core::result::Result<Self, ::intent_runtime::DecodeError> {
            fn __from_1(
                mut object: ::intent_runtime::JsonObject,
            ) -> ::core::result::Result<
                ::intent_runtime::JsonObject,
                ::intent_runtime::UpcastError,
            > {
                {
                    fn __default() -> String {
                        "counter".into()
                    }
                    ::intent_runtime::__private::add::<
                        String,
                    >(&mut object, "channel", __default())?;
                }
                ::core::result::Result::Ok(object)
            }
            fn __from_2(
                mut object: ::intent_runtime::JsonObject,
            ) -> ::core::result::Result<
                ::intent_runtime::JsonObject,
                ::intent_runtime::UpcastError,
            > {
                object.remove("memo");
                ::core::result::Result::Ok(object)
            }
            ::intent_runtime::__private::run_steps::<
                Self,
            >(version, payload, &[__from_1, __from_2])
        }
    }
};
