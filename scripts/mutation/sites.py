"""Where mutants change a source file, and the code that lets a running program choose one of them.

`cargo mutants --list` names the mutants. A `Site` replaces a part of the file by code with a branch for each of its mutants.
"""

from dataclasses import dataclass, field

import tree_sitter
import tree_sitter_rust

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))


@dataclass
class Mutant:
    """A mutant of cargo mutants. `span` are the bytes that `replacement` replaces."""

    number: int
    name: str
    file: str
    package: str
    genre: str
    replacement: str
    span: tuple[int, int]

    @property
    def change(self) -> str:
        """The name without line and column, which change when other code does."""
        file, _, _, change = self.name.split(":", 3)
        return f"{file}:{change}"


@dataclass
class Alternative:
    """The code that `mutant` runs."""

    mutant: int
    code: bytes


class Original:
    """Stands for the original code, in which there may be other sites."""


@dataclass
class Site:
    """Replaces the bytes from `start` to `end` by `parts`, which choose between the original code and `mutants`."""

    start: int
    end: int
    parts: list = field(default_factory=list)
    mutants: list[int] = field(default_factory=list)

    @property
    def is_return(self) -> bool:
        """Whether it returns early from a function."""
        return self.start == self.end and any(isinstance(part, Alternative) for part in self.parts)


def sites(source: bytes, mutants: list[Mutant]) -> list[Site]:
    """Returns the sites of the mutants of a file, outer ones first. Mutants without a site cannot be chosen by a running program."""
    tree = PARSER.parse(source)
    found = {}
    for mutant in mutants:
        build = {"FnValue": body, "BinaryOperator": operator, "UnaryOperator": negation, "StructField": struct_field}.get(mutant.genre)
        if build:
            build(source, tree.root_node, mutant, found)
    guards(source, tree.root_node, mutants, found)
    return sorted(found.values(), key=lambda site: (site.start, site.end != site.start, -site.end))


def chosen(mutant: Mutant) -> bytes:
    return b"crate::mutants::is(%d)" % mutant.number


def body(source: bytes, root, mutant: Mutant, found: dict) -> None:
    """Returns early from the function."""
    start = mutant.span[0]
    site = found.setdefault((start, start), Site(start, start))
    site.parts += [b"if %s { return " % chosen(mutant), Alternative(mutant.number, mutant.replacement.encode()), b"; } "]
    site.mutants.append(mutant.number)


def operator(source: bytes, root, mutant: Mutant, found: dict) -> None:
    node = parent(root, mutant, "binary_expression", "compound_assignment_expr")
    # the compiler accepts `let` only as part of a condition
    if node and not contains(node, "let_condition"):
        left, right = text(source, node.child_by_field_name("left")), text(source, node.child_by_field_name("right"))
        left = left if node.type == "compound_assignment_expr" else b"(%s)" % left
        value(found, node, mutant, b"%s %s (%s)" % (left, mutant.replacement.encode(), right))


def negation(source: bytes, root, mutant: Mutant, found: dict) -> None:
    node = parent(root, mutant, "unary_expression")
    if node:
        value(found, node, mutant, b"(%s)" % text(source, node.named_children[-1]))


def struct_field(source: bytes, root, mutant: Mutant, found: dict) -> None:
    node = around(root, mutant, "struct_expression")
    if node:
        start, end = mutant.span
        value(found, node, mutant, source[node.start_byte : start] + source[end : node.end_byte])


def value(found: dict, node, mutant: Mutant, code: bytes) -> None:
    """Evaluates `code` instead of the expression `node`."""
    place = (node.start_byte, node.end_byte)
    site = found.setdefault(place, Site(*place, [b"(", b"{ ", Original(), b" })"]))
    site.parts[1:1] = [b"if %s { " % chosen(mutant), Alternative(mutant.number, code), b" } else "]
    site.mutants.append(mutant.number)


def guards(source: bytes, root, mutants: list[Mutant], found: dict) -> None:
    """Lets a running program skip an arm of a match, or replace its guard."""
    arms = {}
    for mutant in mutants:
        if mutant.genre in ("MatchArm", "MatchArmGuard"):
            node = around(root, mutant, "match_arm")
            if node:
                arms.setdefault(node.start_byte, (node, []))[1].append(mutant)
    for node, here in arms.values():
        pattern = node.child_by_field_name("pattern")
        guard = pattern.child_by_field_name("condition")
        if guard and guard.type in ("let_condition", "let_chain"):
            continue
        always = [chosen(mutant) + b" || " for mutant in here if mutant.replacement == "true"]
        never = [b"!" + chosen(mutant) + b" && " for mutant in here if mutant.replacement != "true"]
        numbers = [mutant.number for mutant in here]
        if guard:
            place = (guard.start_byte, guard.end_byte)
            inner = found.get(place, Site(*place, [Original()]))
            found[place] = Site(*place, [b"(", *always, b"(", *never, b"(", *inner.parts, b")))"], inner.mutants + numbers)
        else:
            place = (pattern.end_byte, pattern.end_byte)
            found[place] = Site(*place, [b" if ", *never, b"true"], numbers)


def parent(root, mutant: Mutant, *types: str):
    """Returns the expression whose operator the mutant replaces; None inside of a macro, whose tokens are not parsed."""
    start, end = mutant.span
    node = root.descendant_for_byte_range(start, start + 1)
    node = node.parent if node else None
    return node if node and node.type in types else None


def around(root, mutant: Mutant, kind: str):
    """Returns the innermost node of this type around the mutant; None if there is none."""
    node = root.descendant_for_byte_range(*mutant.span)
    while node and node.type != kind:
        node = node.parent
    return node


def contains(node, kind: str) -> bool:
    return node.type == kind or any(contains(child, kind) for child in node.children)


def text(source: bytes, node) -> bytes:
    return source[node.start_byte : node.end_byte]
