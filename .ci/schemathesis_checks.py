"""What schemathesis asks of an answer beyond its description."""

import re

import schemathesis
import schemathesis_requests  # noqa: F401, its hook

# as tests/src/secrets.rs has it
INTERNALS = re.compile(
    r"SELECT |INSERT INTO|UPDATE \"?\w+\"? SET|DELETE FROM|SQLSTATE|[Pp]ostgre|sqlx|relation \"|column \"|violates|panick|"
    r"\.rs\b|/(home|root|usr|work|tmp|var|src)/|"
    r"\b(axum|hyper|tokio|serde|tower|rustc|augmed)[ /-]v?\d|\b\d+\.\d+\.\d+\b"
)


@schemathesis.check
def no_fault(ctx, response, case):
    """A status from 500 is a fault, unless its code is text: a business error (docs/architecture.md, Errors)."""
    if response.status_code < 500:
        return
    code = (response.json().get("error") or {}).get("code")
    assert isinstance(code, str), f"{response.status_code} is a fault"


@schemathesis.check
def nothing_internal(ctx, response, case):
    """An error shows no SQL, no path and no version, unless it names what was sent."""
    found = INTERNALS.search(response.text) if response.status_code >= 400 else None
    sent = f"{response.request.url} {response.request.body!r}"
    assert not found or found.group() in sent, f"{found.group()!r} in {response.text}"
