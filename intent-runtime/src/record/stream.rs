//! [`StreamId`], and the [`AggregateType`] in it.

use compact_str::CompactString;
use std::{
    fmt,
    hash::{Hash, Hasher},
    iter::once,
    ops::Deref,
};

use crate::record::id::{AggregateId, TenantId};

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
    /// Whether `stored` is this stream, perhaps under a former name of its type.
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
/// A stream keeps the name under which it began, so that older builds can go on with it. Newer builds find it under the newer
/// name too.
///
/// ```
/// use intent_runtime::store::AggregateType;
/// const FORMERLY: &[&str] = &["BankAccount"];
/// let account = AggregateType::renamed("Account", &FORMERLY);
/// assert!(account.is("BankAccount"));
/// assert_eq!(account, AggregateType::from("Account"));
/// assert_eq!(account.len(), 7);
/// ```
#[derive(Clone, Debug)]
pub struct AggregateType(Name);

/// No larger than a `Cow`, since errors contain it and every result that is moved has room for an error.
#[derive(Clone, Debug)]
enum Name {
    /// With its former names, behind one thin pointer.
    Known(&'static str, FormerNames),
    /// From a store.
    Told(Box<str>),
}

type FormerNames = &'static &'static [&'static str];

const NO_NAMES: &[&str] = &[];

impl AggregateType {
    /// A type that was stored under other names before: a constant, of which only the place is kept.
    pub const fn renamed(name: &'static str, formerly: &'static &'static [&'static str]) -> Self {
        Self(Name::Known(name, formerly))
    }

    /// Its former names.
    pub fn former_names(&self) -> &'static [&'static str] {
        match &self.0 {
            Name::Known(_, formerly) => formerly,
            Name::Told(_) => NO_NAMES,
        }
    }

    /// All its names, the present one first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        once(&**self).chain(self.former_names().iter().copied())
    }

    /// Whether this is its name or a former one.
    pub fn is(&self, stored: &str) -> bool {
        **self == *stored || self.former_names().contains(&stored)
    }
}

impl Deref for AggregateType {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Name::Known(name, _) => name,
            Name::Told(name) => name,
        }
    }
}

impl fmt::Display for AggregateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl PartialEq for AggregateType {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for AggregateType {}

impl PartialEq<AggregateType> for CompactString {
    fn eq(&self, other: &AggregateType) -> bool {
        **self == **other
    }
}

impl Hash for AggregateType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl From<&'static str> for AggregateType {
    fn from(name: &'static str) -> Self {
        Self(Name::Known(name, &NO_NAMES))
    }
}

impl From<String> for AggregateType {
    fn from(name: String) -> Self {
        Self(Name::Told(name.into()))
    }
}

impl From<CompactString> for AggregateType {
    fn from(name: CompactString) -> Self {
        Self(Name::Told(name.into()))
    }
}
