//! Tests of the routes, one module per resource. Requests go directly to the router; each test has its own database.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod addresses;
mod admin_config;
mod admin_users;
mod answer_assignment;
mod audit;
mod auth;
mod authorization_header;
mod case_reviews;
mod cases;
mod clock;
mod configs_batch;
mod database_limits;
mod experiments;
mod export;
mod export_docs;
mod export_memory;
mod export_order;
mod export_paging;
mod export_stream;
mod exposures;
mod failed_logins;
mod guard_headers;
mod healthcheck;
mod idempotency;
mod invitations;
mod not_now;
mod odd_data;
mod old_nulls;
mod openapi;
mod paging;
mod permissions;
mod request_log;
mod reset_mails;
mod reused_ids;
mod secrets;
mod sessions;
mod sizes;
mod unconfirmed;
mod unreadable;
mod upload_order;
