// #[commands]
// impl Account {
//     #[create]
//     pub fn open(owner: String) -> Opened {
//         Opened { owner }
//     }
//
//     /// Takes money out.
//     #[handle]
//     pub fn withdraw(&self, amount: Money) -> Result<Withdrawn, Refused> {
//         if amount > self.balance {
//             return Err(Refused::Overdrawn);
//         }
//         Ok(Withdrawn { amount })
//     }
// }
//
// becomes, written by a test of intent-macros:

impl Account {
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    pub fn open(owner: String) -> Opened {
        Opened { owner }
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    /// Takes money out.
    pub fn withdraw(&self, amount: Money) -> Result<Withdrawn, Refused> {
        if amount > self.balance {
            return Err(Refused::Overdrawn);
        }
        Ok(Withdrawn { amount })
    }
}
#[derive(
    ::core::clone::Clone,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::intent_runtime::__private::serde::Serialize,
    ::intent_runtime::__private::serde::Deserialize
)]
#[allow(clippy::derive_partial_eq_without_eq)]
#[serde(crate = "::intent_runtime::__private::serde")]
#[allow(private_interfaces)]
/// The command that `Account::open` decides.
pub struct Open {
    /// The `Account` that the command is for.
    pub id: ::intent_runtime::Id<Account>,
    /// `owner` of `Account::open`.
    pub owner: String,
}
#[doc(hidden)]
const _: () = {
    #[allow(unused_imports)]
    use ::core::{
        convert::{From as _, Into as _},
        default::Default as _, option::Option::Some,
    };
    #[derive(::intent_runtime::__private::schemars::JsonSchema)]
    #[schemars(rename = "Open", crate = "::intent_runtime::__private::schemars")]
    #[allow(dead_code, clippy::all, clippy::pedantic, clippy::nursery)]
    struct __Schema {
        pub id: ::intent_runtime::Id<Account>,
        pub owner: String,
    }
    #[automatically_derived]
    impl ::intent_runtime::__private::schemars::JsonSchema for Open {
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
#[allow(private_interfaces)]
/// Takes money out.
pub struct Withdraw {
    /// The `Account` that the command is for.
    pub id: ::intent_runtime::Id<Account>,
    /// `amount` of `Account::withdraw`.
    pub amount: Money,
}
#[doc(hidden)]
const _: () = {
    #[allow(unused_imports)]
    use ::core::{
        convert::{From as _, Into as _},
        default::Default as _, option::Option::Some,
    };
    #[derive(::intent_runtime::__private::schemars::JsonSchema)]
    #[schemars(rename = "Withdraw", crate = "::intent_runtime::__private::schemars")]
    #[allow(dead_code, clippy::all, clippy::pedantic, clippy::nursery)]
    /// Takes money out.
    struct __Schema {
        pub id: ::intent_runtime::Id<Account>,
        pub amount: Money,
    }
    #[automatically_derived]
    impl ::intent_runtime::__private::schemars::JsonSchema for Withdraw {
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
    impl ::intent_runtime::Command for Open {
        type Aggregate = Account;
        const NAME: &'static ::core::primitive::str = "Open";
        const DOC: &'static ::core::primitive::str = "";
        fn target(&self) -> ::intent_runtime::Id<Self::Aggregate> {
            self.id
        }
    }
    #[automatically_derived]
    impl ::intent_runtime::Command for Withdraw {
        type Aggregate = Account;
        const NAME: &'static ::core::primitive::str = "Withdraw";
        const DOC: &'static ::core::primitive::str = "Takes money out.";
        fn target(&self) -> ::intent_runtime::Id<Self::Aggregate> {
            self.id
        }
    }
    #[automatically_derived]
    impl ::intent_runtime::Decide<Open> for Account {
        type Error = ::core::convert::Infallible;
        const ONLY_CREATES: ::core::primitive::bool = true;
        #[allow(unused_variables)]
        fn decide(
            state: ::core::option::Option<&Self>,
            command: Open,
            context: &::intent_runtime::Context,
        ) -> ::core::result::Result<::intent_runtime::Decision<Self>, Self::Error> {
            match state {
                ::core::option::Option::None => {
                    let decided = Account::open(command.owner);
                    let mut events = ::std::vec::Vec::new();
                    <Opened as ::intent_runtime::model::IntoEvents<
                        Account,
                    >>::append_to(decided, &mut events);
                    ::core::result::Result::Ok(
                        ::intent_runtime::Decision::Events(events),
                    )
                }
                ::core::option::Option::Some(state) => {
                    ::core::result::Result::Ok(::intent_runtime::Decision::AlreadyExists)
                }
            }
        }
        fn emits() -> ::intent_runtime::catalogue::Emits {
            <Opened as ::intent_runtime::model::IntoEvents<Account>>::emits()
        }
    }
    #[automatically_derived]
    impl ::intent_runtime::Decide<Withdraw> for Account {
        type Error = Refused;
        #[allow(unused_variables)]
        fn decide(
            state: ::core::option::Option<&Self>,
            command: Withdraw,
            context: &::intent_runtime::Context,
        ) -> ::core::result::Result<::intent_runtime::Decision<Self>, Self::Error> {
            match state {
                ::core::option::Option::None => {
                    ::core::result::Result::Ok(::intent_runtime::Decision::NotFound)
                }
                ::core::option::Option::Some(state) => {
                    let decided = match Account::withdraw(state, command.amount) {
                        ::core::result::Result::Ok(decided) => decided,
                        ::core::result::Result::Err(error) => {
                            return ::core::result::Result::Err(error);
                        }
                    };
                    let mut events = ::std::vec::Vec::new();
                    <Withdrawn as ::intent_runtime::model::IntoEvents<
                        Account,
                    >>::append_to(decided, &mut events);
                    ::core::result::Result::Ok(
                        ::intent_runtime::Decision::Events(events),
                    )
                }
            }
        }
        fn emits() -> ::intent_runtime::catalogue::Emits {
            <Withdrawn as ::intent_runtime::model::IntoEvents<Account>>::emits()
        }
        fn refusal_json(
            refusal: &Self::Error,
        ) -> ::core::option::Option<
            ::std::boxed::Box<::intent_runtime::__private::RawValue>,
        > {
            #[allow(unused_imports)]
            use ::intent_runtime::__private::NoJson as _;
            ::intent_runtime::__private::refusal_json(
                ::intent_runtime::__private::Show(refusal).json(),
            )
        }
    }
    #[automatically_derived]
    impl ::intent_runtime::__private::OneCommandsBlock for Account {
        #[inline]
        fn list(list: &mut ::intent_runtime::catalogue::CommandList<Self>) {
            <Open as ::intent_runtime::__private::CommandOf<Account>>::add_to(list);
            <Withdraw as ::intent_runtime::__private::CommandOf<Account>>::add_to(list);
        }
    }
};
