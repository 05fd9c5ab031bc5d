"""Summarizes the stateful phase of schemathesis from its report (NDJSON)."""

import collections
import json
from pathlib import Path


def summary(report: Path, document: dict) -> str:
    """Counts chains and requests, and names the links that no request followed successfully."""
    followed, chains, requests = collections.Counter(), 0, 0
    for scenario in scenarios(report):
        chains += 1
        requests += len(scenario["recorder"].get("interactions", {}))
        followed.update(successes(scenario["recorder"]))
    missed = sorted(links(document) - followed.keys())
    lines = [f"{chains} chains of {requests} requests followed {len(links(document)) - len(missed)} of {len(links(document))} links to a success"]
    return "\n".join([*lines, *(f"  not {source} -> {target}" for source, target in missed)])


def scenarios(report: Path):
    # `splitlines` would also split at odd characters within a line
    for line in filter(None, report.read_text().split("\n")):
        finished = json.loads(line).get("ScenarioFinished")
        if finished and finished["phase"] == "stateful" and finished["recorder"]:
            yield finished


def successes(recorder: dict):
    """Returns pairs of operations: the second request took values from the first response, and succeeded."""
    for name, case in recorder.get("cases", {}).items():
        response = (recorder.get("interactions", {}).get(name) or {}).get("response")
        if case.get("is_transition_applied") and response and response["status_code"] < 300:
            source, _, target = case["transition"]["id"].split(" -> ")
            yield source, target


def links(document: dict) -> set[tuple[str, str]]:
    operations = {operation["operationId"]: f"{method.upper()} {path}" for path, method, operation in of(document)}
    responses = [(f"{method.upper()} {path}", one) for path, method, operation in of(document) for one in operation["responses"].values()]
    return {(source, operations[link["operationId"]]) for source, one in responses for link in one.get("links", {}).values()}


def of(document: dict):
    return [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()]
