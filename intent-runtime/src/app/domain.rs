//! [`Domain`]: what a model consists of.

use std::{fmt, sync::Arc};

use crate::{
    app::roles::{self, Roles},
    by_name::ByName,
    dispatch::inline::InlineModels,
    model::{
        aggregate::Aggregate, command::Command, projection::Projection, read_model::ReadModel,
    },
    read_model::kind::ReadModelKind,
    schema::catalogue::{
        self, Catalogue, HandWritten,
        mistake::{DomainError, DomainMistake},
    },
};

/// What a model consists of: its aggregates, the commands written by hand, and the roles that people act in.
///
/// It needs no store. Write it once, as a function, and give it to [`App::connect`](crate::App::connect), to
/// [`lock::check!`](macro@crate::lock::check) and to whatever shows the [`Catalogue`].
///
/// Building it refuses nothing. [`check`](Self::check) reports all mistakes at once, and so does opening an app with it.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// fn bank() -> Domain {
///     Domain::new().aggregate::<Account>().roles(["teller", "customer"])
/// }
/// assert_eq!(bank().check(), Ok(()));
/// ```
#[derive(Clone, Default)]
pub struct Domain {
    catalogue: Catalogue,
    by_name: ByName,
    /// Commands whose aggregate was not added yet.
    waiting: Vec<HandWritten>,
    roles: Vec<String>,
    mistakes: Vec<DomainMistake>,
    read_models: Vec<ReadModelKind>,
}

/// What an app needs of a domain.
pub(super) struct Parts {
    pub(super) catalogue: Catalogue,
    pub(super) by_name: ByName,
    pub(super) roles: Roles,
    pub(super) read_models: Arc<[ReadModelKind]>,
    pub(super) inline: Arc<InlineModels>,
}

impl Domain {
    /// An empty domain.
    pub fn new() -> Self {
        Self::default()
    }

    /// The domain of one aggregate: short for `Domain::new().aggregate::<A>()`.
    #[must_use]
    pub fn of<A: Aggregate>() -> Self {
        Self::new().aggregate::<A>()
    }

    /// Adds an aggregate, with its events and the commands that `#[commands]` lists.
    #[must_use]
    pub fn aggregate<A: Aggregate>(mut self) -> Self {
        match self.catalogue.add::<A>() {
            Ok(()) => self.by_name.add::<A>(),
            Err(mistake) => self.mistakes.push(mistake),
        }
        self.with_hand_written()
    }

    /// Adds a command that is written by hand, with `impl Decide<C>` outside of `#[commands]`. Its aggregate may be added
    /// before or after it.
    #[must_use]
    pub fn command<C: Command>(mut self) -> Self {
        self.waiting.push(HandWritten::of::<C>());
        self.with_hand_written()
    }

    /// Adds a read model. The aggregates whose events it hears must be of the domain too.
    #[must_use]
    pub fn read_model<M: ReadModel>(mut self) -> Self {
        self.catalogue.add_read_model::<M>();
        self.read_models.push(ReadModelKind::of::<M>());
        self
    }

    /// Adds a projection of an app. It is no part of the catalogue.
    pub(super) fn projection(mut self, projection: impl Projection) -> Self {
        self.read_models
            .push(ReadModelKind::of_projection(projection));
        self
    }

    /// Declares the roles that people act in, beside those declared before. `allow(..)` and
    /// `access(..)` may name no others.
    ///
    /// An [`Actor`](crate::Actor) may have other roles, such as those that an identity provider adds. They allow nothing. For the
    /// first hundred of them, each app logs one warning with the declared role whose name is nearest. Where a domain declares
    /// no roles, `allow(..)` may name any, and there is no warning.
    #[must_use]
    pub fn roles<R: Into<String>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        self.roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// Whether the domain has no mistake.
    ///
    /// # Errors
    /// [`DomainError`] with every [`DomainMistake`].
    pub fn check(&self) -> Result<(), DomainError> {
        let mut mistakes = self.mistakes.clone();
        let mut catalogue = self.catalogue.clone();
        let waiting = self.waiting.iter();
        mistakes.extend(waiting.filter_map(|command| catalogue.add_command(*command).err()));
        mistakes.extend(self.undeclared_roles());
        mistakes.extend(self.of_read_models());
        DomainError::of(mistakes)
    }

    /// The domain as a value. If two things share a name, it has the first.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What an app needs of the domain.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(super) fn into_parts(self) -> Result<Parts, DomainError> {
        self.check()?;
        let mut inline = InlineModels::default();
        for kind in &self.read_models {
            let heard = kind.heard().into_iter().next();
            if let (Some(model), Some(heard)) = (kind.inline(), heard) {
                inline.add(heard.type_id, model);
            }
        }
        Ok(Parts {
            inline: inline.into(),
            catalogue: self.catalogue,
            by_name: self.by_name,
            roles: Roles::new(self.roles),
            read_models: self.read_models.into(),
        })
    }

    /// Adds the commands that waited for their aggregate, if it is there.
    fn with_hand_written(mut self) -> Self {
        for command in std::mem::take(&mut self.waiting) {
            match self.catalogue.add_command(command) {
                Ok(()) => {}
                Err(DomainMistake::CommandWithoutAggregate { .. }) => self.waiting.push(command),
                Err(mistake) => self.mistakes.push(mistake),
            }
        }
        self
    }

    /// Read models and projections that share a name, hear aggregates that are not in the domain or one event twice, or name roles that are not
    /// declared.
    fn of_read_models(&self) -> Vec<DomainMistake> {
        let mut mistakes = Vec::new();
        for (index, kind) in self.read_models.iter().enumerate() {
            let table = kind.table.name;
            let mut before = self.read_models[..index].iter();
            if let Some(other) = before.find(|it| it.table.name == table) {
                mistakes.push(of_one_name(kind, other));
            }
            let heard = kind.heard();
            let unknown = heard
                .iter()
                .filter(|heard| !self.catalogue.has(heard.type_id));
            mistakes.extend(unknown.map(|heard| {
                let (aggregate, name) = (heard.name, table);
                let missing = catalogue::aggregate_call_of(heard.type_name);
                match kind.table.has_rows() {
                    true => DomainMistake::ReadModelWithoutAggregate {
                        table,
                        aggregate,
                        missing,
                    },
                    false => DomainMistake::ProjectionWithoutAggregate {
                        name,
                        aggregate,
                        missing,
                    },
                }
            }));
            for heard in heard.iter().filter(|heard| heard.links.is_empty()) {
                mistakes.extend(heard.linked.iter().map(|event| DomainMistake::NoLink {
                    table,
                    aggregate: heard.name,
                    event,
                }));
            }
            // A projection may make two things of one event.
            for heard in heard.iter().filter(|_| kind.table.has_rows()) {
                let twice = heard.twice.iter();
                mistakes.extend(twice.map(|event| DomainMistake::EventListedTwice {
                    table,
                    aggregate: heard.name,
                    event,
                }));
            }
            let roles = kind.table.access.iter().map(|rule| rule.role);
            let undeclared = roles.filter(|role| !self.roles.iter().any(|known| known == role));
            mistakes.extend(undeclared.map(|role| DomainMistake::UndeclaredReader {
                table,
                role,
                nearest: roles::nearest(role, &self.roles),
            }));
        }
        mistakes
    }

    /// The roles in `allow(..)` that the domain does not declare.
    fn undeclared_roles(&self) -> Vec<DomainMistake> {
        let roles: Vec<&str> = self.roles.iter().map(String::as_str).collect();
        let aggregates = self.catalogue.aggregates().iter();
        let commands = aggregates.flat_map(|aggregate| {
            let commands = aggregate.commands.iter();
            commands.map(|command| (aggregate.name, command))
        });
        let allowed = commands.flat_map(|(aggregate, command)| {
            let roles = command.allowed.iter();
            roles.map(move |role| (aggregate, command.name, *role))
        });
        allowed
            .filter(move |(.., role)| !roles.contains(role))
            .map(|(aggregate, command, role)| DomainMistake::UndeclaredRole {
                aggregate,
                command,
                role,
                nearest: roles::nearest(role, &self.roles),
            })
            .collect()
    }
}

/// Two read models or projections of one name.
fn of_one_name(kind: &ReadModelKind, other: &ReadModelKind) -> DomainMistake {
    let (table, name) = (kind.table.name, kind.table.name);
    let is_same = kind.type_id == other.type_id;
    match (kind.table.has_rows(), other.table.has_rows()) {
        (true, true) if is_same => DomainMistake::ReadModelTwice { table },
        (true, true) => DomainMistake::TableName { table },
        (false, false) if is_same => DomainMistake::ProjectionTwice { name },
        (false, false) => DomainMistake::ProjectionName { name },
        _ => DomainMistake::ProjectionOfTable { name },
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.catalogue.fmt(f)
    }
}
