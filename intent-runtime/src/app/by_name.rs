//! What [`Tenant`] and [`Acting`] do by name.

use tracing::Instrument as _;

use crate::{
    app::{Core, acting::Acting, tenant::Tenant},
    by_name::{
        AnyAggregate, Asked, Place,
        error::ByNameError,
        history::{self, HistoryPage},
        outcome::{Sent, Tried},
        state_view::StateView,
    },
    dispatch::{actor::Actor, as_of::AsOf, options::SendOptions},
    model::kinds::AggregateKind,
    record::{id::AggregateId, version::Version},
    telemetry,
};

/// By name, with JSON: for those who do not know the types, such as a console, a command line or a program in another language.
/// The names are those of the [`Catalogue`](crate::catalogue::Catalogue), former names of aggregates included.
impl Tenant {
    /// Sends a command by the names of the aggregate and the command, as [`send_with`](Self::send_with) does. It is stored,
    /// found again under its id, traced and refused as if it had been sent by its type. `json` has the fields of the command,
    /// including its id. A field that the command or a value in it does not have is refused. Where a type has
    /// `#[serde(flatten)]`, or is an enum with `tag` or `untagged`, serde takes any field.
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// use intent_runtime::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::connect("memory:", Domain::of::<Account>()).await?;
    /// let id = Id::<Account>::new();
    /// let json = format!(r#"{{"id":"{id}","owner":"Ada"}}"#);
    /// let sent = app.send_json("Account", "Open", &json, SendOptions::new()).await?;
    /// assert_eq!(sent.events[0].name, "Opened");
    /// assert_eq!(app.load(id).await?.owner, "Ada");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ByNameError::Unknown`] with the nearest name, [`ByNameError::InvalidJson`] with the path to what does not fit, or
    /// [`ByNameError::Send`] with what [`send`](Self::send) would say.
    pub async fn send_json(
        &self,
        aggregate: &str,
        command: &str,
        json: &str,
        options: SendOptions,
    ) -> Result<Sent, ByNameError> {
        self.send_for(None, aggregate, command, json, options).await
    }

    /// Decides a command on an aggregate as it is or was, and stores nothing. It decides as [`send_json`](Self::send_json)
    /// would, with the present time. The snapshot, the cache and the log stay as they are.
    ///
    /// # Errors
    /// [`ByNameError::Unknown`], [`ByNameError::InvalidJson`], or [`ByNameError::Load`] if the state cannot be read. A refusal is
    /// not an error here: it is the [`outcome`](Tried::outcome).
    pub async fn decide_json(
        &self,
        aggregate: &str,
        command: &str,
        json: &str,
        as_of: AsOf,
    ) -> Result<Tried, ByNameError> {
        let (any, kind) = self.named(aggregate)?;
        let asked = Asked::of(kind, command, json)?;
        (any.decide)(self.place(), asked, as_of).await
    }

    /// Loads an aggregate by its name, as it is or was.
    ///
    /// # Errors
    /// [`ByNameError::Unknown`], or [`ByNameError::Load`] with what [`load_as_of`](Self::load_as_of) would say.
    pub async fn load_json(
        &self,
        aggregate: &str,
        id: impl Into<AggregateId>,
        as_of: AsOf,
    ) -> Result<StateView, ByNameError> {
        let ((any, _), id) = (self.named(aggregate)?, id.into());
        let span = tracing::debug_span!(telemetry::LOAD, aggregate, %id, %as_of);
        (any.load)(self.place(), id, as_of).instrument(span).await
    }

    /// The events of an aggregate after a version, by the aggregate's name: at most `limit` of them, at least one if there is one,
    /// and no more than some 8 MiB. [`Version::NONE`] begins at the first; [`HistoryPage::next`] is where the next page begins.
    ///
    /// An event that cannot be read in today's shape is among them, with the reason.
    ///
    /// # Errors
    /// [`ByNameError::Unknown`], or [`ByNameError::Load`] if the aggregate does not exist or the store fails.
    pub async fn history_json(
        &self,
        aggregate: &str,
        id: impl Into<AggregateId>,
        after: Version,
        limit: usize,
    ) -> Result<HistoryPage, ByNameError> {
        let ((any, _), id) = (self.named(aggregate)?, id.into());
        let span = tracing::debug_span!(telemetry::LOAD, aggregate, %id, %after);
        let reading = history::page(self.place(), any, id, after, limit);
        Ok(reading.instrument(span).await?)
    }

    async fn send_for(
        &self,
        actor: Option<&Actor>,
        aggregate: &str,
        command: &str,
        json: &str,
        options: SendOptions,
    ) -> Result<Sent, ByNameError> {
        let (any, kind) = self.named(aggregate)?;
        let asked = Asked::of(kind, command, json)?;
        (any.send)(self.place(), asked, options, actor).await
    }

    fn named(
        &self,
        aggregate: &str,
    ) -> Result<(&'static AnyAggregate, &AggregateKind), ByNameError> {
        let Core {
            by_name, catalogue, ..
        } = &self.core;
        by_name.aggregate(catalogue, aggregate)
    }

    fn place(&self) -> Place<'_> {
        Place {
            store: &*self.core.store,
            cache: &self.core.cache,
            tenant: self.id,
            now: self.core.clock.now(),
            inline: &self.core.inline,
        }
    }
}

impl Acting {
    /// Sends a command by the names of the aggregate and the command, as [`Tenant::send_json`] does. This actor and its role
    /// replace those in the options.
    ///
    /// # Errors
    /// [`SendError::Forbidden`](crate::SendError::Forbidden) if none of the actor's roles may send it; else as [`Tenant::send_json`].
    pub async fn send_json(
        &self,
        aggregate: &str,
        command: &str,
        json: &str,
        options: SendOptions,
    ) -> Result<Sent, ByNameError> {
        let sending = self
            .tenant
            .send_for(Some(&self.actor), aggregate, command, json, options);
        sending.await
    }
}
