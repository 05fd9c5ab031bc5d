//! Serves a built frontend as its nginx does: files, and index.html for every other path.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// A file server on its own port. It stops when dropped.
pub(super) struct Frontend {
    pub address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Frontend {
    pub async fn serve(directory: &Path) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let files = ServeDir::new(directory).fallback(ServeFile::new(directory.join("index.html")));
        // browsers have to revalidate, because the next build changes the files
        let revalidate = SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let serve = axum::serve(listener, Router::new().fallback_service(files).layer(revalidate));
        let serving = tokio::spawn(async move {
            // ends only when aborted
            let _ = serve.await;
        });
        Ok(Self { address, serving })
    }
}

impl Drop for Frontend {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
