use secrecy::ExposeSecret as _;

use super::*;

fn with(query: &str) -> Result<String, Fault> {
    let url = read(&format!("postgresql://db.test/augmed?{query}"))?.into_url()?;
    Ok(url.expose_secret().to_owned())
}

#[test]
fn a_host_in_the_query_may_have_a_port_or_be_a_directory_or_an_ipv6_address() {
    let with_host = |host| read(&format!("postgresql:///augmed?host={host}")).unwrap();

    for (text, host, port) in
        [("db.test:5433", "db.test", Some("5433")), ("/tmp/a:5433", "/tmp/a:5433", None), ("::1", "::1", None)]
    {
        let parts = with_host(text);
        assert_eq!((parts.host.as_deref(), parts.port.as_deref()), (Some(host), port));
    }
}

#[test]
fn a_parameter_is_forwarded_or_ignored_or_refused() {
    let plain = with("").unwrap();

    assert_eq!(with("sslrootcert=/ca.pem").unwrap(), format!("{plain}&sslrootcert=%2Fca.pem"));
    assert_eq!(with("options[search_path]=study").unwrap(), format!("{plain}&options%5Bsearch_path%5D=study"));
    assert_eq!(with("keepalives=1").unwrap(), plain);
    assert!(with("sslrotcert=/ca.pem").unwrap_err().to_string().contains("not PostgreSQL's"));
}
