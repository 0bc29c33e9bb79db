//! The columns of tables, and what is in them.

use uuid::Uuid;

use crate::record::timestamp::Timestamp;

/// One column of a read model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// The name of the field.
    pub name: &'static str,
    /// What is in it.
    pub kind: ColumnKind,
    /// Whether it may be empty.
    pub nullable: bool,
    /// Whether rows are found by it, within a tenant.
    pub indexed: bool,
    /// Whether it is a part of the key.
    pub key: bool,
    /// Whether no two rows of a tenant have the same value in it.
    pub unique: bool,
}

impl Column {
    /// A column that is never empty.
    pub const fn new(name: &'static str, kind: ColumnKind) -> Self {
        Self {
            name,
            kind,
            nullable: false,
            indexed: false,
            key: false,
            unique: false,
        }
    }

    /// The same, which may be empty or not.
    #[must_use]
    pub const fn nullable(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    /// The same, with an index.
    #[must_use]
    pub const fn indexed(mut self) -> Self {
        self.indexed = true;
        self
    }

    /// The same, whose values differ from row to row within a tenant.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The same, as a part of the key.
    #[must_use]
    pub const fn key(mut self) -> Self {
        self.key = true;
        self
    }
}

/// What is in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// `boolean`; 0 or 1 on SQLite.
    Bool,
    /// An integer of 64 bits.
    Integer,
    /// A number of 64 bits with a fraction.
    Float,
    /// A text without NUL.
    Text,
    /// `uuid`; a text on SQLite.
    Id,
    /// `timestamptz`; a text of RFC 3339 in UTC on SQLite, whose order is that of time.
    Time,
    /// `jsonb`; a text on SQLite.
    Json,
}

impl ColumnKind {
    /// One word for it, in the catalogue and the lock.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Text => "text",
            Self::Id => "id",
            Self::Time => "time",
            Self::Json => "json",
        }
    }
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cell {
    /// Nothing.
    Null,
    /// Of a column of the kind [`Bool`](ColumnKind::Bool).
    Bool(bool),
    /// Of the kind [`Integer`](ColumnKind::Integer).
    Integer(i64),
    /// Of the kind [`Float`](ColumnKind::Float).
    Float(f64),
    /// Of the kind [`Text`](ColumnKind::Text).
    Text(String),
    /// Of the kind [`Id`](ColumnKind::Id).
    Id(Uuid),
    /// Of the kind [`Time`](ColumnKind::Time).
    Time(Timestamp),
    /// Of the kind [`Json`](ColumnKind::Json): JSON as text.
    Json(String),
}

impl Cell {
    /// The kind of the columns that it is a value of; `None` for [`Cell::Null`], which any column may have.
    pub const fn kind(&self) -> Option<ColumnKind> {
        match self {
            Self::Null => None,
            Self::Bool(_) => Some(ColumnKind::Bool),
            Self::Integer(_) => Some(ColumnKind::Integer),
            Self::Float(_) => Some(ColumnKind::Float),
            Self::Text(_) => Some(ColumnKind::Text),
            Self::Id(_) => Some(ColumnKind::Id),
            Self::Time(_) => Some(ColumnKind::Time),
            Self::Json(_) => Some(ColumnKind::Json),
        }
    }

    /// What it is, in errors.
    pub(crate) const fn what(&self) -> &'static str {
        match self {
            Self::Null => "nothing in it",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "a text",
            Self::Id(_) => "an id",
            Self::Time(_) => "a time",
            Self::Json(_) => "JSON",
        }
    }
}
