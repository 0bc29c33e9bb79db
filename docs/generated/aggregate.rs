// #[derive(Aggregate)]
// /// A customer's account.
// #[aggregate(created_by(Opened), events(Deposited), snapshot(every = 100))]
// pub struct Account {
//     #[id]
//     id: Id<Account>,
//     #[on(Opened = |e| e.owner.clone())]
//     owner: String,
//     #[on(Deposited += |e| e.amount)]
//     balance: Money,
// }
//
// becomes, written by a test of intent-macros:

/// The events of `Account`.
#[allow(private_interfaces)]
pub enum AccountEvent {
    /// `Opened`
    Opened(Opened),
    /// `Deposited`
    Deposited(Deposited),
}
#[doc(hidden)]
const _: () = {
    #[automatically_derived]
    impl ::intent_runtime::Aggregate for Account {
        type Event = AccountEvent;
        const TYPE: &'static ::core::primitive::str = "Account";
        const DOC: &'static ::core::primitive::str = "A customer's account.";
        #[inline]
        #[allow(unused_variables)]
        fn init(
            id: ::intent_runtime::Id<Self>,
            event: &Self::Event,
        ) -> ::core::result::Result<
            ::core::option::Option<Self>,
            ::intent_runtime::Overflow,
        > {
            ::core::result::Result::Ok(
                match event {
                    AccountEvent::Opened(event) => {
                        ::core::option::Option::Some(__init_opened(id, event)?)
                    }
                    AccountEvent::Deposited(_) => ::core::option::Option::None,
                },
            )
        }
        #[inline]
        #[allow(unused_variables)]
        fn apply(
            &mut self,
            event: &Self::Event,
        ) -> ::core::result::Result<(), ::intent_runtime::Overflow> {
            match event {
                AccountEvent::Opened(_) => {}
                AccountEvent::Deposited(event) => {
                    __balance_on_deposited(&mut self.balance, event)?;
                }
            }
            ::core::result::Result::Ok(())
        }
        #[inline]
        fn is_creating(event: &Self::Event) -> ::core::primitive::bool {
            match event {
                AccountEvent::Opened(_) => true,
                AccountEvent::Deposited(_) => false,
            }
        }
        fn snapshots() -> ::core::option::Option<
            ::intent_runtime::model::SnapshotCodec<Self>,
        > {
            ::core::option::Option::Some(::intent_runtime::model::SnapshotCodec::of())
        }
        #[inline]
        fn show(&self, fields: &mut ::intent_runtime::model::ShownFields) {
            #[allow(unused_imports)]
            use ::intent_runtime::__private::{NoDebug as _, NoJson as _};
            fields
                .add(
                    "id",
                    ::intent_runtime::__private::Show(&self.id).json(),
                    ::intent_runtime::__private::Show(&self.id).text(),
                );
            fields
                .add(
                    "owner",
                    ::intent_runtime::__private::Show(&self.owner).json(),
                    ::intent_runtime::__private::Show(&self.owner).text(),
                );
            fields
                .add(
                    "balance",
                    ::intent_runtime::__private::Show(&self.balance).json(),
                    ::intent_runtime::__private::Show(&self.balance).text(),
                );
        }
        #[inline]
        fn commands(list: &mut ::intent_runtime::catalogue::CommandList<Self>) {
            #[allow(unused_imports)]
            use ::intent_runtime::__private::NoCommandBlock as _;
            ::intent_runtime::__private::CommandProbe::<Self>::new().list(list)
        }
    }
    #[inline]
    #[allow(unused_variables)]
    fn __init_opened(
        id: ::intent_runtime::Id<Account>,
        event: &Opened,
    ) -> ::core::result::Result<Account, ::intent_runtime::Overflow> {
        ::core::result::Result::Ok(Account {
            id: __id(id),
            owner: __owner_on_opened(event),
            balance: __default_balance(),
        })
    }
    #[inline]
    #[allow(dead_code)]
    fn __id(id: ::intent_runtime::Id<Account>) -> Id<Account> {
        <Id<Account> as ::intent_runtime::__private::IsIdOf<Account>>::from_id(id)
    }
    const _: fn(&Account) -> &Id<Account> = |aggregate| &aggregate.id;
    #[inline]
    #[allow(clippy::ptr_arg, clippy::redundant_closure_call, clippy::needless_return)]
    fn __owner_on_opened(e: &Opened) -> String {
        e.owner.clone()
    }
    #[inline]
    #[allow(clippy::ptr_arg, clippy::redundant_closure_call, clippy::needless_return)]
    #[allow(unused_variables)]
    fn __balance_on_deposited<'event>(
        field: &mut Money,
        event: &'event Deposited,
    ) -> ::core::result::Result<(), ::intent_runtime::Overflow> {
        #[allow(unused_imports)]
        use ::intent_runtime::__private::{Plain as _, Unchecked as _};
        let value = |e: &'event Deposited| e.amount;
        ::intent_runtime::__private::Rule::<
            ::intent_runtime::__private::Add,
            _,
            _,
            _,
        >::new(field, value(event), |mut field, value| *field.place() += value)
            .apply(|fault| ::intent_runtime::__private::overflow::<
                Account,
                Deposited,
            >("balance", fault))
    }
    #[inline]
    fn __default_balance() -> Money {
        <Money as ::intent_runtime::__private::Initial<Account, Opened>>::initial()
    }
    const _: &[()] = &[<Money as ::intent_runtime::__private::Storable>::CHECK];
    #[automatically_derived]
    #[allow(unused_variables)]
    impl ::intent_runtime::Snapshot for Account {
        const EVERY: ::core::primitive::u64 = 100u64;
        const NUMBER: ::core::primitive::u32 = 1u32;
        fn version() -> ::core::primitive::u32 {
            #[allow(unused_imports)]
            use ::core::{
                convert::{From as _, Into as _},
                default::Default as _, option::Option::Some,
            };
            #[derive(::intent_runtime::__private::schemars::JsonSchema)]
            #[schemars(crate = "::intent_runtime::__private::schemars")]
            #[allow(dead_code, clippy::all, clippy::pedantic, clippy::nursery)]
            struct __Schema {
                id: Id<Account>,
                owner: String,
                balance: Money,
            }
            static VERSION: ::std::sync::OnceLock<::core::primitive::u32> = ::std::sync::OnceLock::new();
            *VERSION
                .get_or_init(|| {
                    #[allow(unused_imports)]
                    use ::intent_runtime::__private::NoJson as _;
                    ::intent_runtime::__private::state_version::<
                        Account,
                        __Schema,
                    >(
                        1594440852u32,
                        &[
                            ::intent_runtime::__private::kind_of::<Account, Opened>(),
                            ::intent_runtime::__private::kind_of::<Account, Deposited>(),
                        ],
                        &[
                            (
                                "balance",
                                || ::intent_runtime::__private::given(
                                    ::intent_runtime::__private::Show(&__default_balance())
                                        .json(),
                                ),
                            ),
                        ],
                    )
                })
        }
        fn encode_state(
            &self,
        ) -> ::core::result::Result<
            ::std::boxed::Box<::intent_runtime::__private::RawValue>,
            ::intent_runtime::__private::serde_json::Error,
        > {
            let json = ::intent_runtime::__private::to_json(&__Write(self))?;
            let read: __Read = ::intent_runtime::__private::serde_json::from_str(
                json.get(),
            )?;
            #[allow(unused_imports)]
            use ::intent_runtime::__private::NotCompared as _;
            ::intent_runtime::__private::state_as_written(
                json,
                true
                    && ::intent_runtime::__private::ReadBack(&self.id, &read.0.id).same()
                    && ::intent_runtime::__private::ReadBack(&self.owner, &read.0.owner)
                        .same()
                    && ::intent_runtime::__private::ReadBack(
                            &self.balance,
                            &read.0.balance,
                        )
                        .same(),
            )
        }
        fn decode_state(
            version: ::core::primitive::u32,
            state: &[::core::primitive::u8],
        ) -> ::core::result::Result<Self, ::intent_runtime::DecodeError> {
            ::intent_runtime::__private::decode_state::<
                __Read,
            >(version, <Self as ::intent_runtime::Snapshot>::version(), state)
                .map(|read| read.0)
        }
    }
    #[derive(
        ::intent_runtime::__private::serde::Serialize,
        ::intent_runtime::__private::serde::Deserialize
    )]
    #[serde(crate = "::intent_runtime::__private::serde", remote = "Account")]
    #[allow(dead_code, clippy::all, clippy::pedantic, clippy::nursery)]
    struct __State {
        id: Id<Account>,
        owner: String,
        balance: Money,
    }
    #[derive(::intent_runtime::__private::serde::Serialize)]
    #[serde(crate = "::intent_runtime::__private::serde", transparent)]
    struct __Write<'a>(#[serde(with = "__State")] &'a Account);
    #[derive(::intent_runtime::__private::serde::Deserialize)]
    #[serde(crate = "::intent_runtime::__private::serde", transparent)]
    struct __Read(#[serde(with = "__State")] Account);
    #[automatically_derived]
    impl ::core::clone::Clone for AccountEvent {
        #[inline]
        fn clone(&self) -> Self {
            match self {
                Self::Opened(event) => {
                    Self::Opened(
                        ::intent_runtime::__private::clone::<Account, Opened>(event),
                    )
                }
                Self::Deposited(event) => {
                    Self::Deposited(
                        ::intent_runtime::__private::clone::<Account, Deposited>(event),
                    )
                }
            }
        }
    }
    #[automatically_derived]
    #[allow(unused_variables)]
    impl ::core::fmt::Debug for AccountEvent {
        #[inline]
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self::Opened(event) => {
                    ::intent_runtime::__private::debug::<
                        Account,
                        Opened,
                    >("Opened", event, f)
                }
                Self::Deposited(event) => {
                    ::intent_runtime::__private::debug::<
                        Account,
                        Deposited,
                    >("Deposited", event, f)
                }
            }
        }
    }
    #[automatically_derived]
    impl ::core::cmp::PartialEq for AccountEvent {
        #[inline]
        fn eq(&self, other: &Self) -> ::core::primitive::bool {
            match (self, other) {
                (Self::Opened(one), Self::Opened(other)) => {
                    ::intent_runtime::__private::equal::<Account, Opened>(one, other)
                }
                (Self::Deposited(one), Self::Deposited(other)) => {
                    ::intent_runtime::__private::equal::<Account, Deposited>(one, other)
                }
                #[allow(unreachable_patterns)]
                _ => false,
            }
        }
    }
    #[automatically_derived]
    impl ::intent_runtime::model::AggregateEvent for AccountEvent {
        fn name(&self) -> &'static ::core::primitive::str {
            match self {
                Self::Opened(_) => {
                    ::intent_runtime::__private::name_of::<Account, Opened>()
                }
                Self::Deposited(_) => {
                    ::intent_runtime::__private::name_of::<Account, Deposited>()
                }
            }
        }
        fn schema_version(&self) -> ::core::primitive::u32 {
            match self {
                Self::Opened(_) => {
                    ::intent_runtime::__private::version_of::<Account, Opened>()
                }
                Self::Deposited(_) => {
                    ::intent_runtime::__private::version_of::<Account, Deposited>()
                }
            }
        }
        #[inline]
        fn encode(
            &self,
        ) -> ::core::result::Result<
            ::std::boxed::Box<::intent_runtime::__private::RawValue>,
            ::intent_runtime::__private::serde_json::Error,
        > {
            match self {
                Self::Opened(event) => {
                    ::intent_runtime::__private::encode::<Account, Opened>(event)
                }
                Self::Deposited(event) => {
                    ::intent_runtime::__private::encode::<Account, Deposited>(event)
                }
            }
        }
        #[inline]
        fn decode_one(
            name: &::core::primitive::str,
            version: ::core::primitive::u32,
            payload: &[::core::primitive::u8],
        ) -> ::core::result::Result<Self, ::intent_runtime::DecodeError> {
            if ::intent_runtime::__private::is_named::<Account, Opened>(name) {
                return ::intent_runtime::__private::decode::<
                    Account,
                    Opened,
                >(version, payload);
            }
            if ::intent_runtime::__private::is_named::<Account, Deposited>(name) {
                return ::intent_runtime::__private::decode::<
                    Account,
                    Deposited,
                >(version, payload);
            }
            ::core::result::Result::Err(
                ::intent_runtime::DecodeError::unknown_event(name),
            )
        }
        fn kinds() -> ::std::vec::Vec<::intent_runtime::model::EventKind> {
            const KINDS: &[::intent_runtime::model::EventKind] = &[
                ::intent_runtime::__private::kind_of::<Account, Opened>()
                    .creating()
                    .changing(&["owner"]),
                ::intent_runtime::__private::kind_of::<Account, Deposited>()
                    .changing(&["balance"]),
            ];
            KINDS.to_vec()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<Opened> for AccountEvent {
        #[inline]
        fn from(event: Opened) -> Self {
            Self::Opened(event)
        }
    }
    #[automatically_derived]
    impl ::intent_runtime::model::EventOf<Account> for Opened {
        fn from_event(event: &AccountEvent) -> ::core::option::Option<&Self> {
            match event {
                AccountEvent::Opened(event) => ::core::option::Option::Some(event),
                _ => ::core::option::Option::None,
            }
        }
    }
    #[automatically_derived]
    impl ::intent_runtime::model::IntoEvents<Account> for Opened {
        fn append_to(self, events: &mut ::std::vec::Vec<AccountEvent>) {
            events.push(AccountEvent::Opened(self));
        }
        fn emits() -> ::intent_runtime::catalogue::Emits {
            ::intent_runtime::__private::emits::<Account, Opened>()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<Deposited> for AccountEvent {
        #[inline]
        fn from(event: Deposited) -> Self {
            Self::Deposited(event)
        }
    }
    #[automatically_derived]
    impl ::intent_runtime::model::EventOf<Account> for Deposited {
        fn from_event(event: &AccountEvent) -> ::core::option::Option<&Self> {
            match event {
                AccountEvent::Deposited(event) => ::core::option::Option::Some(event),
                _ => ::core::option::Option::None,
            }
        }
    }
    #[automatically_derived]
    impl ::intent_runtime::model::IntoEvents<Account> for Deposited {
        fn append_to(self, events: &mut ::std::vec::Vec<AccountEvent>) {
            events.push(AccountEvent::Deposited(self));
        }
        fn emits() -> ::intent_runtime::catalogue::Emits {
            ::intent_runtime::__private::emits::<Account, Deposited>()
        }
    }
    #[automatically_derived]
    impl ::intent_runtime::model::IntoEvents<Account> for AccountEvent {
        fn append_to(self, events: &mut ::std::vec::Vec<AccountEvent>) {
            events.push(self);
        }
        fn emits() -> ::intent_runtime::catalogue::Emits {
            ::intent_runtime::catalogue::Emits::Any
        }
    }
    const _: () = {
        let names: &[::intent_runtime::__private::Names] = &[
            ::intent_runtime::__private::names_of::<Account, Opened>("Opened"),
            ::intent_runtime::__private::names_of::<Account, Deposited>("Deposited"),
        ];
        ::intent_runtime::__private::assert_new_name("Account", names, 1usize);
        ::intent_runtime::__private::assert_version("Account", names, 0usize);
        ::intent_runtime::__private::assert_version("Account", names, 1usize);
    };
};
