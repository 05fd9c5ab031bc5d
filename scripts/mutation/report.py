"""Prints the score of each part of the program."""

from collections import Counter, defaultdict

from mutation.sites import Mutant
from mutation.verdicts import Verdict

# The parts that handle accounts, answers and the schema: every viable mutant has to be caught.
STRICT = (
    "shared/src/auth/",
    "functions/auth-",
    "functions/answer/",
    "functions/admin-config/",
    "functions/export/",
    "migrate/",
)


def report(outcomes: list[tuple[Mutant, Verdict]], invalid: int, controls: tuple[int, int]) -> int:
    """Prints scores and survivors. Returns 1 if there is a survivor. A mutant that never ends counts as caught: it would be noticed."""
    parts = defaultdict(Counter)
    for mutant, verdict in outcomes:
        part = next((strict for strict in STRICT if mutant.file.startswith(strict)), "everything else")
        parts[part][verdict.outcome != "missed"] += 1
    for part, counts in sorted(parts.items()):
        print(f"{part}: {counts[True]} of {counts.total()} viable mutants caught")
    survivors = sorted(mutant.name for mutant, verdict in outcomes if verdict.outcome == "missed")
    print(f"in all: {len(outcomes) - len(survivors)} of {len(outcomes)}, and {invalid} that do not compile", *survivors, sep="\n")
    print(f"repeated without the mutant: {controls[0]} of {controls[1]} verdicts are the same, and worth nothing")
    return int(bool(survivors))
