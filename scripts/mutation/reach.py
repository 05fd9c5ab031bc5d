"""The tests, how long each takes, and which mutants each reaches."""

import json
import shutil
import subprocess
import tomllib
import xml.etree.ElementTree as xml
from dataclasses import dataclass
from pathlib import Path

# `build` and `postgres` test `local`; `compare`, `faults` and `histories` need the machine to themselves.
TARGETS = ["api", "bad_input", "cli", "contract", "database", "journey", "lambda", "model", "secrets", "server", "takeover", "tools"]
# the other tests of `tools` test third-party tools
FILTER = "not binary(tools) | test(spans)"
CONFIGURATION = """
[profile.default]
fail-fast = false
status-level = "fail"
final-status-level = "fail"
slow-timeout = { period = "60s", terminate-after = 3 }
junit = { path = "junit.xml" }
"""


@dataclass(frozen=True)
class Test:
    """A test of a program, which runs in a directory."""

    binary: str
    directory: str
    program: str
    name: str
    # libtest-mimic runs one test by its name, or all
    runs_alone: bool


@dataclass
class Run:
    """A test that passed without a mutant."""

    test: Test
    seconds: float
    reached: set[int]


def measure(tree: Path, work: Path, packages: list[str], environment: dict[str, str]) -> list[Run]:
    """Runs all tests once, each in a process of its own. Tests that fail are reported and left out."""
    reached = work / "reached"
    shutil.rmtree(reached, ignore_errors=True)
    reached.mkdir(parents=True)
    configuration = work / "nextest.toml"
    configuration.write_text(CONFIGURATION)
    # the compiler warns of parentheses around mutants, so its output is shown only if it fails
    listing = ["cargo", "nextest", "list", *selection(packages), "--message-format=json"]
    built = subprocess.run(listing, cwd=tree, env=environment, capture_output=True, text=True)
    if built.returncode:
        raise SystemExit(f"the tests do not compile:\n{built.stderr}")
    quiet = ["--cargo-quiet", "--cargo-quiet"]
    run = ["cargo", "nextest", "run", *quiet, *selection(packages), f"--config-file={configuration}", "--test-threads=4", f"--filterset={FILTER}"]
    subprocess.run(run, cwd=tree, env=environment | {"MUTANTS_REACHED": str(reached)})
    return passed(tree, json.loads(built.stdout), xml.parse(tree / "target/nextest/default/junit.xml"), reached)


def selection(packages: list[str]) -> list[str]:
    """Returns cargo's arguments for the unit tests of `packages`, and the tests of all programs together."""
    return ["--lib", "--bins", *(f"--test={target}" for target in TARGETS), *(f"--package={name}" for name in [*packages, "tests"])]


def passed(tree: Path, listed: dict, results: xml.ElementTree, reached: Path) -> list[Run]:
    targets = tomllib.loads((tree / "tests/Cargo.toml").read_text())["test"]
    of_mimic = {f"tests::{target['name']}" for target in targets if not target.get("harness", True)}
    runs = []
    for suite in results.getroot().iter("testsuite"):
        program = listed["rust-suites"][suite.get("name")]
        for case in suite.iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                print(f"fails without a mutant, so it is left out: {suite.get('name')} {case.get('name')}", flush=True)
                continue
            file = reached / f"{suite.get('name')} {case.get('name')}".replace("/", "|")
            numbers = {int(line) for line in file.read_text().split()} if file.exists() else set()
            test = Test(program["binary-path"], program["cwd"], suite.get("name"), case.get("name"), suite.get("name") in of_mimic)
            runs.append(Run(test, float(case.get("time")), numbers))
    return runs
