//! `POST /admin/users`: administrators invite accounts; `{"users": […]}` → 201 `{"<email>": "added" or "failed: …"}`.
//! `GET /admin/users`: all accounts. `GET /admin/users/{id}`: the name and address of an account. `DELETE
//! /admin/users/{id}/invitation`: withdraws an account that has not signed up.

pub mod invitation;
pub mod queries;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{delete, get};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::answer_limit::AnswerLimit;
use shared::audit::Action;
use shared::auth::Admin;
use shared::config::Signup;
use shared::errors::{bad_request, conflict, not_found};
use shared::extract::{Json, Object, Path, Query};
use shared::http::{Admission, Deadline};
use shared::mailed_link::{self, Occasion};
use shared::openapi::{BadRequest, BodyRefused, CallerRefused, Conflict, NotFound, ServerError};
use shared::paging::{Page, PageParameters, PageRequest};
use shared::reply::{Created, Data, Envelope, Id};
use shared::{ApiError, App};
use utoipa::{OpenApi, ToSchema};

use invitation::Invitation;
use queries::{Account, Withdrawn};

#[derive(Deserialize, ToSchema)]
struct Invitations {
    #[schema(value_type = Vec<Invitation>)]
    users: Vec<Object<Invitation>>,
}

#[derive(Serialize, ToSchema)]
struct Accounts {
    users: Vec<Account>,
    /// The cursor of the next page; null if there is none. Absent if the list is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i32>, required = false)]
    next_cursor: Option<Option<i32>>,
}

#[derive(Serialize, ToSchema)]
struct AccountName {
    name: Option<String>,
    email: String,
}

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(post_users, get_users, get_user, delete_invitation))]
pub struct Api;

/// Requests wait for a database connection.
pub const ADMISSION: Admission = Admission::Database;

/// Returns the routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/admin/users", get(get_users).post(post_users))
        .route("/admin/users/{id}", get(get_user))
        .route("/admin/users/{id}/invitation", delete(delete_invitation))
}

/// Mails that were not sent this long after the request began are reported as not sent: the answer that says so must
/// leave before the deadline.
const MAILED_WITHIN: Duration = Duration::from_secs(4);

const NOT_MAILED: &str = "added, but its mail did not leave: withdraw the invitation and invite again";

/// Invites accounts. With `SIGNUP=by-mail`, each new account is mailed a link that is valid for a week. A malformed
/// account makes the whole request fail (400). Otherwise each account is judged separately: the answer names those that
/// exist (ignoring case) or are too long for the table; the others are added.
#[utoipa::path(
    post,
    path = "/admin/users",
    tag = "admin",
    request_body = inline(Invitations),
    security(("admin_key" = []), ("token" = [])),
    responses(
        (status = 201, description = "By address: `added`, `added, but its mail did not leave: …`, or `failed: …` with the reason.",
            body = inline(Envelope<BTreeMap<String, String>>)),
        BadRequest,
        BodyRefused,
        CallerRefused,
        ServerError
    )
)]
async fn post_users(
    Admin(author): Admin,
    State(app): State<App>,
    limit: AnswerLimit,
    deadline: Deadline,
    Json(Object(invitations)): Json<Object<Invitations>>,
) -> Result<Created<BTreeMap<String, String>>, ApiError> {
    for (index, Object(invitation)) in invitations.users.iter().enumerate() {
        invitation.check_email().map_err(|reason| bad_request(format!("users[{index}].email: {reason}")))?;
    }
    let users = invitations.users.into_iter().map(|Object(invitation)| invitation);
    let (refused, fitting): (Vec<_>, Vec<_>) = users.partition(|invitation| invitation.too_long().is_some());
    if let (Some(reason), true) = (refused.first().and_then(Invitation::too_long), fitting.is_empty()) {
        return Err(bad_request(reason));
    }
    let by_mail = app.signup == Signup::ByMail;
    if by_mail {
        mailed_link::frontend_url(&app)?;
    }
    let mut transaction = app.db.begin().await?;
    let added = queries::add(&mut transaction, &fitting).await?;
    let invitations = refused.into_iter().chain(fitting);
    let outcome = |invitation: Invitation| {
        let outcome = match invitation.too_long() {
            Some(reason) => format!("failed: {reason}"),
            // the longest outcome, so that the answer's size is checked before anything is stored
            None if added.contains_key(&invitation.email) && by_mail => NOT_MAILED.to_owned(),
            None if added.contains_key(&invitation.email) => "added".to_owned(),
            None => "failed: already existed".to_owned(),
        };
        (invitation.email, outcome)
    };
    let mut outcomes: BTreeMap<String, String> = invitations.map(outcome).collect();
    limit.check(&outcomes)?;
    if !added.is_empty() {
        let ids: Vec<String> = added.values().map(ToString::to_string).collect();
        author.record(&mut transaction, Action::InviteAccounts, &ids, json!({ "added": added.len() })).await?;
    }
    let emails: Vec<String> = added.into_keys().filter(|_| by_mail).collect();
    let links = mailed_link::store(&mut *transaction, &emails, Occasion::Invitation).await?;
    let (links, end) = (emails.into_iter().zip(links).collect(), deadline.began() + MAILED_WITHIN);
    for email in mailed_link::commit_and_mail(&app, transaction, links, end).await? {
        outcomes.insert(email, "added".to_owned());
    }
    Ok(Created(outcomes))
}

/// Lists all accounts.
#[utoipa::path(
    get,
    path = "/admin/users",
    tag = "admin",
    params(PageParameters),
    security(("admin_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "Ordered by id.", body = inline(Envelope<Accounts>),
            headers(("Link" = String, description = "The next page (RFC 8288), if there is one."))),
        BadRequest,
        CallerRefused,
        ServerError
    )
)]
async fn get_users(
    _: Admin,
    State(app): State<App>,
    answers: AnswerLimit,
    Query(parameters): Query<PageParameters>,
) -> Result<Response, ApiError> {
    let request = PageRequest::of(&parameters)?;
    let read = |after, most| queries::all(&app.db, after, most);
    let Page { rows: users, next_cursor } = request.read(answers, Account::id, read).await?;
    Ok(request.linked(Data(Accounts { users, next_cursor }), "/admin/users", "", next_cursor))
}

/// Returns the name and address of an account.
#[utoipa::path(
    get,
    path = "/admin/users/{id}",
    tag = "admin",
    params(("id" = i32, Path, description = "The account's id.")),
    security(("admin_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "The account.", body = inline(Envelope<AccountName>)),
        BadRequest,
        CallerRefused,
        NotFound,
        ServerError
    )
)]
async fn get_user(_: Admin, State(app): State<App>, Path(id): Path<String>) -> Result<Data<AccountName>, ApiError> {
    let id = account_id(&id)?;
    let account = sqlx::query_as!(AccountName, r#"SELECT name, email FROM "user" WHERE id = $1"#, id)
        .fetch_optional(&app.db)
        .await?;
    Ok(Data(account.ok_or_else(unknown)?))
}

/// Withdraws the invitation of an account that has not signed up: deletes the account and its links, but not its
/// assignments.
#[utoipa::path(
    delete,
    path = "/admin/users/{id}/invitation",
    tag = "admin",
    params(("id" = i32, Path, description = "The account's id.")),
    security(("admin_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "The deleted account.", body = inline(Envelope<Id<i32>>)),
        BadRequest,
        CallerRefused,
        NotFound,
        Conflict,
        ServerError
    )
)]
async fn delete_invitation(
    Admin(author): Admin,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Data<Id<i32>>, ApiError> {
    let id = account_id(&id)?;
    let mut transaction = app.db.begin().await?;
    match queries::withdraw(&mut transaction, id).await? {
        Withdrawn::Unknown => return Err(unknown()),
        Withdrawn::HasSignedUp => return Err(conflict("This account has already signed up: deactivate it instead")),
        Withdrawn::Gone => {}
    }
    author.record(&mut transaction, Action::WithdrawInvitations, &[id.to_string()], json!({ "accounts": 1 })).await?;
    transaction.commit().await?;
    Ok(Data(Id { id }))
}

fn account_id(text: &str) -> Result<i32, ApiError> {
    text.parse().map_err(|_| unknown())
}

fn unknown() -> ApiError {
    not_found("No such account")
}
