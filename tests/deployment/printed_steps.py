"""Reads the commands printed in docs/operations.md."""

import re
import textwrap
import tomllib

from stack import ROOT


class Step:
    """The commands of a numbered step, and those that undo it ("" if there is nothing to undo)."""

    def __init__(self, title, text):
        forth, _, back = text.partition("*Back")
        self.title, self.forth, self.back = title, commands(forth), commands(back)


def section(title):
    text = (ROOT / "docs/operations.md").read_text()
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)[1]


def steps(title):
    _, *parts = re.split(r"^\d+\. \*\*(.+?)\.\*\*", section(title), flags=re.MULTILINE)
    return [Step(*one) for one in zip(parts[::2], parts[1::2], strict=True)]


def commands(text):
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return "\n".join(textwrap.dedent(block) for block in blocks)


def settings(environment):
    """Returns the overrides of an environment in samconfig.toml."""
    return parameters(environment)["parameter_overrides"]


def stack_name(environment):
    return parameters(environment)["stack_name"]


def parameters(environment):
    return tomllib.loads((ROOT / "samconfig.toml").read_text())[environment]["global"]["parameters"]
