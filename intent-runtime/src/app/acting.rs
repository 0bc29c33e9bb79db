//! [`Acting`]: an app on behalf of one person.

use std::fmt;

use crate::{
    app::{tenant::Tenant, transaction::SendFuture},
    dispatch::{
        actor::{Actor, options_for},
        error::SendError,
        options::{Receipt, SendOptions},
    },
    model::{
        any_command::CommandHead,
        command::{Command, Refusal},
        read_model::ReadModel,
    },
    read_model::read::Rows,
    store::port::IntoJoinable,
};

/// Sends commands to a [`Tenant`] on behalf of one [`Actor`], and only those that the actor's roles allow, and reads the rows of
/// read models that their access rules give the actor. Roles restrict no loads of aggregates: load with the [`Tenant`] or the
/// app, or in a [`transaction`](Self::transaction).
///
/// `#[handle(allow("teller"))]` says which roles may send a command; everybody may send one without `allow(..)`. Actor and
/// role are stored in the metadata of the events. The decision checks conditions beyond roles. It sees the actor in
/// [`Context::metadata`](crate::Context::metadata).
///
/// ```
/// # use std::convert::Infallible;
/// use intent_runtime::prelude::*;
///
/// #[derive(Aggregate)]
/// #[aggregate(created_by(Opened), events())]
/// struct Branch {
///     #[id]
///     id: Id<Branch>,
/// }
///
/// #[event]
/// struct Opened;
///
/// #[commands]
/// impl Branch {
///     #[create(allow("manager"))]
///     fn open() -> Opened {
///         Opened
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let domain = Domain::of::<Branch>().roles(["teller", "manager"]);
/// let app = App::connect("memory:", domain).await?;
///
/// let ada = app.acting(Actor::new("ada").role("teller"));
/// let refused = ada.send(Open { id: Id::new() }).await.unwrap_err();
/// assert!(matches!(refused, SendError::Forbidden { .. }));
///
/// let eve = app.acting(Actor::new("eve").role("manager"));
/// let receipt = eve.send(Open { id: Id::new() }).await?;
/// let history = app.history(receipt.id).await?;
/// assert_eq!(history[0].metadata()?.actor.as_deref(), Some("eve"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Acting {
    pub(super) tenant: Tenant,
    pub(super) actor: Actor,
}

impl Acting {
    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Sends a command, as [`Tenant::send`] does.
    ///
    /// # Errors
    /// [`SendError::Forbidden`] if none of the actor's roles may send it; else as [`Tenant::send`].
    pub fn send<C: Command>(
        &self,
        command: C,
    ) -> impl Future<Output = Result<Receipt<C::Aggregate>, SendError<Refusal<C>>>> + Send + use<'_, C>
    {
        self.send_with(command, SendOptions::new())
    }

    /// Sends a command, as [`Tenant::send_with`] does. This actor and its role replace those in the
    /// options.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_with<C: Command>(
        &self,
        command: C,
        options: SendOptions,
    ) -> impl Future<Output = Result<Receipt<C::Aggregate>, SendError<Refusal<C>>>> + Send + use<'_, C>
    {
        let options = options_for(Some(&self.actor), &CommandHead::of(&command), options);
        async move { self.tenant.send_with(command, options?).await }
    }

    /// Sends a command within a transaction of your own, as [`Tenant::send_in`] does.
    ///
    /// # Errors
    /// [`SendError::Forbidden`] if none of the actor's roles may send it; else as [`Tenant::send_in`].
    pub fn send_in<'t, C: Command>(
        &'t self,
        transaction: impl IntoJoinable<'t>,
        command: C,
        options: SendOptions,
    ) -> SendFuture<'t, C> {
        let options = options_for(Some(&self.actor), &CommandHead::of(&command), options);
        let connection = transaction.into_joinable();
        Box::pin(async move { self.tenant.send_in(connection, command, options?).await })
    }

    /// The rows of a read model that its access rules give the actor: `access(role = "teller")` gives a role all rows of the
    /// tenant, and `access(role = "customer", own = owner_id)` those whose column `owner_id` has the actor's name. Rules of
    /// several roles add up.
    ///
    /// Reading fails with [`ReadError::Forbidden`](crate::ReadError::Forbidden) if no rule names a role of the actor.
    pub fn read<M: ReadModel>(&self) -> Rows<M> {
        self.tenant.read().of_actor(self.actor.clone())
    }
}

impl fmt::Debug for Acting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acting")
            .field("tenant", &self.tenant.id())
            .field("actor", &self.actor)
            .finish()
    }
}
