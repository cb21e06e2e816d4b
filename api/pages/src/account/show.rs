//! `GET /account`.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use raft_store_core::{Abort, Freshness, Read, Stored};
use woad_http::Services;
use woad_http::page::PageCall;
use woad_identity::consent::{self, Access};
use woad_identity::session::{self, LiveSession, SessionId, Sessions};
use woad_identity::user::User;
use woad_identity::{csrf, password};

use crate::error::PageError;
use crate::faults::Faults;
use crate::scopes::{self, ScopeLine};
use crate::shell::Shell;
use crate::text::Lang;
use crate::visit::Visit;
use crate::{device, moment, new_password, page};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountTemplate {
    shell: Shell,
    notice: Option<String>,
    refusal: Option<String>,
    faults: Faults,
    csrf: String,
    person: Person,
    sessions: Vec<SessionLine>,
    approvals: Vec<ApprovalLine>,
    more_approvals: bool,
    hint: String,
}

struct Person {
    user_name: String,
    name: Option<String>,
    email: Option<String>,
    since: String,
    has_password: bool,
}

struct SessionLine {
    id: String,
    this: bool,
    device: String,
    began: String,
    seen: String,
    address: String,
    end_label: String,
}

struct ApprovalLine {
    client_id: String,
    client_name: String,
    scopes: Vec<ScopeLine>,
    since: String,
    until: Option<String>,
    asks_again: bool,
    remove_label: String,
}

/// What the page says beside what it shows.
#[derive(Default)]
pub(super) struct Said {
    pub(super) status: StatusCode,
    pub(super) notice: Option<String>,
    pub(super) refusal: Option<String>,
    pub(super) faults: Faults,
}

/// Looking at one's account is using the session.
pub(crate) async fn show(services: Services, call: PageCall) -> Result<Response, PageError> {
    let visit = Visit::new(services, call);
    let Some(hash) = visit.call.session else { return Ok(page::see_other("/login")) };
    let realm = &visit.call.realm;
    let touched = visit.transact(|tx| session::touch(tx, realm, &hash)).await?;
    if touched.is_err() {
        return Ok(page::see_other("/login"));
    }
    let notice = match visit.call.query.get("done") {
        Some("session") => Some("account-done-session"),
        Some("approval") => Some("account-done-approval"),
        _ => None,
    };
    draw(&visit, Said { notice: notice.map(|key| visit.lang.text(key)), ..Said::default() }).await
}

/// The page, of one state. Whoever's session ended meanwhile is sent to sign in.
pub(super) async fn draw(visit: &Visit, said: Said) -> Result<Response, PageError> {
    let template = visit
        .view(Freshness::Linearizable, |view| {
            let Some(session) = visit.session(view)? else { return Ok(None) };
            template(visit, view, &session).map(Some)
        })
        .await?;
    let Some(template) = template else { return Ok(page::see_other("/login")) };
    let shell = Shell { failed: said.status.is_client_error(), ..template.shell };
    let (notice, refusal, faults) = (said.notice, said.refusal, said.faults);
    let template = AccountTemplate { shell, notice, refusal, faults, ..template };
    Ok(page::show(said.status, &template))
}

fn template(visit: &Visit, read: &impl Read, session: &LiveSession) -> Result<AccountTemplate, Abort> {
    let (lang, realm) = (visit.lang, &visit.call.realm);
    let user = session.user();
    let id = user.key.1;
    let sessions = session::list(read, &realm.key, id)?;
    let accesses = consent::accesses(read, &realm.key, id)?;
    Ok(AccountTemplate {
        shell: Shell { wide: true, ..visit.shell(read)? },
        notice: None,
        refusal: None,
        faults: Faults::none(),
        csrf: csrf::token(read, &realm.key, session.hash())?,
        person: person(&user.row, password::stored(read, &realm.key, id)?.is_some()),
        sessions: sessions.iter().map(|stored| session_line(lang, stored, session)).collect(),
        approvals: accesses.clients.iter().map(|access| approval_line(lang, access)).collect(),
        more_approvals: accesses.more,
        hint: new_password::hint(lang, &realm.row),
    })
}

fn person(user: &User, has_password: bool) -> Person {
    let whole = user.name.as_ref().map(|name| match name.formatted.as_str() {
        "" => format!("{} {}", name.given, name.family).trim().to_owned(),
        formatted => formatted.to_owned(),
    });
    Person {
        user_name: user.user_name.clone(),
        name: Some(user.display_name.clone()).filter(|name| !name.is_empty()).or(whole).filter(|name| !name.is_empty()),
        email: user.primary_email().map(|email| email.value.clone()),
        since: moment::day(user.created_ms),
        has_password,
    }
}

fn session_line(lang: Lang, stored: &Stored<Sessions>, this: &LiveSession) -> SessionLine {
    let row = &stored.row;
    let device = device::name(&row.user_agent).unwrap_or_else(|| lang.text("account-session-unknown"));
    let seen = moment::minute(row.last_seen_ms);
    SessionLine {
        id: SessionId::of(&stored.key.1).to_string(),
        this: stored.key.1 == *this.hash(),
        began: moment::minute(row.created_ms),
        address: row.address.clone(),
        end_label: format!("{}: {device}, {seen}", lang.text("account-session-end")),
        device,
        seen,
    }
}

/// One line a client, whatever it has its access from.
fn approval_line(lang: Lang, access: &Access) -> ApprovalLine {
    let client_id = access.client.key.1.to_string();
    let client_name = match access.client.row.client_name.as_str() {
        "" => client_id.clone(),
        name => name.to_owned(),
    };
    ApprovalLine {
        scopes: access.scopes.iter().map(|scope| scopes::line(lang, scope.as_str())).collect(),
        since: moment::day(access.since_ms),
        until: access.until_ms.map(moment::minute),
        asks_again: !access.remembered,
        remove_label: format!("{}: {client_name}", lang.text("account-approval-remove")),
        client_id,
        client_name,
    }
}
