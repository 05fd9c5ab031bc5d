"""Tests a mutant that needs a build of its own."""

import subprocess
from pathlib import Path

from mutation import one_build, reach, verdicts
from mutation.reach import Run
from mutation.sites import Mutant
from mutation.verdicts import Verdict


def judge(tree: Path, mutant: Mutant, runs: list[Run], environment: dict[str, str]) -> Verdict | None:
    """Tests the mutant with `runs`. Returns None if it does not compile."""
    path = tree / mutant.file
    combined = path.read_bytes()
    source = subprocess.run(["git", "show", f"HEAD:{mutant.file}"], cwd=tree, check=True, capture_output=True).stdout
    start, end = mutant.span
    switch = one_build.SWITCH if combined.endswith(one_build.SWITCH) else b""
    try:
        path.write_bytes(source[:start] + mutant.replacement.encode() + source[end:] + switch)
        command = ["cargo", "test", "--quiet", "--no-run", *reach.selection([mutant.package])]
        if subprocess.run(command, cwd=tree, env=environment, capture_output=True).returncode:
            return None
        return verdicts.judge(verdicts.NONE, runs, environment)
    finally:
        path.write_bytes(combined)
