//! Style sheets and scripts, embedded, each at an address that changes with its bytes.

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Files;

const HASH_CHARS: usize = 12;

/// A file a page links to: its short name and where it lies under `assets/`.
const LINKED: [(&str, &str); 7] = [
    ("tokens.css", "tokens.css"),
    ("base.css", "base.css"),
    ("app.css", "app.css"),
    ("htmx.js", "vendor/htmx.org-2.0.11/htmx.min.js"),
    ("sse.js", "vendor/htmx-ext-sse-2.2.4/sse.min.js"),
    ("segue.js", "segue.js"),
    ("sign.js", "sign.js"),
];

struct Asset {
    name: &'static str,
    hash: String,
    bytes: Vec<u8>,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    LINKED
        .iter()
        .filter_map(|(name, path)| {
            let file = Files::get(path)?;
            let hash = hex::encode(file.metadata.sha256_hash())
                .chars()
                .take(HASH_CHARS)
                .collect();
            Some(Asset {
                name,
                hash,
                bytes: file.data.into_owned(),
            })
        })
        .collect()
});

/// The address of a linked file. A test proves that every linked file is there.
pub(crate) fn url(name: &str) -> String {
    ASSETS.iter().find(|a| a.name == name).map_or_else(
        || format!("/assets/missing/{name}"),
        |a| format!("/assets/{}/{name}", a.hash),
    )
}

/// Every style sheet, for a document that needs nothing else.
pub(crate) fn sheets() -> String {
    let css = ASSETS
        .iter()
        .filter(|asset| asset.name.rsplit('.').next() == Some("css"));
    css.map(|asset| String::from_utf8_lossy(&asset.bytes))
        .collect()
}

/// Serves `/assets/<hash>/<name>` for ever; another hash is another file, hence 404.
pub(crate) async fn serve(Path((hash, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|a| a.name == name && a.hash == hash) else {
        return (StatusCode::NOT_FOUND, "No such file. Reload the page.").into_response();
    };
    let kind = if asset.name.rsplit('.').next() == Some("css") {
        "text/css; charset=utf-8"
    } else {
        "text/javascript; charset=utf-8"
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
    ];
    (headers, asset.bytes.as_slice()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn every_linked_file_is_embedded() {
        for (name, _) in LINKED {
            assert!(
                !url(name).contains("missing"),
                "{name} is linked but not embedded"
            );
        }
    }

    #[test]
    fn vendored_files_are_those_of_the_lock() {
        let lock = Files::get("vendor/vendor.lock").expect("vendor.lock is embedded");
        let lock = String::from_utf8(lock.data.into_owned()).expect("text");
        let mut locked = Vec::new();
        for line in lock.lines().filter(|l| !l.starts_with('#')) {
            let [_, _, path, sha] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("bad line in vendor.lock: {line}");
            };
            let file = Files::get(&format!("vendor/{path}")).expect(path);
            assert_eq!(
                hex::encode(Sha256::digest(&file.data)),
                sha,
                "{path} differs from the lock"
            );
            locked.push(format!("vendor/{path}"));
        }
        for path in Files::iter().filter(|p| p.starts_with("vendor/") && !p.ends_with(".lock")) {
            assert!(
                locked.contains(&path.to_string()),
                "{path} is not in vendor.lock"
            );
        }
    }
}
