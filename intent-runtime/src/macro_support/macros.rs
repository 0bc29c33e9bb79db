//! The documentation of the macros.

/// Makes an event of a struct: with named fields, with one unnamed field, or without any.
///
/// It derives `Clone`, `Debug`, `PartialEq`, serde's traits and `JsonSchema`, each left out where you derive it below,
/// and implements [`Event`](crate::Event) with the reading of every older version.
///
/// | key | meaning |
/// |---|---|
/// | `name = "…"` | the stored name; the struct's own unless given |
/// | `formerly("PaidIn")` | names it was stored under before. It is read under them too |
/// | `version = 3` | the version of the shape, 1 unless given |
/// | `readable_by(2)` | builds that know version 2 may read this one as it is, and ignore fields that they do not know |
/// | `upcast(2 => function)` | the step from version 2 to 3, a `fn(JsonObject) -> Result<JsonObject, UpcastError>` |
/// | `removed(3, "memo")` | the step to version 3 drops a field |
/// | `unchanged(3)` | the step to version 3 leaves what is stored as it is |
/// | `from = OldEvent` | the version before is another struct, which `From` converts |
/// | `crate = ::path` | where the runtime is, if it is re-exported |
///
/// On a field:
///
/// | note | meaning |
/// |---|---|
/// | `#[since(2, default = …)]` | the step to version 2 adds it, with this value in older events; `Default` without one. It overwrites nothing: an older event that has it cannot be read |
/// | `#[renamed(3, from = "memo")]` | the step to version 3 gave it this name, or the one that a later `#[renamed]` names; all renames of a step are made at once, and what was left out stays so |
///
/// Every step from version 1 on must be accounted for; a hole does not compile. A unit event is stored as `{}`, so that fields
/// can come later. The attribute stands above any `#[derive]`.
///
/// You cannot implement the derived traits by hand as well. To show or compare a value in another way, such as personal data
/// that no log may contain, give the field its own type and implement `Debug` or `PartialEq` for that. Every event, command and
/// state with the field then follows.
///
/// Attributes that make serde read something else than it writes do not compile: `serde(skip)`, `from` without `into`,
/// `cfg_attr(.., serde(..))` and more. If only a value shows the difference, sending the command fails with
/// [`SendError::NotReadBack`](crate::SendError::NotReadBack).
///
/// A field with `#[serde(with = "…")]` also needs `#[schemars(with = "Type")]`, with a type of the same JSON. A default of
/// `#[since(..)]` is written in the form of the field's serde attributes.
///
/// ```
/// use intent_runtime::prelude::*;
///
/// #[event(version = 2)]
/// struct Deposited {
///     amount: i64,
///     #[since(2, default = "counter".into())]
///     channel: String,
/// }
///
/// let old = Deposited::decode(1, br#"{"amount":5}"#)?;
/// assert_eq!(old.channel, "counter");
/// # Ok::<(), intent_runtime::DecodeError>(())
/// ```
pub use intent_macros::event;

/// Makes an aggregate of a struct whose fields say which events change them.
///
/// It writes the enum of all events (`AccountEvent` for `Account`), [`Aggregate`](trait@crate::Aggregate) with `init` and `apply`,
/// a conversion from each event, and [`Snapshot`](crate::Snapshot) if you ask for it.
///
/// | key of `#[aggregate(..)]` | meaning |
/// |---|---|
/// | `created_by(Opened)` | the events that a stream can begin with; `Opened => Self::opened` names a `fn(Id<Self>, &Opened) -> Self` |
/// | `events(Deposited, …)` | all others; `Moved => Self::moved` names a `fn(&mut self, &Moved)`, `Audited => ()` changes nothing |
/// | `split(Moved => function)` | a past event, not listed any more, is read as what the function makes of it: a `fn(Moved) -> _` that returns what a command may |
/// | `retired("Flagged")` | past events of this name are read as nothing |
/// | `name = "…"` | the stored name of the type; the struct's own unless given |
/// | `formerly("BankAccount")` | names its streams were stored under before, the oldest first |
/// | `snapshot(every = 100)` | keep the state whenever an append crosses a multiple of so many events |
/// | `snapshot(…, version = 2, from = AccountV1)` | the state is another one than in version 1: what `AccountV1` kept is converted by `From` |
/// | `crate = ::path` | where the runtime is, if it is re-exported |
///
/// One field is marked `#[id]` and is an `Id<Self>`. The others may have rules, `#[on(..)]`: `EVENT = value`, `EVENT += value`
/// with any assignment operator, `EVENT => |field, event| …` to change it in place. A value is an expression or a
/// closure over the event. A rule sees the event and its own field only.
///
/// ```
/// use intent_runtime::prelude::*;
///
/// #[derive(Aggregate)]
/// #[aggregate(created_by(Opened), events(Deposited, Audited => ()))]
/// struct Account {
///     #[id]
///     id: Id<Account>,
///     #[on(Deposited += |e| e.amount)]
///     balance: i64,
/// }
/// #[event]
/// struct Opened;
/// #[event]
/// struct Deposited { amount: i64 }
/// #[event]
/// struct Audited;
///
/// let history = [Opened.into(), Deposited { amount: 5 }.into(), Audited.into()];
/// let account = Account::rehydrate(Id::new(), history)?.expect("a history that is not empty");
/// assert_eq!(account.balance, 5);
/// # Ok::<(), intent_runtime::HistoryError>(())
/// ```
pub use intent_macros::Aggregate;

/// The keys of an aggregate: see [`derive(Aggregate)`](derive@Aggregate), which reads them.
pub use intent_macros::aggregate;

/// Makes a read model of a struct: rows that follow from the events of any number of aggregates, by the rules on its fields.
///
/// It writes [`ReadModel`](trait@crate::ReadModel): the table with its columns, the key, each row as cells and back, and what each
/// event does to which rows.
///
/// | key of `#[read_model(..)]` | meaning |
/// |---|---|
/// | `events(Deposited, …)` | the events that change a row; `Moved => Self::moved` names a `fn(&mut self, &Recorded<Moved>)`, `Audited => ()` changes no field |
/// | `created_by(Opened)` | the events that begin a row anew; `Opened => Self::opened` names a `fn(Key, &Recorded<Opened>) -> Self`. An event in `events` that finds no row then changes nothing. Without `created_by`, each begins one from the `Default`s of the fields |
/// | `removed_by(Closed)` | the events that remove a row |
/// | `table = "…"` | the name of the table: up to 40 of `a-z`, `0-9` and `_`; the struct's own in small letters unless given |
/// | `version = 2` | the version of the rules, 1 unless given. Rows of another version are built anew |
/// | `mode = "inline"` | each row is written with the events that change it, and so is there when the command is answered. Its key is the id of its aggregate. A worker writes the rows of the mode `"async"`, which is the usual one |
/// | `crate = ::path` | where the runtime is, if it is re-exported |
///
/// An entry of a list is `EVENT [of AGGREGATE] [by KEY] [=> FUNCTION | ()]`:
///
/// | part | meaning |
/// |---|---|
/// | `of Account` | the event's aggregate. The compiler finds it, unless two aggregates list the event |
/// | `by \|e\| e.branch.clone()` | the rows that it changes: a key, or an `Option`, an array or a `Vec` of keys. Without it, the key is the id of the event's aggregate |
///
/// | attribute of a field | meaning |
/// |---|---|
/// | `#[key]` | it is the key, or a part of it: the key of several fields is a tuple in their order. It has no rules |
/// | `#[index]` | rows are found by it quickly |
/// | `#[unique]` | in an inline model: no two rows of a tenant have the same value. A command that breaks it is refused with [`SendError::Taken`](crate::SendError::Taken) |
/// | `#[on(..)]` | what events do to it, as in [`derive(Aggregate)`](derive@Aggregate). Each event is a [`Recorded<E>`](crate::Recorded), which derefs to it and knows when it happened and who sent the command; in an inline model an [`Emitted<E>`](crate::Emitted), which has no place in the log yet |
///
/// A field is a `bool`, an integer, a float, a `String`, an id, a [`Timestamp`](crate::Timestamp), or a [`Json<T>`](crate::Json) of
/// what serde reads and writes; or an `Option` of one of these. See [`ColumnType`](crate::read_model::ColumnType).
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// /// What came in, by the day.
/// #[derive(ReadModel, Debug, Clone)]
/// #[read_model(table = "days", events(Deposited by |e| day(e.occurred_at())))]
/// struct Day {
///     #[key]
///     day: i64,
///     #[on(Deposited += |e| e.amount)]
///     came_in: i64,
///     #[on(Deposited = |e| Some(e.occurred_at()))]
///     last: Option<Timestamp>,
/// }
///
/// fn day(time: Timestamp) -> i64 {
///     time.as_micros() / 86_400_000_000
/// }
/// ```
pub use intent_macros::ReadModel;

/// The keys of a read model: see [`derive(ReadModel)`](derive@ReadModel), which reads them.
pub use intent_macros::read_model;

/// Makes a command of each marked function of an aggregate's `impl` block, of which there is one.
///
/// `deposit(&self, amount: i64)` becomes `Deposit { id, amount }`, as visible as the function, with its doc comment,
/// serde and JSON Schema. The functions keep their signatures and bodies. They get an `#[allow(..)]` of two clippy lints that
/// such functions trigger.
///
/// | mark | on |
/// |---|---|
/// | `#[create]` | a function without `self`; it runs when the aggregate does not exist |
/// | `#[handle]` | a function with `&self`; it runs when the aggregate exists |
/// | `#[handle(name = CloseLoan)]` | … whose command has another name |
/// | `#[handle(Relocate)]` | … whose one argument is a command struct of your own |
/// | `#[handle(allow("teller", "manager"))]` | … whose command only these roles may send; [`Decide::ALLOWED`](crate::Decide::ALLOWED). It follows `name = ..` or the command, if there is one |
///
/// An argument `ctx: &Context` is not part of the command. A function returns an event, `Option`, a tuple, an array,
/// `Vec<AccountEvent>` or `()`, or any of these inside a `Result` that is written out.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// let id = Id::<Account>::new();
/// let open = Open { id, owner: "Ada".into() }; // from `#[create] fn open(owner: String) -> Opened`
/// let (account, events) = Account::create(open, &Context::new())?;
/// assert_eq!(events, [Opened { owner: "Ada".into() }.into()]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub use intent_macros::commands;

/// Marks a function of a [`#[commands]`](macro@commands) block that decides on an aggregate which does not exist.
pub use intent_macros::create;

/// Marks a function of a [`#[commands]`](macro@commands) block that decides on an aggregate which exists.
pub use intent_macros::handle;

/// Makes a command of a struct whose `#[id]` field says which aggregate it is for.
///
/// The aggregate names it at a function of its `#[commands]` block, `#[handle(Relocate)]` or `#[create(Relocate)]`, or implements
/// [`Decide`](crate::Decide) by hand. Keys: `name = "…"` and `crate = ::path`.
///
/// ```
/// use intent_runtime::prelude::*;
/// # #[derive(Aggregate)]
/// # #[aggregate(created_by(Opened), events(Moved => ()))]
/// # struct Account { #[id] id: Id<Account> }
/// # #[event] struct Opened;
/// # #[event] struct Moved { to: String }
///
/// #[command]
/// struct Relocate {
///     #[id]
///     account: Id<Account>,
///     to: String,
/// }
///
/// #[commands]
/// impl Account {
///     #[handle(Relocate)]
///     fn relocate(&self, command: Relocate) -> Moved {
///         Moved { to: command.to }
///     }
/// }
/// ```
pub use intent_macros::command;

/// Gives a struct or an enum what a value in an event, a command or a state needs: `Clone`, `Debug`,
/// `PartialEq`, serde's traits and `JsonSchema`, each left out where you derive it below. Nothing else.
///
/// ```
/// use intent_runtime::prelude::*;
///
/// #[value]
/// #[derive(Copy, Default)]
/// struct Money {
///     cents: i64,
/// }
/// assert_eq!(Money::default(), Money { cents: 0 });
/// ```
///
/// `#[value(arithmetic)]` on a struct of one integer gives it `checked_add`, `checked_sub` and, by its integer, `checked_mul`.
/// It has no operators, and in a rule `+=`, `-=` and `*=` are checked: see [`Overflow`](crate::Overflow).
///
/// ```
/// use intent_runtime::prelude::*;
///
/// #[value(arithmetic)]
/// #[derive(Copy, Default)]
/// struct Money {
///     cents: i64,
/// }
/// let price = Money { cents: 250 };
/// assert_eq!(price.checked_mul(3).and_then(|sum| sum.checked_add(price)), Some(Money { cents: 1_000 }));
/// assert_eq!(Money { cents: i64::MIN }.checked_sub(price), None);
/// ```
///
/// Keys: `arithmetic` and `crate = ::path`.
pub use intent_macros::value;
