//! A function's environment in AWS: secrets in Parameter Store, and a database behind TLS whose certificate the function verifies.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use local::tls::TlsServer;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

use crate::Failure;
use crate::postgres::Database;
use crate::server::environment;

/// Secrets in Parameter Store, and the variables that name their parameters.
const SECRETS: [(&str, &str); 4] = [
    ("DATABASE_URL", "DATABASE_URL_PARAMETER"),
    ("JWT_SECRET_KEY", "JWT_SECRET_KEY_PARAMETER"),
    ("ADMIN_API_KEY", "ADMIN_API_KEY_PARAMETER"),
    ("EXPORT_API_KEY", "EXPORT_API_KEY_PARAMETER"),
];

/// Parameter Store and a TLS proxy to the database, which stop when this is dropped.
pub struct AwsEnvironment {
    /// The function's environment variables.
    pub environment: Vec<(&'static str, String)>,
    _authority: NamedTempFile,
    _tls: TlsServer,
    ssm: JoinHandle<()>,
}

impl AwsEnvironment {
    pub async fn of(database: &Database) -> Result<Self, Failure> {
        let tls = TlsServer::start(&database.url, "localhost").await?;
        let mut file = NamedTempFile::new()?;
        file.write_all(tls.authority().as_bytes())?;
        let mut url: Url = database.url.parse()?;
        url.set_host(Some("localhost"))?;
        url.set_port(Some(tls.port())).map_err(|()| "the database's address cannot have a port")?;
        url.set_query(Some("sslmode=verify-full"));
        let (mut variables, mut stored) = (Vec::new(), Vec::new());
        for (name, value) in environment(&database.at(url.into())) {
            match SECRETS.iter().find(|(secret, _)| *secret == name) {
                Some((_, parameter)) => {
                    variables.push((*parameter, format!("/bench/{name}")));
                    stored.push((format!("/bench/{name}"), value));
                }
                None => variables.push((name, value)),
            }
        }
        let (address, ssm) = serve_parameters(stored).await?;
        variables.extend([
            ("AWS_ENDPOINT_URL", format!("http://{address}")),
            ("AWS_ACCESS_KEY_ID", "invented".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "invented".to_owned()),
            ("PGSSLROOTCERT", file.path().display().to_string()),
        ]);
        Ok(Self { environment: variables, _authority: file, _tls: tls, ssm })
    }
}

impl Drop for AwsEnvironment {
    fn drop(&mut self) {
        self.ssm.abort();
    }
}

/// Serves `GetParameters` (AWS Systems Manager API Reference) without a delay: AWS's latency is not part of the measurement.
async fn serve_parameters(values: Vec<(String, String)>) -> Result<(SocketAddr, JoinHandle<()>), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let values = Arc::new(values);
    let serving = tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let values = Arc::clone(&values);
            let answer = service_fn(move |request| get_parameters(request, Arc::clone(&values)));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(client), answer));
        }
    });
    Ok((address, serving))
}

async fn get_parameters(
    request: Request<Incoming>,
    values: Arc<Vec<(String, String)>>,
) -> Result<Response<Full<Bytes>>, Failure> {
    let requested: Value = serde_json::from_slice(&request.into_body().collect().await?.to_bytes())?;
    let names = requested["Names"].as_array().cloned().unwrap_or_default();
    let known = values.iter().filter(|(name, _)| names.iter().any(|requested| requested == name.as_str()));
    let parameters: Vec<Value> = known
        .map(|(name, value)| json!({"Name": name, "Type": "SecureString", "Value": value, "Version": 1}))
        .collect();
    let invalid: Vec<&Value> =
        names.iter().filter(|requested| !values.iter().any(|(name, _)| *requested == name.as_str())).collect();
    let body = json!({"Parameters": parameters, "InvalidParameters": invalid}).to_string();
    Ok(Response::builder().header("content-type", "application/x-amz-json-1.1").body(Full::new(body.into()))?)
}
