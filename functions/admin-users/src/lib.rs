//! `POST /admin/users`: administrators invite accounts; `{"users": […]}` → 201 `{"<email>": "added" or "failed: …"}`.
//! `GET /admin/users`: all accounts. `GET /admin/users/{id}`: name and address of one.

pub mod invitation;
pub mod queries;

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::answer_limit::AnswerLimit;
use shared::audit::Action;
use shared::auth::Admin;
use shared::errors::{bad_request, not_found};
use shared::extract::{Json, Object, Path};
use shared::openapi::{BadRequest, BodyRefused, CallerRefused, NotFound, ServerError};
use shared::reply::{Created, Data, Envelope};
use shared::{ApiError, App};
use utoipa::{OpenApi, ToSchema};

use invitation::Invitation;
use queries::Account;

#[derive(Deserialize, ToSchema)]
struct Invitations {
    #[schema(value_type = Vec<Invitation>)]
    users: Vec<Object<Invitation>>,
}

#[derive(Serialize, ToSchema)]
struct Accounts {
    users: Vec<Account>,
}

#[derive(Serialize, ToSchema)]
struct AccountName {
    name: Option<String>,
    email: String,
}

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(post_users, get_users, get_user))]
pub struct Api;

/// The routes.
pub fn router() -> Router<App> {
    Router::new().route("/admin/users", get(get_users).post(post_users)).route("/admin/users/{id}", get(get_user))
}

/// A malformed account refuses the whole request (400). Of well-formed ones each stands alone: those that exist already,
/// in any case, or that the table cannot hold are named in the answer, and the others are added.
#[utoipa::path(
    post,
    path = "/admin/users",
    tag = "admin",
    request_body = inline(Invitations),
    security(("admin_key" = []), ("token" = [])),
    responses(
        (status = 201, description = "By address: `added`, or `failed: …` with the reason.",
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
    let mut transaction = app.db.begin().await?;
    let added = queries::add(&mut transaction, &fitting).await?;
    let outcome = |invitation: Invitation| {
        let outcome = match invitation.too_long() {
            Some(reason) => format!("failed: {reason}"),
            None if added.contains_key(&invitation.email) => "added".to_owned(),
            None => "failed: already existed".to_owned(),
        };
        (invitation.email, outcome)
    };
    let outcomes = refused.into_iter().chain(fitting).map(outcome).collect();
    limit.check(&outcomes)?;
    if !added.is_empty() {
        let ids: Vec<String> = added.values().map(ToString::to_string).collect();
        author.record(&mut transaction, Action::InviteAccounts, &ids, json!({ "added": added.len() })).await?;
    }
    transaction.commit().await?;
    Ok(Created(outcomes))
}

/// All accounts.
#[utoipa::path(
    get,
    path = "/admin/users",
    tag = "admin",
    security(("admin_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "In order of their ids.", body = inline(Envelope<Accounts>)),
        CallerRefused,
        ServerError
    )
)]
async fn get_users(_: Admin, State(app): State<App>) -> Result<Data<Accounts>, ApiError> {
    let users = queries::all(&app.db).await?;
    Ok(Data(Accounts { users }))
}

/// Name and address of an account.
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
    let unknown = || not_found("No such account");
    let id: i32 = id.parse().map_err(|_| unknown())?;
    let account = sqlx::query_as!(AccountName, r#"SELECT name, email FROM "user" WHERE id = $1"#, id)
        .fetch_optional(&app.db)
        .await?;
    Ok(Data(account.ok_or_else(unknown)?))
}
