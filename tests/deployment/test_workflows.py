"""Tests dependencies and actions of the workflows. test_packages.py runs their steps."""

import re
import unittest

from stack import ROOT, read

DEPLOY = ".github/workflows/deploy.yml"
# The runtime in each action's action.yml at the pinned commit, read from the action's repository on 2026-11-28; a composite action
# includes the actions that it uses. GitHub removes Node 20 from its runners.
NODE_24 = {
    "actions/attest@1e69f48acb82d1966a394da916b4c1698aa569d6",
    "actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae",
    "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1",
    "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c",
    "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f",
    "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c",
    "github/codeql-action/analyze@8aad20d150bbac5944a9f9d289da16a4b0d87c1e",
    "github/codeql-action/init@8aad20d150bbac5944a9f9d289da16a4b0d87c1e",
    "hashicorp/setup-terraform@dfe3c3f87815947d99a8997f908cb6525fc44e9e",
}
COMPOSITE = {
    "aquasecurity/trivy-action@ed142fd0673e97e23eac54620cfb913e5ce36c25",
    "sigstore/cosign-installer@6f9f17788090df1f26f669e9d70d6ae9567deba6",
}


class Waiting(unittest.TestCase):
    """A run or job that waits for an approval counts as running: it holds its concurrency groups, and the next one waits
    (docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency)."""

    def test_a_release_that_waits_for_approval_blocks_no_other(self):
        workflow = read(DEPLOY)
        approvals = {name: job for name, job in workflow["jobs"].items() if "approval" in str(job.get("environment", ""))}
        self.assertEqual(len(approvals), 1, "of one job the environment asks its reviewers")
        for job in approvals.values():
            self.assertEqual(groups(workflow) + groups(job), [])

    def test_production_needs_an_approval_and_the_approval_needs_a_plan(self):
        jobs = read(DEPLOY)["jobs"]
        self.assertEqual(jobs["production"]["needs"], "approval")
        self.assertEqual(jobs["approval"]["needs"], "plan")
        self.assertEqual((jobs["plan"]["with"]["environment"], jobs["plan"]["with"]["command"]), ("production", "plan"))

    def test_releases_of_an_environment_are_sequential_and_not_cancelled(self):
        job = read(".github/workflows/release.yml")["jobs"]["release"]
        self.assertIn("inputs.environment", job["concurrency"]["group"])
        self.assertFalse(job["concurrency"]["cancel-in-progress"])

    def test_credentials_of_a_release_last_as_long_as_its_job(self):
        job = read(".github/workflows/release.yml")["jobs"]["release"]
        (credentials,) = [step["with"] for step in job["steps"] if "configure-aws-credentials" in step.get("uses", "")]
        of_plan, of_release = map(int, re.fullmatch(r"\$\{\{ inputs.command == 'plan' && (\d+) \|\| (\d+) \}\}", credentials["role-duration-seconds"]).groups())
        roles = {name: read("infra/github.yaml")["Resources"][name]["Properties"].get("MaxSessionDuration", 3600) for name in ["PlanRole", "Role"]}

        self.assertEqual((of_plan, of_release), (roles["PlanRole"], roles["Role"]))
        self.assertLessEqual(job["timeout-minutes"] * 60, of_release)
        # the slowest DeploymentPreference shifts for 100 minutes
        self.assertGreater(job["timeout-minutes"], 100)

    def test_a_called_workflow_gets_its_permissions(self):
        for name, job in read(DEPLOY)["jobs"].items():
            if "uses" in job:
                for called in read(job["uses"].removeprefix("./"))["jobs"].values():
                    self.assertLessEqual(called.get("permissions", {}).items(), job["permissions"].items(), name)


class Actions(unittest.TestCase):
    def test_actions_are_pinned_and_run_on_a_supported_node(self):
        for path in (ROOT / ".github/workflows").glob("*.yml"):
            for action in re.findall(r"uses: ([^.\s]\S+)", path.read_text()):
                self.assertIn(action, NODE_24 | COMPOSITE, path.name)

    def test_pinned_versions_are_kept_up_to_date(self):
        updates = read(".github/dependabot.yml")["updates"]
        self.assertLessEqual({"github-actions", "cargo", "pip", "npm", "terraform"}, {one["package-ecosystem"] for one in updates})
        for one in updates:
            for directory in one.get("directories", [one.get("directory")]):
                self.assertTrue((ROOT / directory.strip("/")).is_dir(), directory)


def groups(part):
    return [part["concurrency"]["group"]] if "concurrency" in part else []


if __name__ == "__main__":
    unittest.main()
