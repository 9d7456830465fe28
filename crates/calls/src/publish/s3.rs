//! A bucket behind the S3 protocol, asked over the same HTTP and TLS as everything here.

use crate::error::CallsError;
use async_trait::async_trait;
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::rt::TokioExecutor;
use object_store::aws::AmazonS3Builder;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{ClientConfigKey, ClientOptions, Error, ObjectStore, RetryConfig};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A server that does not take a connection for so long is not there.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest that a part may take to go and be answered.
const ANSWER: Duration = Duration::from_mins(5);
/// Again after a failure, at most so often.
const RETRIES_MAX: usize = 4;
const RETRY: Duration = Duration::from_mins(1);

/// The bucket that a URL and the environment name.
pub(super) fn open(
    url: &str,
    bucket: &str,
    vars: &BTreeMap<String, String>,
) -> Result<Arc<dyn ObjectStore>, CallsError> {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    if bucket.is_empty() || !bucket.bytes().all(fits) {
        return Err(CallsError::Parameter(format!(
            "{url} names no bucket; write s3://BUCKET/PREFIX, and the credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )));
    }
    require_credentials(url, vars)?;
    require_encryption(url, vars)?;
    let mut builder = AmazonS3Builder::new();
    for (name, value) in vars {
        let known = name.strip_prefix("AWS_").map(|_| name.to_ascii_lowercase());
        if let Some(key) = known.and_then(|name| name.parse().ok()) {
            builder = builder.with_config(key, value);
        }
    }
    let built = builder
        .with_bucket_name(bucket)
        .with_retry(RetryConfig {
            max_retries: RETRIES_MAX,
            retry_timeout: RETRY,
            ..RetryConfig::default()
        })
        .with_http_connector(Wire)
        .build();
    let store = built.map_err(|error| {
        CallsError::Parameter(format!(
            "{url}: the variables AWS_… do not fit together ({error}); check them"
        ))
    })?;
    Ok(Arc::new(store))
}

/// Without any the library would ask an address that only Amazon's machines know.
fn require_credentials(url: &str, vars: &BTreeMap<String, String>) -> Result<(), CallsError> {
    let ways: [&[&str]; 4] = [
        &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
        &["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"],
        &["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
        &["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
    ];
    let given = |name: &&str| vars.get(*name).is_some_and(|value| !value.is_empty());
    if ways.iter().any(|way| way.iter().all(given)) {
        return Ok(());
    }
    Err(CallsError::Parameter(format!(
        "no credentials for {url}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_ENDPOINT_URL where it is not Amazon's)"
    )))
}

/// A plain endpoint only where somebody said so.
fn require_encryption(url: &str, vars: &BTreeMap<String, String>) -> Result<(), CallsError> {
    let endpoints = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
    let endpoint = endpoints.iter().find_map(|name| vars.get(*name));
    let allowed = vars
        .get("AWS_ALLOW_HTTP")
        .is_some_and(|value| value == "true");
    match endpoint {
        Some(endpoint) if endpoint.starts_with("http://") && !allowed => {
            Err(CallsError::Parameter(format!(
                "the endpoint {endpoint} of {url} is not encrypted; name one with https://, or set AWS_ALLOW_HTTP=true where the way to it is \
                 safe"
            )))
        }
        _ => Ok(()),
    }
}

/// Makes connections.
#[derive(Debug)]
struct Wire;

/// Connections that are kept while they are used.
#[derive(Debug)]
struct Wired(Client<HttpsConnector<Tcp>, HttpRequestBody>);

impl HttpConnector for Wire {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Generic {
                store: "S3",
                source: Box::new(error),
            })?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = Tcp::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let with = HttpsConnectorBuilder::new().with_tls_config(config);
        let allows_plain = options.get_config_value(&ClientConfigKey::AllowHttp);
        let schemes = if allows_plain.as_deref() == Some("true") {
            with.https_or_http()
        } else {
            with.https_only()
        };
        let connector = schemes.enable_http1().wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(HttpClient::new(Wired(client)))
    }
}

#[async_trait]
impl HttpService for Wired {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = tokio::time::timeout(ANSWER, self.0.request(request)).await;
        let answer = answer.map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?;
        let answer = answer.map_err(|error| {
            let kind = if error.is_connect() {
                HttpErrorKind::Connect
            } else {
                HttpErrorKind::Interrupted
            };
            HttpError::new(kind, error)
        })?;
        let (head, body) = answer.into_parts();
        let body = body.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error));
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body)))
    }
}
