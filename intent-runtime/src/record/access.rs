//! Who may read rows.

/// What one role may read of a read model: all rows of the tenant, or those of the actor itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessRule {
    /// The role.
    pub role: &'static str,
    /// The column that has the actor's name in the rows that the role may read; `None` if it may read all.
    pub own: Option<&'static str>,
}

impl AccessRule {
    /// The role reads all rows of the tenant.
    pub const fn all(role: &'static str) -> Self {
        Self { role, own: None }
    }

    /// The role reads the rows that have the actor's name in this column: a text, or an id.
    pub const fn own(role: &'static str, column: &'static str) -> Self {
        let own = Some(column);
        Self { role, own }
    }
}
