//! Reading and rewriting tokens: attributes, paths, comments, and how a mistake is reported.

pub(crate) mod attr;
pub(crate) mod diag;
pub(crate) mod docs;
pub(crate) mod paths;
pub(crate) mod respan;
pub(crate) mod suggest;
pub(crate) mod symbol;
