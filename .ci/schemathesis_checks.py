"""What schemathesis asks of an answer beyond its description."""

import schemathesis


@schemathesis.check
def no_fault(ctx, response, case):
    """A status from 500 is a fault, unless its code is text: a business error (docs/architecture.md, Errors)."""
    if response.status_code < 500:
        return
    code = (response.json().get("error") or {}).get("code")
    assert isinstance(code, str), f"{response.status_code} is a fault"
