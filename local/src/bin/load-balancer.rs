//! Runs the rules of an existing listener, as printed by `aws elbv2 describe-rules`, in front of targets on this machine.

use std::error::Error;
use std::io::{Read as _, stdin};
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use local::load_balancer::{LoadBalancer, Options};
use local::template::Template;
use tokio::task::spawn_blocking;

/// Prints its address, and exits when its standard input is closed.
#[derive(Parser)]
struct Arguments {
    /// Output of `aws elbv2 describe-rules`, as JSON.
    rules: PathBuf,
    /// A target group's ARN and the address of its target, joined by `=`.
    #[arg(value_parser = target)]
    targets: Vec<(String, SocketAddr)>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let template = Template::from_described_rules(&std::fs::read_to_string(&arguments.rules)?)?;
    let addresses = arguments.targets.into_iter().collect();
    let load_balancer = LoadBalancer::start(Options { template, addresses, ..Options::default() }).await?;
    println!("{}", load_balancer.address());
    spawn_blocking(|| stdin().read_to_end(&mut Vec::new())).await??;
    load_balancer.stop().await;
    Ok(())
}

fn target(text: &str) -> Result<(String, SocketAddr), String> {
    let (arn, address) = text.rsplit_once('=').ok_or("ARN=ADDRESS:PORT is expected")?;
    Ok((arn.to_owned(), address.parse().map_err(|error| format!("{address}: {error}"))?))
}
