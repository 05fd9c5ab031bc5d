"""Lists the mutants of cargo mutants."""

import json
import subprocess
from pathlib import Path

from mutation.sites import Mutant


def mutants(tool: Path, tree: Path, globs: list[str], shard: str | None) -> list[Mutant]:
    """Lists the mutants of files that match a glob. A shard K/N is every Nth of them, from the Kth (0 to N-1)."""
    command = [tool, "mutants", "--dir", tree, "--list", "--json", *(f"--file={glob}" for glob in globs)]
    # round-robin, so that each shard has mutants of all packages
    command += ["--sharding=round-robin", f"--shard={shard}"] if shard else []
    listed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    files = {file: (tree / file).read_text().splitlines(keepends=True) for file in {one["file"] for one in listed}}
    return [mutant(number, one, files[one["file"]]) for number, one in enumerate(listed)]


def mutant(number: int, listed: dict, lines: list[str]) -> Mutant:
    # lines and columns count from 1, and columns count characters
    def offset(place: dict) -> int:
        before = "".join(lines[: place["line"] - 1]) + lines[place["line"] - 1][: place["column"] - 1]
        return len(before.encode())

    span = (offset(listed["span"]["start"]), offset(listed["span"]["end"]))
    return Mutant(number, listed["name"], listed["file"], listed["package"], listed["genre"], listed["replacement"], span)
