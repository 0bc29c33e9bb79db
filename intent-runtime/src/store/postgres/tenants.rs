//! The list of tenants that a statement is for, which the row policies compare with.

use std::fmt::Write;

use crate::TenantId;

/// The setting `intent.tenants` for these tenants.
pub(super) fn list(tenants: impl Iterator<Item = TenantId>) -> String {
    let mut list = String::new();
    let mut last = None;
    for tenant in tenants {
        // A batch is in order of tenants, and most are of one.
        if last == Some(tenant) {
            continue;
        }
        let comma = if last.is_some() { "," } else { "" };
        let _ = write!(list, "{comma}{tenant}");
        last = Some(tenant);
    }
    list
}
