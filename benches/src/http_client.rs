//! A client that uses as little CPU as possible, because it shares a core with the server: it sends prepared bytes, and parses only
//! status and length of a response.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Failure;

const MAX_HEADERS: usize = 32;

/// A request as bytes.
#[derive(Clone, Debug)]
pub struct HttpRequest(Vec<u8>);

impl HttpRequest {
    /// Builds a request with these headers, the host, and the length if there is a body.
    pub fn new(method: &http::Method, path: &str, headers: &[(http::HeaderName, &str)], body: &str) -> Self {
        let headers: String = headers.iter().flat_map(|(name, value)| [name.as_str(), ": ", value, "\r\n"]).collect();
        let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        Self(format!("{method} {path} HTTP/1.1\r\nhost: bench.test\r\n{headers}{length}\r\n{body}").into())
    }
}

/// One keep-alive connection.
pub struct HttpClient {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl HttpClient {
    /// Connects to a server on this machine.
    pub async fn connect(port: u16) -> Result<Self, Failure> {
        let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(1 << 16) })
    }

    /// Sends a request and reads the complete response; any status but 200 is an error.
    pub async fn ask(&mut self, request: &HttpRequest) -> Result<(), Failure> {
        let status = self.status_of(request).await?;
        if status == 200 {
            return Ok(());
        }
        Err(format!("status {status}: {}", String::from_utf8_lossy(&self.answer)).into())
    }

    /// Returns whether the last response has this header, whose name is in lower case.
    pub fn answer_has(&self, header: &str) -> bool {
        let head = self.answer.split(|byte| *byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
        head.skip(1).any(|line| line.to_ascii_lowercase().starts_with(format!("{header}:").as_bytes()))
    }

    /// Sends a request and reads the complete response.
    pub async fn status_of(&mut self, request: &HttpRequest) -> Result<u16, Failure> {
        self.stream.write_all(&request.0).await?;
        self.answer.clear();
        let (status, length) = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            if let Some(head) = head(&self.answer)? {
                break head;
            }
        };
        while self.answer.len() < length {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the server closed the connection within an answer".into());
            }
        }
        Ok(status)
    }
}

/// Returns a response's status and its total length, if its head is complete.
fn head(answer: &[u8]) -> Result<Option<(u16, usize)>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(answer)? else { return Ok(None) };
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let body: usize = std::str::from_utf8(length.ok_or("an answer without a length")?.value)?.parse()?;
    Ok(response.code.map(|status| (status, head + body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_ends_after_its_content_length() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]";

        assert_eq!(head(&answer[..20]).unwrap(), None);
        assert_eq!(head(answer).unwrap(), Some((200, answer.len())));
    }

    #[test]
    fn a_response_without_a_length_is_an_error() {
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
