//! Every word of the attribute grammar, once.

pub(crate) const AGGREGATE: &str = "aggregate";
pub(crate) const ALLOW: &str = "allow";
pub(crate) const ARITHMETIC: &str = "arithmetic";
pub(crate) const CRATE: &str = "crate";
pub(crate) const CREATE: &str = "create";
pub(crate) const CREATED_BY: &str = "created_by";
pub(crate) const DEFAULT: &str = "default";
pub(crate) const EVENTS: &str = "events";
pub(crate) const EVERY: &str = "every";
pub(crate) const FORMERLY: &str = "formerly";
pub(crate) const FROM: &str = "from";
pub(crate) const HANDLE: &str = "handle";
pub(crate) const ID: &str = "id";
pub(crate) const NAME: &str = "name";
pub(crate) const ON: &str = "on";
pub(crate) const READABLE_BY: &str = "readable_by";
pub(crate) const REMOVED: &str = "removed";
pub(crate) const RENAMED: &str = "renamed";
pub(crate) const RETIRED: &str = "retired";
pub(crate) const SINCE: &str = "since";
pub(crate) const SNAPSHOT: &str = "snapshot";
pub(crate) const SPLIT: &str = "split";
pub(crate) const UNCHANGED: &str = "unchanged";
pub(crate) const UPCAST: &str = "upcast";
pub(crate) const VERSION: &str = "version";
