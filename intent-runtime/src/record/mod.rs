//! What is stored, and its parts: ids, versions, positions, times, metadata, events and snapshots as records. Below everything
//! else, and without any knowledge of a domain.

pub(crate) mod access;
pub(crate) mod bounded_json;
pub(crate) mod canonical_shape;
pub(crate) mod clock;
pub(crate) mod column;
pub(crate) mod cursor;
pub(crate) mod event;
pub(crate) mod fingerprint;
pub(crate) mod id;
pub(crate) mod metadata;
pub(crate) mod sentence;
pub(crate) mod shape;
pub(crate) mod snapshot;
pub(crate) mod stream;
pub(crate) mod text_form;
pub(crate) mod timestamp;
pub(crate) mod traceparent;
pub(crate) mod version;
