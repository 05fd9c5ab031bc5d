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

    def verdict(selected: list[Run], *builds: list[str]) -> Verdict | None:
        for build in builds:
            if subprocess.run(["cargo", *build, "--quiet"], cwd=tree, env=environment, capture_output=True).returncode:
                return None
        return verdicts.judge(verdicts.NONE, selected, environment)

    # nextest calls the unit tests of a package by its name, perhaps with that of a program
    own = [run for run in runs if run.test.program.split("::")[0] == mutant.package]
    try:
        path.write_bytes(source[:start] + mutant.replacement.encode() + source[end:] + switch)
        # first without the packages that depend on it, because building those takes a minute
        of_package = verdict(own, ["test", "--no-run", "--lib", "--bins", f"--package={mutant.package}"])
        if of_package is None or of_package.outcome != "missed":
            return of_package
        return verdict(runs, ["build", "--workspace", "--bins"], ["test", "--no-run", *reach.selection([mutant.package])])
    finally:
        path.write_bytes(combined)
