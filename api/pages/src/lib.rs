//! HTML for people: sign-in, consent, logout, sessions, one-time links. Plain forms that work without JavaScript.
//!
//! A page is a template in `templates/`, its words stand in `messages/`, its looks in `assets/style.css`. Handlers read
//! the request, call the domain, and draw. Every form carries a proof that this browser was shown it, every answer to
//! a form is a redirect (303) or the same page with what is wrong, and every page forbids scripts altogether.

mod account;
mod consent;
mod csp;
mod device;
mod error;
mod faults;
mod home;
mod html;
mod link;
mod locale;
mod login;
mod logout;
mod moment;
mod new_password;
mod page;
mod pending;
mod scopes;
mod shell;
mod text;
mod ui;
mod visit;

#[cfg(test)]
mod account_test;
#[cfg(test)]
mod consent_test;
#[cfg(test)]
mod login_test;
#[cfg(test)]
mod markup_test;
#[cfg(test)]
mod messages_test;
#[cfg(test)]
mod surface_test;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod unavailable_test;

use axum::Router;
use woad_http::{Route, Routes, Services, Shape, edge};

pub use error::Pages;

/// Every route, with what it requires.
#[must_use]
pub fn routes() -> Routes<Services> {
    Routes::new(Shape::OAuth)
        .with(Route::get("/", home::handle))
        .with(Route::get("/login", login::show))
        .with(Route::post("/login", login::submit))
        .with(Route::get("/consent", consent::show))
        .with(Route::post("/consent", consent::submit))
        .with(Route::get("/logout", logout::show))
        .with(Route::post("/logout", logout::submit))
        .with(Route::get("/account", account::show))
        .with(Route::post("/account/sessions/end", account::end_session))
        .with(Route::post("/account/sessions/end-all", account::end_all_sessions))
        .with(Route::post("/account/approvals/remove", account::remove_approval))
        .with(Route::post("/account/password", account::change_password))
        .with(Route::get("/link/{token}", link::show))
        .with(Route::post("/link/{token}", link::submit))
        .with(Route::get("/ui/style.css", ui::style))
        .with(Route::get("/ui/icon.svg", ui::icon))
        .with(Route::get("/ui/logo", ui::logo))
}

/// The pages alone, with limits, log and metrics around them; unknown paths are answered as well.
pub fn router(services: Services) -> Router {
    let metrics = services.metrics.clone();
    edge::wrap(routes().into_router(services), Shape::OAuth, metrics)
}
