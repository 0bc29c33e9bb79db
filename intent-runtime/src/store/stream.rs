//! [`StreamId`]: which stream there is, and of which [`AggregateType`].

use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
    iter::once,
    ops::Deref,
};

use crate::{Aggregate, AggregateId, Id, TenantId};

/// One stream: an aggregate of one type, in one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StreamId {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The type of the aggregate.
    pub aggregate_type: AggregateType,
    /// The aggregate.
    pub aggregate_id: AggregateId,
}

impl StreamId {
    /// The stream of one aggregate in a tenant.
    pub fn of<A: Aggregate>(tenant_id: TenantId, id: Id<A>) -> Self {
        Self {
            tenant_id,
            aggregate_type: AggregateType::of::<A>(),
            aggregate_id: id.into(),
        }
    }

    /// Whether it is the stream that is stored as `stored`, perhaps under a former name of its type.
    pub fn is(&self, stored: &Self) -> bool {
        self.tenant_id == stored.tenant_id
            && self.aggregate_id == stored.aggregate_id
            && self.aggregate_type.is(&stored.aggregate_type)
    }
}

/// As a sentence names it: `Account 0190…`, with the tenant when it is not the default one.
impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.aggregate_type, self.aggregate_id)?;
        if self.tenant_id != TenantId::DEFAULT {
            write!(f, " of tenant {}", self.tenant_id)?;
        }
        Ok(())
    }
}

/// The stored name of a type of aggregates, with the names it had before. It derefs to the name; two are equal when
/// their names are.
///
/// A stream keeps the name that it was begun under, so that older builds can go on with it, and is the same stream to those
/// who ask for it by a later one.
///
/// ```
/// use intent_runtime::store::AggregateType;
/// let account = AggregateType::from("Account").formerly(&["BankAccount"]);
/// assert!(account.is("BankAccount"));
/// assert_eq!(account, AggregateType::from("Account"));
/// assert_eq!(account.len(), 7);
/// ```
#[derive(Clone, Debug)]
pub struct AggregateType {
    name: Cow<'static, str>,
    formerly: &'static [&'static str],
}

impl AggregateType {
    /// The type that `A` is: [`Aggregate::TYPE`] and [`Aggregate::FORMERLY`].
    pub const fn of<A: Aggregate>() -> Self {
        Self {
            name: Cow::Borrowed(A::TYPE),
            formerly: A::FORMERLY,
        }
    }

    /// The same type, stored under these names before.
    #[must_use]
    pub fn formerly(self, names: &'static [&'static str]) -> Self {
        Self {
            formerly: names,
            ..self
        }
    }

    /// Its former names.
    pub const fn former_names(&self) -> &'static [&'static str] {
        self.formerly
    }

    /// All its names, the present one first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        once(&*self.name).chain(self.formerly.iter().copied())
    }

    /// Whether what is stored under this name is of this type.
    pub fn is(&self, stored: &str) -> bool {
        self.name == stored || self.formerly.contains(&stored)
    }
}

impl Deref for AggregateType {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for AggregateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for AggregateType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for AggregateType {}

impl PartialEq<AggregateType> for String {
    fn eq(&self, other: &AggregateType) -> bool {
        *self == other.name
    }
}

impl Hash for AggregateType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl From<&'static str> for AggregateType {
    fn from(name: &'static str) -> Self {
        Cow::Borrowed(name).into()
    }
}

impl From<String> for AggregateType {
    fn from(name: String) -> Self {
        Cow::<'static, str>::Owned(name).into()
    }
}

impl From<Cow<'static, str>> for AggregateType {
    fn from(name: Cow<'static, str>) -> Self {
        Self {
            name,
            formerly: &[],
        }
    }
}
