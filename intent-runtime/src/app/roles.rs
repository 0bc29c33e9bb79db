//! [`Roles`]: those that a domain declares.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use similar::get_close_matches;

use crate::dispatch::actor::Actor;

/// The roles that a domain declares, which tell a misspelt one.
pub(super) struct Roles {
    declared: Vec<String>,
    /// The undeclared roles that the log has a warning of.
    warned_of: Mutex<HashSet<String>>,
}

impl Roles {
    /// How many undeclared roles there are warnings of: actors are made from requests, whose roles may be of any number.
    const MOST_WARNINGS: usize = 100;

    pub(super) fn new(declared: Vec<String>) -> Self {
        Self {
            declared,
            warned_of: Mutex::default(),
        }
    }

    /// Warns of each role of the actor that the domain does not declare, once. Not an error: an identity provider may add
    /// roles that are none of this domain's, and a role that nobody declared allows nothing.
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
    /// How alike two names must be, from 0 to 1, for one to be a misspelling of the other.
    const ALIKE: f32 = 0.6;
    let declared: Vec<&str> = declared.iter().map(String::as_str).collect();
    let nearest = get_close_matches(role, &declared, 1, ALIKE);
    nearest.first().map(|role| String::from(*role))
}
