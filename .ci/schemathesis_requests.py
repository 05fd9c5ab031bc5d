"""Provides requests that generated values almost never match: a login, files of assignments, answers to the questionnaire, ordered times,
and lists with several pages.

Without them no chain gets beyond its first change. Half of the requests are not replaced.
"""

import json
import os
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

DEMO = Path(__file__).resolve().parent.parent / "demo/src"
PARTICIPANTS = sorted({line.split(",")[0] for line in (DEMO / "assignments.csv").read_text().splitlines()[1:]})
CASES = range(1, 1 + len(json.loads((DEMO / "cases.json").read_text())))
ACCOUNT = json.loads(os.environ["ACCOUNT"])
PATHS = ["BACKGROUND", "RISK ASSESSMENT.CRC risk assessments", "PHYSICAL EXAMINATION.Vital Signs"]

assignment = st.tuples(st.sampled_from(PARTICIPANTS), st.sampled_from(CASES), st.sampled_from(PATHS))
# each file has an assignment of the participant whose token is sent, so that the next request finds it
assignments = st.lists(assignment, min_size=1, max_size=5).map(lambda rows: [(ACCOUNT["email"], 1, PATHS[0]), *rows])


def file(rows) -> str:
    return "\n".join(["User,Case No.,Path,Collapse,Highlight,Top", *(f"{user},{case},{path},,TRUE," for user, case, path in rows)])


def batch(entries, rows) -> list:
    return [entry | {"user_email": user, "case_id": case} for entry, (user, case, _) in zip(entries, rows) if isinstance(entry, dict)]


TIMES = {"caseOpenTime": "2026-03-02T08:00:00Z", "answerOpenTime": "2026-03-02T08:03:20Z", "answerSubmitTime": "2026-03-02T08:05:00Z"}


def usable(path: str, body: dict):
    """Returns bodies that the operation accepts, or None if generated ones suffice."""
    if path == "/api/auth/login":
        return st.just(ACCOUNT)
    if "/config/upload" in path:
        return assignments.map(lambda rows: body | {"file": file(rows)})
    if path == "/api/v1/configs/batch" and isinstance(body.get("configs"), list):
        return assignments.map(lambda rows: body | {"configs": batch(body["configs"], rows)})
    if path == "/api/answer/{task_id}":
        return st.just(body | {"answerConfigId": os.environ["QUESTIONNAIRE"]})
    if path.startswith("/api/analytics"):
        return st.just(body | TIMES)
    return None


def mostly(usable, generated):
    return st.one_of(usable, st.just(generated))


@schemathesis.hook
def flatmap_body(ctx, body):
    better = usable(ctx.operation.path, body) if isinstance(body, dict) else None
    return st.just(body) if better is None else mostly(better, body)


@schemathesis.hook
def flatmap_query(ctx, query):
    if not any(parameter.name == "cursor" for parameter in ctx.operation.query):
        return st.just(query)
    # the first page of an export has an empty cursor; that of other lists has none
    first = {"cursor": ""} if "/export/" in ctx.operation.path else {}
    return mostly(st.integers(1, 3).map(lambda limit: {"limit": limit} | first), query)


@schemathesis.hook
def flatmap_headers(ctx, headers):
    keys = {"Idempotency-Key"} & (headers or {}).keys()
    return mostly(st.uuids().map(lambda key: headers | dict.fromkeys(keys, f'"{key}"')), headers) if keys else st.just(headers)
