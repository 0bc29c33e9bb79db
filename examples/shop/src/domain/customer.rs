//! Who buys.

use intent_runtime::prelude::*;

// ANCHOR: customer
/// A customer, by e-mail.
#[derive(Aggregate, Debug, Clone)]
#[aggregate(created_by(Registered), events(EmailChanged))]
pub struct Customer {
    #[id]
    id: Id<Customer>,
    #[on(Registered = |e| e.email.clone(), EmailChanged = |e| e.email.clone())]
    email: String,
}

/// Somebody became a customer.
#[event]
pub struct Registered {
    pub name: String,
    pub email: String,
}

/// The customer has another e-mail.
#[event]
pub struct EmailChanged {
    pub email: String,
}

/// The text is no e-mail.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("`{0}` is not an e-mail address")]
pub struct NoEmail(String);

#[commands]
impl Customer {
    /// Becomes a customer. That no other customer has the e-mail, the read model `CustomerCard` ensures.
    #[create]
    pub fn register(name: String, email: String) -> Result<Registered, NoEmail> {
        let email = checked(email)?;
        Ok(Registered { name, email })
    }

    /// Changes the e-mail.
    #[handle]
    pub fn change_email(&self, email: String) -> Result<Option<EmailChanged>, NoEmail> {
        let email = checked(email)?;
        Ok((email != self.email).then_some(EmailChanged { email }))
    }
}
// ANCHOR_END: customer

/// The e-mail in lower case, so that each is written in one way.
fn checked(email: String) -> Result<String, NoEmail> {
    let is_one = email
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    match is_one && !email.contains(char::is_whitespace) {
        true => Ok(email.to_lowercase()),
        false => Err(NoEmail(email)),
    }
}
