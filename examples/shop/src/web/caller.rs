//! Who sends a request, and for which tenant.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use intent_runtime::prelude::*;

use super::error::ApiError;

// ANCHOR: caller
/// Who sends a request, on behalf of which tenant. A gateway has checked a token, and sets these headers from it; it lets none
/// of them through from outside.
///
/// | header | what |
/// |---|---|
/// | `X-Tenant` | the name of the tenant; the default tenant without it |
/// | `X-Actor` | the person's name |
/// | `X-Roles` | the person's roles, with commas between them |
pub struct Caller(pub Acting);

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let tenant = match text(parts, "x-tenant")? {
            Some(name) => app.tenant(TenantId::from_name(name)),
            None => app.tenant(TenantId::DEFAULT),
        };
        let Some(name) = text(parts, "x-actor")? else {
            let text = "the header X-Actor is missing";
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, text));
        };
        let roles = text(parts, "x-roles")?.unwrap_or_default();
        let roles = roles.split(',').map(str::trim);
        let roles = roles.filter(|role| !role.is_empty());
        Ok(Self(
            tenant.acting(roles.fold(Actor::new(name), Actor::role)),
        ))
    }
}
// ANCHOR_END: caller

/// A header, if it is there. Nothing is guessed of one that is no text.
pub fn text<'p>(parts: &'p Parts, name: &'static str) -> Result<Option<&'p str>, ApiError> {
    let Some(value) = parts.headers.get(name) else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(text) if !text.is_empty() => Ok(Some(text)),
        Ok(_) | Err(_) => {
            let text = format!("the header {name} is empty or not ASCII");
            Err(ApiError::new(StatusCode::BAD_REQUEST, text))
        }
    }
}
