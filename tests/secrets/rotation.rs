//! Rotation of the signing key and the API keys.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::Value;
use tests::db::TestDb;
use tests::unreliable_network::{UnreliableNetwork, Upstream};

use crate::api::{ADMIN_API_KEY, Api, JWT_SECRET_KEY, REVOKED_VERSIONS, put_secrets, until};
use crate::load::Load;
use crate::moto::{Moto, Server};

const NEXT_KEY: &str = "second-key-0123456789abcdef0123456789abcdef";

pub async fn the_signing_key_changes_under_load_and_no_request_fails() {
    let (moto, _db) = prepared().await;
    the_signing_key_changes(&moto, Api::server(&moto).await).await;
}

pub async fn the_signing_key_changes_under_load_in_functions_too() {
    let (moto, _db) = prepared().await;
    the_signing_key_changes(&moto, Api::functions(&moto).await).await;
}

async fn the_signing_key_changes(moto: &Moto, api: Api) {
    let api = Arc::new(api);
    let old = api.log_in().await;
    let mut load = Load::start(&api, [old.clone(), old.clone()]);

    moto.put_parameter(JWT_SECRET_KEY, NEXT_KEY).await;
    let mut new = old.clone();
    until(async || {
        new = api.log_in().await;
        version(&new) == "2"
    })
    .await;
    load.add(&api, new.clone());
    assert_eq!((api.cases(&old).await, api.cases(&new).await), (StatusCode::OK, StatusCode::OK));
    load.succeeded().await;

    moto.put_parameter(REVOKED_VERSIONS, "1").await;
    until(async || api.cases(&old).await == StatusCode::UNAUTHORIZED).await;
    assert_eq!(api.cases(&new).await, StatusCode::OK);
    assert_eq!(api.said("the current version of JWT_SECRET_KEY is revoked"), 0);
}

pub async fn a_process_that_starts_after_a_change_accepts_earlier_tokens() {
    let (moto, _db) = prepared().await;
    let [first, second] = [Api::server(&moto).await.log_in().await, {
        moto.put_parameter(JWT_SECRET_KEY, NEXT_KEY).await;
        Api::server(&moto).await.log_in().await
    }];
    moto.put_parameter(JWT_SECRET_KEY, "third-key-0123456789abcdef0123456789abcdef").await;

    let api = Api::server(&moto).await;

    assert_eq!((version(&first), version(&second), version(&api.log_in().await)), ("1".into(), "2".into(), "3".into()));
    assert_eq!((api.cases(&first).await, api.cases(&second).await), (StatusCode::OK, StatusCode::OK));
    assert_eq!(api.cases(&format!("{second}x")).await, StatusCode::UNAUTHORIZED);
}

pub async fn invalid_credentials_do_not_block_access_to_the_database() {
    let (moto, _db) = prepared().await;
    let api = Api::server_with(&moto, &[("DATABASE_MAX_CONNECTIONS", "1")]).await;
    let token = api.log_in().await;
    let unsigned = token_with_unknown_key();

    let garbage =
        async |n: usize| if n.is_multiple_of(2) { api.users("garbage").await } else { api.cases(&unsigned).await };
    let reviews = async {
        let mut statuses = BTreeSet::new();
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            statuses.insert(api.cases(&token).await);
        }
        statuses
    };
    let (refused, reviews) = tokio::join!(join_all((0..200).map(garbage)), reviews);

    assert_eq!(reviews, [StatusCode::OK].into());
    let refused: BTreeSet<StatusCode> = refused.into_iter().collect();
    assert_eq!(refused, [StatusCode::UNAUTHORIZED, StatusCode::SERVICE_UNAVAILABLE].into());
}

/// A function serves one request at a time, so none may wait until SSM can be asked again.
pub async fn invalid_credentials_do_not_occupy_a_function() {
    let (moto, _db) = prepared().await;
    let api = Api::functions(&moto).await;
    let unsigned = token_with_unknown_key();
    assert_eq!(api.cases(&unsigned).await, StatusCode::UNAUTHORIZED);
    assert_eq!(api.users("garbage").await, StatusCode::UNAUTHORIZED);

    // a process that waits until it can ask SSM again checks every token
    until(async || {
        let status = api.cases(&unsigned).await;
        assert!([StatusCode::SERVICE_UNAVAILABLE, StatusCode::UNAUTHORIZED].contains(&status), "{status}");
        api.said("unknown tokens: one is checked in a second") > 0
    })
    .await;

    assert_eq!(api.users("garbage").await, StatusCode::UNAUTHORIZED);
}

/// A function asks SSM once a second, and would answer the other requests with a 503.
pub async fn a_wrong_signature_of_a_known_key_is_not_looked_up() {
    let (moto, _db) = prepared().await;
    let api = Api::functions(&moto).await;
    let token = api.log_in().await;
    let (signed, _) = token.rsplit_once('.').unwrap();

    for _ in 0..5 {
        assert_eq!(api.cases(&format!("{signed}.AAAA")).await, StatusCode::UNAUTHORIZED);
    }
}

/// SSM has no versions of a key that is set in the environment.
pub async fn a_key_that_is_no_parameter_is_not_looked_up() {
    let (moto, _db) = prepared().await;
    let plain = [("JWT_SECRET_KEY_PARAMETER", ""), ("JWT_SECRET_KEY", NEXT_KEY)];
    let api = Api::functions_with(&moto, &plain).await;

    for _ in 0..5 {
        assert_eq!(api.cases(&token_with_unknown_key()).await, StatusCode::UNAUTHORIZED);
    }
}

/// Returns a token whose key no process knows, so that its key is looked up in SSM.
fn token_with_unknown_key() -> String {
    format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"999999"}"#))
}

pub async fn a_new_api_key_works_everywhere_at_once() {
    let (moto, _db) = prepared().await;
    let (server, functions) = (Api::server(&moto).await, Api::functions(&moto).await);
    assert_eq!(server.users("second-admin-key").await, StatusCode::UNAUTHORIZED);

    moto.put_parameter(ADMIN_API_KEY, "second-admin-key").await;

    for api in [&server, &functions] {
        assert_eq!(api.users("second-admin-key").await, StatusCode::OK);
        assert_eq!(api.users("first-admin-key").await, StatusCode::OK, "the previous key is accepted for a minute");
        assert_eq!(api.users("another-key").await, StatusCode::UNAUTHORIZED);
    }
}

pub async fn without_ssm_the_known_secrets_stay_in_use() {
    let (mut server, db) = (Server::start().await, TestDb::with_contract_data().await);
    let moto = Moto::of(&server);
    put_secrets(&moto, &db.url()).await;
    let api = Arc::new(Api::server(&moto).await);
    let token = api.log_in().await;
    let load = Load::start(&api, [token.clone()]);

    server.stop().await;
    until(async || api.said("secrets cannot be read") > 0).await;

    assert_eq!(api.users("first-admin-key").await, StatusCode::OK);
    load.succeeded().await;
    assert_eq!(api.said("secrets cannot be read"), 1);
}

pub async fn waits_for_ssm_and_for_the_database_share_one_deadline() {
    let (server, db) = (Server::start().await, TestDb::with_contract_data().await);
    let ssm = UnreliableNetwork::before(Upstream::Tcp(server.address())).await;
    let database = UnreliableNetwork::before(Upstream::of_database(&db.url())).await;
    let moto = Moto::through(&server, ssm.address());
    put_secrets(&moto, &database.url(&db.url())).await;
    let api = Api::functions(&moto).await;
    let token = api.log_in().await;
    assert_eq!(api.cases(&token).await, StatusCode::OK);

    ssm.stall(true);
    database.stall(true);
    // A function refreshes secrets that are older than two seconds before it handles a request.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let began = Instant::now();

    assert_eq!(api.cases(&token).await, StatusCode::SERVICE_UNAVAILABLE);
    // If the handler had a separate deadline, it would take six seconds: 1.5 for SSM, then 4.5.
    let took = began.elapsed();
    assert!(Duration::from_secs(3) < took && took < Duration::from_secs(6), "{took:?}");
}

async fn prepared() -> (Moto, TestDb) {
    let (moto, db) = (Moto::start().await, TestDb::with_contract_data().await);
    put_secrets(&moto, &db.url()).await;
    (moto, db)
}

/// Returns the version of the key that signed `token`.
fn version(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap_or_default().to_owned()
}
