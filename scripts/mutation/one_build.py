"""Builds a program that contains every mutant that compiles."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from mutation.combine import Combined, combine
from mutation.sites import Mutant, sites

SWITCH = Path(__file__).with_name("switch.rs").read_bytes()


@dataclass
class Built:
    """What became of the mutants, by their numbers."""

    invalid: set[int] = field(default_factory=set)
    # constants, and functions that return an `impl Trait`: they cannot be chosen by a running program
    separate: set[int] = field(default_factory=set)


def build(tree: Path, mutants: list[Mutant], environment: dict[str, str]) -> Built:
    """Builds the checkout `tree` with all `mutants`. Leaves out those that the compiler rejects, until it accepts the others."""
    packages = sorted({mutant.package for mutant in mutants})
    roots = crate_roots(tree, packages)
    sources = {name: (tree / name).read_bytes() for name in roots | {mutant.file for mutant in mutants}}
    built = Built()
    while True:
        combined = {}
        for name, source in sources.items():
            left = [one for one in mutants if one.file == name and one.number not in built.invalid | built.separate]
            combined[name] = combine(source, sites(source, left))
            write(tree / name, combined[name].code + (SWITCH if name in roots else b""))
        included = {number for one in combined.values() for _, _, numbers in one.sites for number in numbers}
        built.separate |= {one.number for one in mutants} - included - built.invalid
        errors = compile_errors(tree, packages, environment)
        if not errors:
            return built
        for error in errors:
            blame(error, combined, built)
        print(f"{len(included)} mutants, {len(errors)} errors of the compiler", flush=True)


def write(path: Path, code: bytes) -> None:
    """Leaves a file that is the same alone, so that cargo does not compile it again."""
    if path.read_bytes() != code:
        path.write_bytes(code)


def crate_roots(tree: Path, packages: list[str]) -> set[str]:
    command = ["cargo", "metadata", "--format-version=1", "--no-deps", "--offline"]
    metadata = json.loads(subprocess.run(command, cwd=tree, check=True, capture_output=True).stdout)
    targets = [target for package in metadata["packages"] if package["name"] in packages for target in package["targets"]]
    return {str(Path(one["src_path"]).relative_to(tree)) for one in targets if {"lib", "bin"} & set(one["kind"])}


def compile_errors(tree: Path, packages: list[str], environment: dict[str, str]) -> list[dict]:
    command = ["cargo", "build", "--quiet", "--keep-going", "--lib", "--bins", "--message-format=json"]
    command += [f"--package={package}" for package in packages]
    process = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    messages = [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]
    errors = [one["message"] for one in messages if one["reason"] == "compiler-message" and one["message"]["level"] == "error"]
    errors = [error for error in errors if error["spans"]]
    if process.returncode and not errors:
        raise SystemExit(f"cargo build failed:\n{process.stderr}")
    return errors


def blame(error: dict, combined: dict[str, Combined], built: Built) -> None:
    """Leaves out the mutants that cause the error: they are invalid, or separate if they might compile alone."""
    places = sorted(places_of(error), key=lambda place: not place[3])
    for file, start, end, _ in places:
        at_fault = [number for begin, stop, number in combined[file].alternatives if begin <= start and end <= stop] if file in combined else []
        if at_fault:
            built.invalid.update(at_fault)
            return
    for file, start, end, _ in places:
        around = [one for one in combined[file].sites if one[0] <= start and end <= one[1]] if file in combined else []
        if around:
            built.separate.update(min(around, key=lambda one: one[1] - one[0])[2])
            return
    for file, start, _, primary in places:
        # a function that returns an `impl Trait` can return one type only
        before = [one for one in combined[file].returns if one[0] <= start] if primary and file in combined else []
        if before:
            built.separate.update(max(before)[1])
            return
    raise SystemExit(f"no mutant causes this error:\n{error['rendered']}")


def places_of(error: dict) -> list[tuple[str, int, int, bool]]:
    """Returns the file and bytes of each place of an error, and whether it is a primary one."""
    spans = list(error["spans"]) + [span for child in error["children"] for span in child["spans"]]
    places = []
    for span in spans:
        primary = span["is_primary"]
        while span:
            places.append((span["file_name"], span["byte_start"], span["byte_end"], primary))
            span = (span.get("expansion") or {}).get("span")
    return places
