"""Checks of responses in addition to their description."""

import re

import schemathesis
import schemathesis_requests  # noqa: F401, registers its hook

# the same as in tests/src/secrets.rs
INTERNALS = re.compile(
    r"SELECT |INSERT INTO|UPDATE \"?\w+\"? SET|DELETE FROM|SQLSTATE|[Pp]ostgre|sqlx|relation \"|column \"|violates|panick|"
    r"\.rs\b|/(home|root|usr|work|tmp|var|src)/|"
    r"\b(axum|hyper|tokio|serde|tower|rustc|augmed)[ /-]v?\d|\b\d+\.\d+\.\d+\b"
)


@schemathesis.check
def no_fault(ctx, response, case):
    """A 5xx is a fault, unless its error code is text: then it is a business error (docs/architecture.md, Errors)."""
    if response.status_code < 500:
        return
    code = (response.json().get("error") or {}).get("code")
    assert isinstance(code, str), f"{response.status_code} is a fault"


@schemathesis.check
def nothing_internal(ctx, response, case):
    """An error reveals no SQL, path or version, unless it was part of the request."""
    found = INTERNALS.search(response.text) if response.status_code >= 400 else None
    sent = f"{response.request.url} {response.request.body!r}"
    assert not found or found.group() in sent, f"{found.group()!r} in {response.text}"
