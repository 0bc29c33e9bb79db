//! Aggregates: state that follows from events, and nothing else.

use crate::{
    model::{
        command::{Command, Decide, Decision, Refusal},
        context::Context,
        event::AggregateEvent,
        history::{CreateError, HistoryError},
        kinds::CommandList,
        overflow::Overflow,
        shown::ShownFields,
        snapshot::SnapshotCodec,
    },
    record::{id::Id, version::Version},
};

/// The state of one thing, made of its events. `#[derive(Aggregate)]` implements it from the rules on the fields.
///
/// The functions are pure: no store, no clock, no `async`. The provided ones stand on their own, without an
/// [`App`](crate::App):
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// let id = Id::<Account>::new();
/// let (account, events) = Account::create(Open { id, owner: "Ada".into() }, &Context::new())?;
/// let again = Account::rehydrate(id, events)?.expect("a history that is not empty");
/// assert_eq!(again.owner, account.owner);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate",
    label = "not an aggregate",
    note = "add `#[derive(Aggregate)]` to `struct {Self}`"
)]
pub trait Aggregate: Sized + Send + Sync + 'static {
    /// All events of the aggregate.
    type Event: AggregateEvent;

    /// The name its streams are stored under.
    const TYPE: &'static str;
    /// The names its streams were stored under before, the oldest first. A stream under one of them belongs to this
    /// aggregate.
    const FORMERLY: &'static [&'static str] = &[];
    /// Its doc comment.
    const DOC: &'static str = "";

    /// The aggregate as a creating event makes it; `None` if `event` is not a creating one.
    ///
    /// # Errors
    /// [`Overflow`] if a rule's arithmetic has no result.
    fn init(id: Id<Self>, event: &Self::Event) -> Result<Option<Self>, Overflow>;

    /// Changes the state as `event` says. A creating event changes nothing, since it can only be the first one.
    ///
    /// # Errors
    /// [`Overflow`] if a rule's arithmetic has no result. Drop the aggregate then: other fields may have changed already.
    fn apply(&mut self, event: &Self::Event) -> Result<(), Overflow>;

    /// Whether a stream begins with `event`.
    fn is_creating(event: &Self::Event) -> bool;

    /// How snapshots are kept, if they are.
    fn snapshots() -> Option<SnapshotCodec<Self>> {
        None
    }

    /// Gives the fields of the state, in their order, to code that shows a state without knowing its type. Gives nothing unless
    /// you implement it; `#[derive(Aggregate)]` does.
    fn show(&self, fields: &mut ShownFields) {
        let _ = fields;
    }

    /// Lists the commands that `#[commands]` made, for [`Domain::aggregate`](crate::Domain::aggregate).
    fn commands(list: &mut CommandList<Self>) {
        let _ = list;
    }

    /// Decides a creating command, and returns the new aggregate with its events.
    ///
    /// # Errors
    /// The domain's refusal, or a decision that does not begin with a creating event.
    #[expect(
        clippy::type_complexity,
        reason = "a pair in a result, spelt out where it is read"
    )]
    fn create<C>(
        command: C,
        context: &Context,
    ) -> Result<(Self, Vec<Self::Event>), CreateError<Refusal<C>>>
    where
        Self: Decide<C>,
        C: Command<Aggregate = Self>,
    {
        let id = command.target();
        let decided = Self::decide(None, command, context).map_err(CreateError::Rejected)?;
        let events = match decided {
            Decision::Events(events) => events,
            Decision::NotFound | Decision::AlreadyExists => Vec::new(),
        };
        let state = fold_all(id, &events)?.ok_or(CreateError::NotCreating {
            aggregate: Self::TYPE,
            command: C::NAME,
        })?;
        Ok((state, events))
    }

    /// Folds a history from its first event; `None` for an empty one. The versions in errors count the given events. If stored
    /// events were split or retired, [`Recorded`](crate::Recorded) has the stored version of each.
    ///
    /// # Errors
    /// [`HistoryError`] if the first event is not a creating one, a later one is, or one overflows a field.
    fn rehydrate<I>(id: Id<Self>, events: I) -> Result<Option<Self>, HistoryError>
    where
        I: IntoIterator<Item = Self::Event>,
    {
        let mut events = events.into_iter();
        let Some(first) = events.next() else {
            return Ok(None);
        };
        let mut version = Version::FIRST;
        let mut state = Self::init(id, &first)
            .map_err(|overflow| HistoryError::overflow(version, overflow))?
            .ok_or_else(|| HistoryError::not_created::<Self>(version, &first))?;
        // `try_for_each`, because a `for` loop moves each event once more, which costs a tenth of decoding and folding.
        events.try_for_each(|event| {
            version = version.next();
            if Self::is_creating(&event) {
                return Err(HistoryError::created_again::<Self>(version, &event));
            }
            let applied = state.apply(&event);
            applied.map_err(|overflow| HistoryError::overflow(version, overflow))
        })?;
        Ok(Some(state))
    }
}

/// Folds events that begin a history.
pub(crate) fn fold_all<A: Aggregate>(
    id: Id<A>,
    events: &[A::Event],
) -> Result<Option<A>, HistoryError> {
    let mut state = None;
    for (version, event) in (1..).map(Version::new).zip(events) {
        fold_next(&mut state, id, version, event)?;
    }
    Ok(state)
}

/// Folds one more event: the first one creates, every other one applies.
#[inline]
pub(crate) fn fold_next<A: Aggregate>(
    state: &mut Option<A>,
    id: Id<A>,
    version: Version,
    event: &A::Event,
) -> Result<(), HistoryError> {
    let overflow = |overflow| HistoryError::overflow(version, overflow);
    match state {
        Some(_) if A::is_creating(event) => Err(HistoryError::created_again::<A>(version, event)),
        Some(state) => state.apply(event).map_err(overflow),
        None => {
            let created = A::init(id, event).map_err(overflow)?;
            *state = Some(created.ok_or_else(|| HistoryError::not_created::<A>(version, event))?);
            Ok(())
        }
    }
}
