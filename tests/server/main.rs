//! The container's server as a separate process.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod connections;
mod frontend;
mod hostile;
mod load;
mod odd_paths;
mod places;
mod slow_mail;
mod slow_readers;
mod starting;
mod stopping;

use tests::server_process as process;
