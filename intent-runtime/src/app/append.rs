//! [`Tenant::append`]: events that no command decides.

use crate::{
    app::tenant::Tenant,
    dispatch,
    record::{id::TenantId, sentence, stream::StreamId},
    store::{
        append::{Append, Appended},
        error::StoreError,
    },
};

/// Why [`Tenant::append`] stored nothing.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The stream is that of an aggregate of the domain, by its name or a former one. Handling: send a command.
    #[error("{stream} is an aggregate of the domain, to which only commands append")]
    Aggregate {
        /// Which one.
        stream: StreamId,
    },
    /// The stream is another tenant's. Handling: append through the handle of that tenant.
    #[error("{stream} is not a stream of tenant {tenant_id}, through which it was appended")]
    OtherTenant {
        /// Which stream.
        stream: StreamId,
        /// The tenant of the handle.
        tenant_id: TenantId,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

sentence::debug!(AppendError);

impl Tenant {
    /// Appends events to a stream of this tenant as they are. Nothing is loaded or decided, so it is for streams that are no
    /// aggregate of the domain, such as a log of your program's own; [`Expect::Any`](crate::store::Expect::Any) appends whatever the
    /// stream has. The same command id has one effect, and where the answer of a broken connection is lost, the append is sent
    /// again under it to find out.
    ///
    /// # Errors
    /// [`AppendError::Aggregate`] for a stream of the domain, [`AppendError::OtherTenant`] for one of another tenant, or
    /// [`AppendError::Store`] as [`Streams::append`](crate::store::Streams::append) says.
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// use intent_runtime::{
    ///     AggregateId, Metadata, prelude::*,
    ///     store::{Append, Appended, EncodedMetadata, Expect, NewEvent, StreamId},
    /// };
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let app = App::connect("memory:", Domain::of::<Account>()).await?;
    /// let audit = StreamId {
    ///     tenant_id: app.id(),
    ///     aggregate_type: "Audit".into(),
    ///     aggregate_id: AggregateId::from_uuid(uuid::Uuid::now_v7()),
    /// };
    /// let looked = NewEvent::new("Looked", 1, serde_json::value::to_raw_value(&"at the books")?);
    /// let metadata = EncodedMetadata::new(Metadata::new().actor("ada"))?;
    /// let append = Append::new(audit, Expect::Any, CommandId::new(), vec![looked], metadata);
    /// assert!(matches!(app.append(append).await?, Appended::Stored { .. }));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let stream = || append.stream.clone();
        if append.stream.tenant_id != self.id {
            return Err(AppendError::OtherTenant {
                stream: stream(),
                tenant_id: self.id,
            });
        }
        let mut kinds = self.core.catalogue.aggregates().iter();
        if kinds.any(|kind| {
            append
                .stream
                .aggregate_type
                .names()
                .any(|name| kind.is_named(name))
        }) {
            return Err(AppendError::Aggregate { stream: stream() });
        }
        Ok(dispatch::append(&*self.core.store, append).await?)
    }
}
