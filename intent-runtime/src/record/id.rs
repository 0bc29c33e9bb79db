//! Typed ids: one newtype over [`uuid::Uuid`] for each thing that has an id.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::record::timestamp::Timestamp;

/// The name space of every name-based id: `uuid5(NAMESPACE_URL, "urn:intent")`.
pub(crate) const INTENT: Uuid = Uuid::from_u128(0x01f3_d54f_62ed_5959_853e_04ec_0192_20bd);

/// The id of one aggregate of type `A`: a UUID that cannot be mistaken for the id of another type.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// let fresh = Id::<Account>::new(); // version 7: ordered by time
/// let known = Id::<Account>::from_name("173688"); // version 5: the same name, the same id
/// assert_ne!(fresh, known);
/// assert_eq!(known, Id::from_name("173688"));
/// assert_eq!(known.to_string().parse::<Id<Account>>()?, known);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// `fn() -> A` keeps the id `Send`, `Sync` and `Copy` whatever `A` is.
pub struct Id<A>(Uuid, PhantomData<fn() -> A>);

impl<A> Id<A> {
    /// A new id that sorts after those made before it (UUID version 7).
    #[expect(
        clippy::new_without_default,
        reason = "a default that differs each time would surprise"
    )]
    pub fn new() -> Self {
        Self::from_uuid(Uuid::now_v7())
    }

    /// The id that has this UUID.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }
}

// Derives would ask for the same traits of `A`, which an id does not need.
impl<A> Clone for Id<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Id<A> {}

impl<A> PartialEq for Id<A> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<A> Eq for Id<A> {}

impl<A> PartialOrd for Id<A> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<A> Ord for Id<A> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<A> Hash for Id<A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<A> Serialize for Id<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, A> Deserialize<'de> for Id<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::from_uuid)
    }
}

impl<A> JsonSchema for Id<A> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        Uuid::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Uuid::json_schema(generator)
    }
}

/// A text is not an id. Handling: correct the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct ParseIdError {
    /// What was given.
    text: String,
}

/// What all ids have in common.
macro_rules! uuid_forms {
    ($name:ident $(<$of:ident>)?) => {
        impl $(<$of>)? $name $(<$of>)? {
            /// The id as a bare UUID.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl $(<$of>)? fmt::Debug for $name $(<$of>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl $(<$of>)? fmt::Display for $name $(<$of>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl $(<$of>)? FromStr for $name $(<$of>)? {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let uuid = text.parse().map_err(|_| ParseIdError {
                    text: text.to_owned(),
                });
                uuid.map(Self::from_uuid)
            }
        }

        impl $(<$of>)? From<Uuid> for $name $(<$of>)? {
            fn from(uuid: Uuid) -> Self {
                Self::from_uuid(uuid)
            }
        }
    };
}

macro_rules! uuid_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id that has this UUID.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        uuid_forms!($name);
    };
}

uuid_forms!(Id<A>);

uuid_newtype! {
    /// A tenant: everything stored belongs to exactly one.
    TenantId
}
uuid_newtype! {
    /// The id of an aggregate without its type, for stores. [`Id`] is the typed form.
    AggregateId
}
uuid_newtype! {
    /// The id of a command. One command id has one effect in a tenant, however often it is sent.
    CommandId
}
uuid_newtype! {
    /// The id of a stored event, made from the id of its command; see [`EventId::of`].
    EventId
}
uuid_newtype! {
    /// Shared by a command, its events, and all commands and events that follow from them.
    CorrelationId
}

/// The correlation that a command begins.
impl From<CommandId> for CorrelationId {
    fn from(command: CommandId) -> Self {
        Self(command.0)
    }
}

impl AggregateId {
    /// The typed id, for an aggregate that is known to be an `A`.
    pub const fn typed<A>(self) -> Id<A> {
        Id::from_uuid(self.0)
    }
}

impl TenantId {
    /// The tenant of a program that names none: the nil UUID.
    pub const DEFAULT: Self = Self(Uuid::nil());

    /// A new tenant's id (UUID version 7).
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id that belongs to a tenant's `name` (UUID version 5): the same name, byte by byte, the same id.
    pub fn from_name(name: &str) -> Self {
        let namespace = Uuid::new_v5(&INTENT, b"tenant");
        Self(Uuid::new_v5(&namespace, name.as_bytes()))
    }
}

impl Default for TenantId {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl<A> From<Id<A>> for AggregateId {
    fn from(id: Id<A>) -> Self {
        Self(id.0)
    }
}

impl CommandId {
    /// A new command id (UUID version 7).
    #[expect(
        clippy::new_without_default,
        reason = "a default that differs each time would surprise"
    )]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id of the command with an idempotency key. The same key gives the same id on every machine. Any text is a key, and two
    /// commands of one tenant must not share one. The same key in two tenants is two commands.
    ///
    /// It is UUID version 5 (RFC 9562) of the key's UTF-8 bytes in the name space `uuid5(uuid5(NAMESPACE_URL,
    /// "urn:intent"), "command")`, so that any language can make it. A key has no time, so the ids of the events
    /// are spread over the store's index, which costs more writes than ids in order of time. If you know a time that is the same
    /// at each sending, use [`from_name`](Self::from_name).
    ///
    /// ```
    /// use intent_runtime::CommandId;
    /// assert_eq!(CommandId::from_key("order-4711").to_string(), "243e0304-a0ab-57b2-afc7-2a136bedcd80");
    /// assert_eq!(CommandId::from_key("").to_string(), "85df6f3f-1720-5d8d-966e-1cb649a07553");
    /// assert_eq!(CommandId::from_key("schlüssel").to_string(), "0d45a330-900a-534d-9dd8-0349d5b6b5bf");
    /// ```
    pub fn from_key(key: &str) -> Self {
        let namespace = Uuid::new_v5(&INTENT, b"command");
        Self(Uuid::new_v5(&namespace, key.as_bytes()))
    }

    /// The id of the command that `name` stands for, such as `"173688/12"` in an import: the same name and
    /// time give the same id, so that sending it again has no second effect.
    ///
    /// `time` becomes the first 48 bits (version 7, in milliseconds), which keeps stored ids in order of time.
    pub fn from_name(time: Timestamp, name: &str) -> Self {
        let millis = u64::try_from(time.as_micros() / 1_000).unwrap_or(0);
        let name = Uuid::new_v5(&INTENT, name.as_bytes());
        Self(version_7(millis << 16, name.as_bytes()))
    }
}

impl EventId {
    /// The id of event number `index` (from 0) of the append that a command made.
    ///
    /// The first 48 bits are the command's, which are its time if the command id has version 7. Of the rest, 74 bits come from
    /// the same places of SHA-256 over the 16 bytes of the command id and the index as 4 bytes, big-endian. The others are the
    /// version 7 and the variant of RFC 9562. Event ids are unique, so a store sees by them that a command was sent before.
    ///
    /// ```
    /// use intent_runtime::{CommandId, EventId};
    /// let command: CommandId = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
    /// assert_eq!(EventId::of(command, 0).to_string(), "01890a5d-ac96-73f3-aef0-aea2030bbf17");
    /// assert_eq!(EventId::of(command, 1).to_string(), "01890a5d-ac96-7769-a262-e03f1d221006");
    /// assert_eq!(EventId::of(command, 9_999).to_string(), "01890a5d-ac96-76db-ae22-a0ffb6d1f062");
    /// # Ok::<(), intent_runtime::error::ParseIdError>(())
    /// ```
    pub fn of(command: CommandId, index: u32) -> Self {
        Self(derived(command, b"", index))
    }

    /// The id of the last of a command's `count` events.
    pub(crate) fn of_last(command: CommandId, count: usize) -> Self {
        let last = u32::try_from(count.saturating_sub(1));
        Self::of(command, last.unwrap_or(u32::MAX))
    }
}

/// UUID number `index` that follows from a command. Each use has its own `domain`.
pub(crate) fn derived(command: CommandId, domain: &[u8], index: u32) -> Uuid {
    let uuid = command.as_uuid();
    let hash = Sha256::new()
        .chain_update(uuid.as_bytes())
        .chain_update(domain)
        .chain_update(index.to_be_bytes())
        .finalize();
    let mut bits = [0; 16];
    bits.copy_from_slice(&hash[..16]);
    version_7(uuid.as_u64_pair().0, &bits)
}

/// The first 48 bits of `time`, then the bits of `rest`, marked as a version 7 UUID.
fn version_7(time: u64, rest: &[u8; 16]) -> Uuid {
    const TIME: u128 = 0xffff_ffff_ffff << 80;
    let bits = (u128::from(time) << 64 & TIME) | (u128::from_be_bytes(*rest) & !TIME);
    uuid::Builder::from_u128(bits)
        .with_version(uuid::Version::SortRand)
        .with_variant(uuid::Variant::RFC4122)
        .into_uuid()
}
