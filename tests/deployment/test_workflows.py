"""The workflows as GitHub reads them: who waits for whom, and which actions they use. What their steps do is in test_packages.py."""

import re
import unittest

from stack import ROOT, read

DEPLOY = ".github/workflows/deploy.yml"
# The runtime that each action's own action.yml declares at the commit we pin, read from the action's repository on 2026-11-28;
# a composite action brings the actions it uses. GitHub removes Node 20 from its runners.
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
    """A run or a job that waits for an approval counts as running: it keeps its concurrency groups, and the next one waits
    (docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency)."""

    def test_a_release_that_waits_for_its_approval_holds_up_no_other(self):
        workflow = read(DEPLOY)
        approvals = {name: job for name, job in workflow["jobs"].items() if "approval" in str(job.get("environment", ""))}
        self.assertEqual(len(approvals), 1, "of one job the environment asks its reviewers")
        for job in approvals.values():
            self.assertEqual(groups(workflow) + groups(job), [])

    def test_production_waits_for_the_approval_and_the_approval_for_the_plan(self):
        jobs = read(DEPLOY)["jobs"]
        self.assertEqual(jobs["production"]["needs"], "approval")
        self.assertEqual(jobs["approval"]["needs"], "plan")
        self.assertEqual((jobs["plan"]["with"]["environment"], jobs["plan"]["with"]["command"]), ("production", "plan"))

    def test_two_releases_of_one_environment_do_not_run_at_once_and_none_is_broken_off(self):
        job = read(".github/workflows/release.yml")["jobs"]["release"]
        self.assertIn("inputs.environment", job["concurrency"]["group"])
        self.assertFalse(job["concurrency"]["cancel-in-progress"])

    def test_a_called_workflow_is_given_the_permissions_it_wants(self):
        for name, job in read(DEPLOY)["jobs"].items():
            if "uses" in job:
                for called in read(job["uses"].removeprefix("./"))["jobs"].values():
                    self.assertLessEqual(called.get("permissions", {}).items(), job["permissions"].items(), name)


class Actions(unittest.TestCase):
    def test_each_is_pinned_and_runs_on_a_node_that_runners_have(self):
        for path in (ROOT / ".github/workflows").glob("*.yml"):
            for action in re.findall(r"uses: ([^.\s]\S+)", path.read_text()):
                self.assertIn(action, NODE_24 | COMPOSITE, path.name)

    def test_what_is_pinned_is_kept_up_to_date(self):
        updates = read(".github/dependabot.yml")["updates"]
        self.assertLessEqual({"github-actions", "cargo", "pip", "npm", "terraform"}, {one["package-ecosystem"] for one in updates})
        for one in updates:
            for directory in one.get("directories", [one.get("directory")]):
                self.assertTrue((ROOT / directory.strip("/")).is_dir(), directory)


def groups(part):
    return [part["concurrency"]["group"]] if "concurrency" in part else []


if __name__ == "__main__":
    unittest.main()
