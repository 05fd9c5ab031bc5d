"""Reads the module graph of Rust crates from their sources: which modules use items of which other modules in the crate.

A path is followed through imports and re-exports to the module that defines the item, so a parent that re-exports what its children
define does not depend on those who import it. Unit tests and comments do not count.
"""

import re
from collections import defaultdict
from pathlib import Path

UNIT_TESTS = re.compile(r"^#\[cfg\(test\)\]\n(?:#\[[^\n]*\]\n)*mod \w+ \{", re.MULTILINE)
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|r(#*)".*?"\1|"(?:\\.|[^"\\])*"', re.DOTALL)
CHILD = re.compile(r'(?:#\[path = "([^"]+)"\]\s*)?^[ \t]*(?:pub(?:\([\w: ]+\))? )?mod (\w+);', re.MULTILINE)
TEST_CHILD = re.compile(r"#\[cfg\(test\)\]\s*(?:#\[[^\n]*\]\s*)*mod \w+;")
DEFINED = re.compile(r"\b(?:fn|struct|enum|trait|type|const|static|union)\s+(\w+)")
EXPORT = re.compile(r"\bpub(?:\([^)]*\))?\s+use\s+([^;]+);")
IMPORT = re.compile(r"\buse\s+([^;]+);")
PATH = re.compile(r"(?<![\w:$'])((?:\w+::)+)(\w+|\{)")


class Module:
    def __init__(self, name, file):
        self.name = name
        self.file = file
        source = UNIT_TESTS.split(file.read_text(), maxsplit=1)[0]
        source = TEST_CHILD.sub("", source)
        self.children = dict((child, path) for path, child in CHILD.findall(source))
        text = NOISE.sub(" ", source)
        imports = [one for tree in IMPORT.findall(text) for one in flattened(tree)]
        self.globs = [path for name, path in imports if name == "*"]
        self.imported = {name: path for name, path in imports if name != "*"}
        # a re-export is not a use
        private = IMPORT.sub("", re.sub(r"\bpub(?:\([^)]*\))?\s+use\s+[^;]+;", "", text))
        exported = {name for tree in EXPORT.findall(text) for name, _ in flattened(tree)}
        self.only_exported = {name for name in exported if not re.search(rf"\b{re.escape(name)}\b", private)}
        self.defined = set(DEFINED.findall(text))
        self.paths = [[*prefix.rstrip(":").split("::"), last] for prefix, last in PATH.findall(IMPORT.sub("", text)) if last != "{"]


def flattened(tree):
    """Yields the imports of a `use` with their local names: `a::{self, b as c}` are (a, [a]) and (c, [a, b])."""
    tree = re.sub(r"\s+", " ", tree).strip()
    prefix, brace, rest = tree.partition("{")
    start = [part for part in prefix.strip().split("::") if part]
    if brace:
        for part in divided(rest.rstrip().removesuffix("}")):
            for name, path in flattened(part):
                path = start + [one for one in path if one != "self" or not start]
                yield (path[-1] if name == "self" else name), path
        return
    path, _, alias = tree.partition(" as ")
    path = path.strip().split("::")
    yield (alias.strip() or path[-1]), path


def divided(text):
    """Yields the parts between commas outside of braces."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]


class Crate:
    def __init__(self, root):
        self.modules = {}
        self.read((), Path(root), Path(root).parent)

    def read(self, name, file, folder):
        self.modules[name] = module = Module(name, file)
        for child, path in module.children.items():
            places = [file.parent / path] if path else [folder / f"{child}.rs", folder / child / "mod.rs"]
            for place in places:
                if place.exists():
                    inside = place.parent if place.name == "mod.rs" else folder / child
                    self.read((*name, child), place, inside)

    def edges(self):
        """Returns for each module the modules that it uses, with the used names."""
        found = defaultdict(lambda: defaultdict(set))
        for module in self.modules.values():
            used = [path for name, path in module.imported.items() if name not in module.only_exported]
            for path in [*module.globs, *used, *module.paths]:
                end, item = self.target(module.name, path)
                # Importing a module counts only for the items that are used, which are among the paths.
                if end is not None and end != module.name and (item or path[-1] == "*"):
                    found[module.name][end].add(item or path[-1])
        return found

    def target(self, inside, path, followed=frozenset()):
        """Returns module and item of a path: the item is None for a module, and both are None outside the crate."""
        at, path = inside, list(path)
        relative = path[0] not in {"crate", "super", "self"}
        if path[0] == "crate":
            at = ()
            path.pop(0)
        while path and path[0] in {"super", "self"}:
            at = at[:-1] if path.pop(0) == "super" else at
        while path:
            name, *rest = path
            if name == "*":
                return at, None
            if (*at, name) in self.modules:
                at, path, relative = (*at, name), rest, False
                continue
            imported = None if (at, name) in followed else self.imported(at, name, followed)
            if imported is not None:
                return self.target(at, [*imported, *rest], followed | {(at, name)})
            return (None, None) if relative else (at, name)
        return at, None

    def imported(self, at, name, followed):
        """Returns the path that a module imports under a name."""
        module = self.modules[at]
        if name in module.imported:
            return module.imported[name]
        if name in module.defined:
            return None
        for path in module.globs:
            glob, _ = self.target(at, path, followed | {(at, name)})
            if glob is not None and glob != at and (name in self.modules[glob].defined or name in self.modules[glob].imported):
                return ["crate", *glob, name]
        return None


def cycles(edges):
    """Returns the strongly connected components with more than one node (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(edges.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found


def shortest_cycle(edges, component):
    """Returns the shortest cycle through the first node of a component."""
    start = component[0]
    ways, reached = [[start]], {start}
    for way in ways:
        for other in sorted(edges[way[-1]]):
            if other == start:
                return way
            if other in component and other not in reached:
                reached.add(other)
                ways.append([*way, other])
    raise ValueError("not a component")
