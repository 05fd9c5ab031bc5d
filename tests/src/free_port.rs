//! A port for a program that cannot choose one itself.

use std::net::{Ipv4Addr, TcpListener};

/// Returns a port of the loopback interface at which nothing listens. Another process may take it at any time.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("bound").port()
}
