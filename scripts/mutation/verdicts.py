"""Runs the tests that reach a mutant, until one fails."""

import os
import signal
import subprocess
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mutation.reach import Run

# the number of no mutant
NONE = 8191
# Seconds of tests in each batch. Most mutants are caught by one of the first tests.
BATCHES = (1, 6, 30, 120)


@dataclass
class Verdict:
    """What tests say about a mutant. `outcome` is caught, too slow or missed."""

    outcome: str
    tests: list[Run]


def most_telling(runs: list[Run], limit: float) -> list[Run]:
    """Returns the tests that take `limit` seconds together, beginning with those that are fast and reach few other mutants."""
    chosen, seconds = [], 0.0
    for run in sorted(runs, key=lambda run: run.seconds * len(run.reached)):
        seconds += run.seconds
        if chosen and seconds > limit:
            break
        chosen.append(run)
    return chosen


def judge(number: int, runs: list[Run], environment: dict[str, str]) -> Verdict:
    """Tests a mutant with `runs`, in this order."""
    done = []
    for batch in batches(runs):
        processes = defaultdict(list)
        for run in batch:
            processes[run.test if run.test.runs_alone else run.test.program].append(run)
        for together in processes.values():
            done += together
            failed = failure(number, together, environment)
            if failed:
                return Verdict(failed, done)
    return Verdict("missed", done)


def batches(runs: list[Run]) -> list[list[Run]]:
    divided, size = [], 0.0
    for run in runs:
        if not divided or size + run.seconds > BATCHES[min(len(divided), len(BATCHES)) - 1]:
            divided.append([])
            size = 0.0
        divided[-1].append(run)
        size += run.seconds
    return divided


def failure(number: int, runs: list[Run], environment: dict[str, str]) -> str | None:
    """Returns how tests of the same program fail."""
    test = runs[0].test
    command = [test.binary, "--exact", *(run.test.name for run in runs)]
    # The first test that fails ends the process (tests/src/db/mod.rs). No process builds the programs again: that takes
    # longer than most tests.
    binaries = Path(environment["CARGO_TARGET_DIR"]) / "debug"
    variables = environment | {"MUTANT": str(number), "FAIL_FAST": "1", "BINARIES": str(binaries)}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=test.directory, env=variables, start_new_session=True, **silent)
    try:
        return "caught" if process.wait(60 + 3 * sum(run.seconds for run in runs)) else None
    except subprocess.TimeoutExpired:
        return "too slow"
    finally:
        # processes that the tests have started
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
