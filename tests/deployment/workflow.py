"""Runs a job of .github/workflows like GitHub: each `run:` step in bash, and those effects of actions that the steps rely on.

Facts of GitHub, from the documentation of the actions that the workflows use:
- a job begins with an empty folder (actions/checkout fills it);
- an artifact keeps no modes: what is downloaded is 0644, folders 0755 (actions/upload-artifact, "Permission Loss");
- a path outside of the folder, or none that fits, is an error with `if-no-files-found: error`;
- `run` is `bash -e`, with `-o pipefail` where the step or the workflow names its shell.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from stack import ROOT, read


GITHUB = {"repository": "owner/name", "server_url": "https://github.com", "ref": "refs/heads/main", "token": "of-the-run"}


class Workflow:
    """A run of workflows, whose jobs share only artifacts."""

    def __init__(self, folder, environment, variables):
        self.folder = folder
        self.environment = environment
        self.variables = variables
        self.jobs = 0

    def run(self, path, job, inputs=None):
        """Runs a job and returns its folder. `self.summary` is the summary that its steps wrote."""
        workflow = read(path)
        workspace = self.folder / f"job-{self.jobs}"
        self.jobs += 1
        temporary = self.folder / f"{workspace.name}-temporary"
        for folder in [workspace, temporary]:
            folder.mkdir()
        of_runner = {name: temporary / name.lower() for name in ["GITHUB_PATH", "GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"]}
        for file in of_runner.values():
            file.touch()
        context = {"inputs": inputs or {}, "vars": self.variables, "github": GITHUB}
        job_environment = {**self.environment, "RUNNER_TEMP": str(temporary), "CI": "true", "GITHUB_SHA": "1" * 40}
        job_environment["GITHUB_REPOSITORY"] = GITHUB["repository"]
        job_environment |= {name: str(file) for name, file in of_runner.items()}
        for step in workflow["jobs"][job]["steps"]:
            job_environment["PATH"] = os.pathsep.join([*of_runner["GITHUB_PATH"].read_text().split(), self.environment["PATH"]])
            evaluated = evaluate(step, context)
            if "if" in step and not holds(step["if"], context):
                continue
            if "run" in evaluated:
                self.bash(evaluated, workspace, job_environment)
            else:
                self.action(evaluated, workspace)
        self.summary = of_runner["GITHUB_STEP_SUMMARY"].read_text()
        return workspace

    def bash(self, step, workspace, environment):
        environment = {**environment, **{name: str(value) for name, value in step.get("env", {}).items()}}
        result = subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=workspace, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600
        )
        if result.returncode:
            raise AssertionError(f"{step['run']}\nended with {result.returncode}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}")

    def action(self, step, workspace):
        name = step["uses"].split("@")[0]
        given = step.get("with", {})
        artifact = self.folder / "artifacts" / given.get("name", "")
        if name == "actions/checkout":
            checkout(workspace)
        elif name == "actions/upload-artifact":
            without_modes(workspace / given["path"], artifact)
        elif name == "actions/download-artifact":
            target = workspace / given.get("path", "")
            shutil.copytree(artifact, target, dirs_exist_ok=True)


def evaluate(value, context):
    """Replaces ${{ inputs.x }} and the like with values; the runner's own contexts are unknown here."""
    if isinstance(value, dict):
        return {key: evaluate(one, context) for key, one in value.items()}
    if not isinstance(value, str):
        return value

    def known(match):
        scope, name = match[1], match[2]
        return str(context[scope][name]) if name in context.get(scope, {}) else ""

    return re.sub(r"\$\{\{ *(\w+)\.([\w.-]+) *\}\}", known, value)


def holds(condition, context):
    """Returns whether `inputs.x == 'y'`; the workflows have no other conditions."""
    scope, name, value = re.fullmatch(r"(\w+)\.(\w+) == '([\w-]+)'", condition).groups()
    return context[scope][name] == value


def checkout(folder):
    """Copies the checked-out commit with uncommitted changes, but without build output."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, folder], check=True)
    git = ["git", "-C", ROOT]
    changed = names([*git, "diff", "--name-only", "--no-renames", "-z", "HEAD"])
    for path in changed + names([*git, "ls-files", "--others", "--exclude-standard", "-z"]):
        (folder / path).unlink(missing_ok=True)
        if (ROOT / path).exists():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, folder / path)
    git = ["git", "-C", folder, "-c", "user.name=test", "-c", "user.email=test@example.org"]
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", "as it is here"], check=True)


def names(command):
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name]


def without_modes(source, target):
    """Copies a file or folder like an artifact, which loses modes."""
    if not source.exists():
        raise AssertionError(f"there is nothing to upload at {source}")
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        target.mkdir(parents=True)
        shutil.copy(source, target)
    for path in target.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
