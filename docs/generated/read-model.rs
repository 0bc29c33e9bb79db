// #[derive(ReadModel, Debug, Clone)]
// /// One row per account.
// #[read_model(created_by(Opened), events(Deposited, Moved by |e| [e.from, e.to] => Self::moved), removed_by(Closed))]
// pub struct AccountBalance {
//     #[key]
//     account: Id<Account>,
//     #[on(Deposited += |e| e.amount)]
//     balance: i64,
//     #[index]
//     #[on(Opened = |e| e.city.clone())]
//     city: String,
// }
//
// becomes, written by a test of intent-macros:

#[doc(hidden)]
const _: () = {
    type __Key = Id<Account>;
    #[automatically_derived]
    impl ::intent_runtime::ReadModel for AccountBalance {
        type Key = Id<Account>;
        const TABLE: &'static ::core::primitive::str = "account_balance";
        const VERSION: ::core::primitive::u32 = 1u32;
        const DOC: &'static ::core::primitive::str = "One row per account.";
        const COLUMNS: &'static [::intent_runtime::read_model::Column] = &[
            ::intent_runtime::read_model::Column::new(
                    "account",
                    <Id<Account> as ::intent_runtime::read_model::ColumnType>::KIND,
                )
                .key(),
            ::intent_runtime::read_model::Column::new(
                    "balance",
                    <i64 as ::intent_runtime::read_model::ColumnType>::KIND,
                )
                .nullable(<i64 as ::intent_runtime::read_model::ColumnType>::NULLABLE),
            ::intent_runtime::read_model::Column::new(
                    "city",
                    <String as ::intent_runtime::read_model::ColumnType>::KIND,
                )
                .nullable(<String as ::intent_runtime::read_model::ColumnType>::NULLABLE)
                .indexed(),
        ];
        fn key(&self) -> Self::Key {
            ::core::clone::Clone::clone(&self.account)
        }
        fn to_cells(
            &self,
        ) -> ::core::result::Result<
            ::std::vec::Vec<::intent_runtime::read_model::Cell>,
            ::intent_runtime::read_model::UnfitValue,
        > {
            ::core::result::Result::Ok(
                ::core::convert::From::from([
                    ::intent_runtime::__private::fit(
                        "account",
                        <Id<
                            Account,
                        > as ::intent_runtime::read_model::ColumnType>::to_cell(
                            &self.account,
                        ),
                    )?,
                    ::intent_runtime::__private::fit(
                        "balance",
                        <i64 as ::intent_runtime::read_model::ColumnType>::to_cell(
                            &self.balance,
                        ),
                    )?,
                    ::intent_runtime::__private::fit(
                        "city",
                        <String as ::intent_runtime::read_model::ColumnType>::to_cell(
                            &self.city,
                        ),
                    )?,
                ]),
            )
        }
        fn from_cells(
            cells: ::std::vec::Vec<::intent_runtime::read_model::Cell>,
        ) -> ::core::result::Result<Self, ::intent_runtime::read_model::UnfitCell> {
            let mut cells = ::intent_runtime::__private::Cells::new(cells);
            ::core::result::Result::Ok(Self {
                account: cells
                    .read(
                        "account",
                        <Id<
                            Account,
                        > as ::intent_runtime::read_model::ColumnType>::from_cell,
                    )?,
                balance: cells
                    .read(
                        "balance",
                        <i64 as ::intent_runtime::read_model::ColumnType>::from_cell,
                    )?,
                city: cells
                    .read(
                        "city",
                        <String as ::intent_runtime::read_model::ColumnType>::from_cell,
                    )?,
            })
        }
        fn routes(__routes: &mut ::intent_runtime::read_model::Routes<Self>) {
            <Opened as ::intent_runtime::bounds::OwnEvent<
                __Key,
            >>::on(__routes, __effect_opened);
            <Deposited as ::intent_runtime::bounds::OwnEvent<
                __Key,
            >>::on(__routes, __effect_deposited);
            <Moved as ::intent_runtime::bounds::EventWithoutOf<
                _,
            >>::on(__routes, |e| [e.from, e.to], __effect_moved);
            <Closed as ::intent_runtime::bounds::OwnEvent<
                __Key,
            >>::on(__routes, __effect_closed);
        }
    }
    #[allow(unused_variables)]
    fn __effect_opened(
        row: &mut ::core::option::Option<AccountBalance>,
        key: __Key,
        event: &::intent_runtime::Recorded<Opened>,
    ) -> ::core::result::Result<(), ::intent_runtime::Overflow> {
        *row = ::core::option::Option::Some(AccountBalance {
            account: key,
            balance: __default_balance(),
            city: __city_on_opened(event),
        });
        ::core::result::Result::Ok(())
    }
    #[allow(unused_variables)]
    fn __effect_deposited(
        row: &mut ::core::option::Option<AccountBalance>,
        key: __Key,
        event: &::intent_runtime::Recorded<Deposited>,
    ) -> ::core::result::Result<(), ::intent_runtime::Overflow> {
        if let ::core::option::Option::Some(row) = row {
            __balance_on_deposited(&mut row.balance, event)?;
        }
        ::core::result::Result::Ok(())
    }
    #[inline]
    fn __apply_moved(
        owner: &mut AccountBalance,
        event: &::intent_runtime::Recorded<Moved>,
    ) -> ::core::result::Result<(), ::intent_runtime::Overflow> {
        let apply: fn(&mut AccountBalance, &::intent_runtime::Recorded<Moved>) -> _ = AccountBalance::moved;
        ::intent_runtime::__private::Applied::<()>::applied(apply(owner, event))
    }
    #[allow(unused_variables)]
    fn __effect_moved(
        row: &mut ::core::option::Option<AccountBalance>,
        key: __Key,
        event: &::intent_runtime::Recorded<Moved>,
    ) -> ::core::result::Result<(), ::intent_runtime::Overflow> {
        if let ::core::option::Option::Some(row) = row {
            __apply_moved(row, event)?;
        }
        ::core::result::Result::Ok(())
    }
    #[allow(unused_variables)]
    fn __effect_closed(
        row: &mut ::core::option::Option<AccountBalance>,
        key: __Key,
        event: &::intent_runtime::Recorded<Closed>,
    ) -> ::core::result::Result<(), ::intent_runtime::Overflow> {
        *row = ::core::option::Option::None;
        ::core::result::Result::Ok(())
    }
    #[inline]
    #[allow(clippy::ptr_arg, clippy::redundant_closure_call, clippy::needless_return)]
    #[allow(unused_variables)]
    fn __balance_on_deposited<'event>(
        field: &mut i64,
        event: &'event ::intent_runtime::Recorded<Deposited>,
    ) -> ::core::result::Result<(), ::intent_runtime::Overflow> {
        #[allow(unused_imports)]
        use ::intent_runtime::__private::{Plain as _, Unchecked as _};
        let value = |e: &'event ::intent_runtime::Recorded<Deposited>| e.amount;
        ::intent_runtime::__private::Rule::<
            ::intent_runtime::__private::Add,
            _,
            _,
            _,
        >::new(field, value(event), |mut field, value| *field.place() += value)
            .apply(|fault| ::intent_runtime::__private::row_overflow::<
                AccountBalance,
            >(
                <Deposited as ::intent_runtime::bounds::OwnEvent<__Key>>::NAME,
                "balance",
                fault,
            ))
    }
    #[inline]
    fn __default_balance() -> i64 {
        <i64 as ::intent_runtime::__private::InitialInRow<
            AccountBalance,
            Opened,
        >>::initial()
    }
    #[inline]
    #[allow(clippy::ptr_arg, clippy::redundant_closure_call, clippy::needless_return)]
    fn __city_on_opened(e: &::intent_runtime::Recorded<Opened>) -> String {
        e.city.clone()
    }
};
