//! [`Actor`]: on whose behalf a command is sent.

use std::fmt;

use crate::{
    dispatch::{error::SendError, options::SendOptions},
    model::{aggregate::Aggregate, any_command::CommandHead},
};

/// A person, service or device that commands are sent for, with the roles it has.
///
/// ```
/// use intent_runtime::prelude::*;
/// let ada = Actor::new("ada").role("teller").role("manager");
/// assert_eq!(ada.name(), "ada");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    name: String,
    roles: Vec<String>,
}

impl Actor {
    /// An actor without a role. The name is stored with every event of its commands.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            roles: Vec::new(),
        }
    }

    /// The same actor with one more role. Where several of its roles may send a command, it acts in the one given first.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its roles, in the order given.
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// What an error says of its roles.
    pub(crate) fn write_roles(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.roles() {
            [] => write!(f, "the actor has no role"),
            [role] => write!(f, "the actor has the role `{role}`"),
            roles => write!(f, "the actor has the roles `{}`", roles.join("`, `")),
        }
    }
}

/// How a command is sent: for an actor in the first of its roles that may, or in the first one at all if everybody may.
///
/// # Errors
/// [`SendError::Forbidden`] if none of the actor's roles is allowed.
pub(crate) fn options_for<A: Aggregate, E>(
    actor: Option<&Actor>,
    command: &CommandHead<A>,
    options: SendOptions,
) -> Result<SendOptions, SendError<E>> {
    let Some(actor) = actor else {
        return Ok(options);
    };
    let allowed = command.allowed;
    let mut roles = actor.roles.iter().map(String::as_str);
    let role = roles.find(|role| allowed.is_empty() || allowed.contains(role));
    if !allowed.is_empty() && role.is_none() {
        return Err(SendError::Forbidden {
            command: command.name,
            aggregate: A::TYPE,
            actor: actor.clone(),
            allowed,
        });
    }
    Ok(options.of_actor(&actor.name, role))
}
