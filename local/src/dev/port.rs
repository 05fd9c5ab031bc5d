//! The port to serve on.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// Why the port cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Another process uses it.
    #[error(
        "port {0} is in use. Stop what listens there (lsof -i :{0} shows it; on macOS it may be AirPlay Receiver), or take \
         another port: cargo dev --port {next}", next = .0.checked_add(1).unwrap_or(8080)
    )]
    InUse(u16),
    /// The system does not allow listening on it.
    #[error("cannot listen on port {0}: {1}")]
    Refused(u16, io::Error),
}

/// Returns `wanted` if no interface uses it, or any free port for 0.
pub(super) fn free(wanted: u16) -> Result<u16, PortError> {
    let listen = |address: SocketAddr| TcpListener::bind(address).and_then(|listener| listener.local_addr());
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::AddrInUse => PortError::InUse(wanted),
        _ => PortError::Refused(wanted, error),
    };
    let port = listen((Ipv4Addr::LOCALHOST, wanted).into()).map_err(failed)?.port();
    // the server listens on all interfaces; the machine may have no IPv6
    match listen((Ipv6Addr::UNSPECIFIED, port).into()) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(PortError::InUse(wanted)),
        _ => Ok(port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_the_port_in_use_and_a_remedy() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();

        let error = free(taken).unwrap_err().to_string();

        assert!(error.contains(&format!("port {taken} is in use")) && error.contains("--port"), "{error}");
    }

    #[test]
    fn a_port_in_use_on_all_interfaces_is_noticed() {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();

        assert!(free(listener.local_addr().unwrap().port()).is_err());
    }

    #[test]
    fn zero_is_any_free_port() {
        assert_ne!(free(0).unwrap(), 0);
    }
}
