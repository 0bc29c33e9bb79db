//! [`Roles`]: the declared roles of a domain.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use crate::{dispatch::actor::Actor, schema::nearest};

/// The roles that a domain declares, so that misspelt ones are noticed.
pub(super) struct Roles {
    declared: Vec<String>,
    /// The undeclared roles that were logged.
    warned_of: Mutex<HashSet<String>>,
}

impl Roles {
    /// How many undeclared roles are logged. Actors come from requests, which may name any number of roles.
    const MOST_WARNINGS: usize = 100;

    pub(super) fn new(declared: Vec<String>) -> Self {
        Self {
            declared,
            warned_of: Mutex::default(),
        }
    }

    /// Logs each role of the actor that the domain does not declare, once. It is no error, because an identity provider may add
    /// roles of other programs, and an undeclared role allows nothing.
    pub(super) fn warn_of_undeclared(&self, actor: &Actor) {
        if self.declared.is_empty() {
            return;
        }
        let roles = actor.roles().iter();
        for role in roles.filter(|role| !self.declared.contains(role)) {
            let mut warned_of = self
                .warned_of
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if warned_of.len() < Self::MOST_WARNINGS && warned_of.insert(role.clone()) {
                tracing::warn!(
                    role,
                    nearest = nearest(role, &self.declared),
                    "an actor has a role that the domain does not declare: it allows nothing"
                );
            }
        }
    }
}

/// The declared role whose name is nearest, if one is near.
pub(super) fn nearest(role: &str, declared: &[String]) -> Option<String> {
    let declared = declared.iter().map(String::as_str);
    nearest::nearest(role, declared).map(str::to_owned)
}
