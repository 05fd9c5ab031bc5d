"""Tests mutants of the last commit in a separate checkout (target/mutants), and reports those that no test detects.

`cargo mutants` lists the mutants. One build contains all of them, and a variable of the environment chooses one, so that most mutants cost
no build. Every test runs once, which shows the mutants that it reaches. Then each mutant is tested by the tests that reach it; those
that are fast and reach few others come first. Exits with 1 if there is a survivor; `--again` tests only the survivors of the last run.
Decision 125 has the reasons.
"""

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mutation import listing, one_build, reach, report, separate, verdicts
from mutation.sites import Mutant
from mutation.verdicts import Verdict

ROOT = Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "target/mutants"
TREE = WORK / "tree"
SURVIVORS = WORK / "survivors.json"
TOOL = ROOT / "target/tools/bin/cargo-mutants"
# The files to mutate by default.
FILES = ["shared/src/**/*.rs", "functions/*/src/**/*.rs", "migrate/src/**/*.rs", "server/src/**/*.rs"]
# more than cores, because most tests wait for a server or a process
CONCURRENT = 3
# without debug information, because nobody reads backtraces of mutants
ENVIRONMENT = os.environ | {"CARGO_TARGET_DIR": str(WORK / "target"), "CARGO_PROFILE_DEV_DEBUG": "false"}


def main() -> int:
    options = arguments()
    check_out()
    mutants = listing.mutants(TOOL, TREE, options.file or FILES, options.shard)
    if options.again:
        survivors = json.loads(SURVIVORS.read_text())
        mutants = [mutant for mutant in mutants if mutant.change in survivors]
    built = one_build.build(TREE, mutants, ENVIRONMENT)
    runs = reach.measure(TREE, WORK, sorted({mutant.package for mutant in mutants}), ENVIRONMENT)

    def test(mutant: Mutant) -> tuple[Mutant, Verdict]:
        reaching = [run for run in runs if mutant.number in run.reached]
        return tell(mutant, verdicts.judge(mutant.number, verdicts.most_telling(reaching, options.seconds), ENVIRONMENT))

    with ThreadPoolExecutor(CONCURRENT) as pool:
        outcomes = list(pool.map(test, [mutant for mutant in mutants if mutant.number not in built.invalid | built.separate]))
    checked = controls(outcomes)
    for mutant in (mutant for mutant in mutants if mutant.number in built.separate):
        in_file = {one.number for one in mutants if one.file == mutant.file}
        reaching = [run for run in runs if run.reached & in_file] or runs
        verdict = separate.judge(TREE, mutant, verdicts.most_telling(reaching, options.seconds), ENVIRONMENT)
        outcomes += [tell(mutant, verdict)] if verdict else []
    SURVIVORS.write_text(json.dumps([mutant.change for mutant, verdict in outcomes if verdict.outcome == "missed"]))
    return report.report(outcomes, len(mutants) - len(outcomes), checked)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shard", metavar="K/N", help="every Nth mutant, from the Kth (0 to N-1)")
    parser.add_argument("--file", action="append", default=[], metavar="GLOB", help="only mutants of these files")
    parser.add_argument("--again", action="store_true", help="only the survivors of the last run")
    parser.add_argument("--seconds", type=float, default=1200, help="of tests for each mutant (default: %(default)s, about as long as all tests take)")
    return parser.parse_args()


def check_out() -> None:
    """Checks out the last commit. The target directory is kept, so that builds are incremental."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    if not TREE.exists():
        subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", TREE, commit], cwd=ROOT, check=True)
    subprocess.run(["git", "reset", "--quiet", "--hard", commit], cwd=TREE, check=True)
    # tests skip what needs a tool that is not there
    tools = TREE / "target/tools"
    if not tools.exists():
        tools.parent.mkdir(exist_ok=True)
        tools.symlink_to(ROOT / "target/tools")


def tell(mutant: Mutant, verdict: Verdict) -> tuple[Mutant, Verdict]:
    if verdict.outcome == "missed":
        print(f"missed by {len(verdict.tests)} tests: {mutant.name}", flush=True)
    return mutant, verdict


def controls(outcomes: list[tuple[Mutant, Verdict]]) -> tuple[int, int]:
    """Repeats some verdicts without the mutant. Returns how many are the same: their tests fail for another reason; and of how many."""
    caught = [(mutant, verdict) for mutant, verdict in outcomes if verdict.outcome != "missed"]
    caught = caught[:: max(1, len(caught) // 50)]
    wrong = 0
    for mutant, verdict in caught:
        again = verdicts.judge(verdicts.NONE, verdict.tests, ENVIRONMENT)
        if again.outcome != "missed":
            wrong += 1
            print(f"{again.outcome} without the mutant, by {again.tests[-1].test.program}: {mutant.name}", flush=True)
    return wrong, len(caught)


if __name__ == "__main__":
    sys.exit(main())
