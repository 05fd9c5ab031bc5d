"""Tests that docs/operations.md names existing things, and that links between documents work."""

import os
import re
import subprocess
import unittest

from stack import ROOT, read

DOCS = (ROOT / "docs/operations.md").read_text()
# AWS's parameters instead of the template's
METRICS = {"BlockedRequests"}


class Operations(unittest.TestCase):
    def test_parameters_exist_in_the_template(self):
        named = set(re.findall(r'[`"]([A-Z][a-z]+(?:[A-Z][a-z]+)+)\b', DOCS)) - METRICS
        self.assertGreater(len(named), 15)
        template = read("template.yaml")
        self.assertLessEqual(named, set(template["Parameters"]) | set(template["Mappings"]))

    def test_secrets_have_the_names_in_template_and_smoke_test(self):
        defaults = {one.get("Default") for one in read("template.yaml")["Parameters"].values()}
        script = (ROOT / "scripts/deploy").read_text()
        for name in re.findall(r"/augmed/production/[\w-]+", DOCS):
            looked_for = name in defaults or name.replace("production", "$environment") in script
            self.assertTrue(looked_for, name)

    def test_commands_exist_in_the_script(self):
        usage = (ROOT / "scripts/deploy").read_text().split("USAGE")[1]
        for command in re.findall(r"scripts/deploy production (\w+)", DOCS):
            self.assertRegex(usage, rf"(?m)^  {command}\b")

    def test_queries_use_fields_that_are_logged(self):
        log = (ROOT / "shared/src/http/request_log.rs").read_text()
        queries = " ".join(re.findall(r"`((?:filter|stats) [^`]*)`", DOCS))
        fields = {"business_error", "fault", "milliseconds", "status", "request_id", "route"}
        self.assertEqual(fields - set(re.findall(r"\w+", queries)), set())
        for field in fields:
            self.assertRegex(log, rf"\b{field}\b")

    def test_a_restored_database_gets_the_settings_of_the_template(self):
        restore = DOCS.split("## Restore")[1].split("\n## ")[0]
        settings = read("infra/database.yaml")["Resources"]["Instance"]["Properties"]
        options = {
            "MultiAZ": "--multi-az",
            "DeletionProtection": "--deletion-protection",
            "EnablePerformanceInsights": "--enable-performance-insights",
            "EnableCloudwatchLogsExports": "--enable-cloudwatch-logs-exports postgresql",
            "MaxAllocatedStorage": f"--max-allocated-storage {settings['MaxAllocatedStorage']}",
            "BackupRetentionPeriod": f"--backup-retention-period {settings['BackupRetentionPeriod']}",
        }
        for property, option in options.items():
            self.assertIn(property, settings)
            self.assertIn(option, restore)

    def test_files_and_scripts_exist(self):
        for path in re.findall(r"`((?:scripts|infra|docs|tests|\.ci)/[\w./-]+)`", DOCS):
            self.assertTrue((ROOT / path).exists(), path)


class Links(unittest.TestCase):
    def test_links_refer_to_existing_files_and_headings(self):
        command = ["git", "ls-files", "*.md"]
        pages = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
        texts = {page: re.sub(r"```.*?```", "", (ROOT / page).read_text(), flags=re.DOTALL) for page in pages}
        links = [(page, link) for page, text in texts.items() for link in relative_links(text)]
        self.assertGreater(len(links), 150)
        for page, link in links:
            with self.subTest(f"{page}: {link}"):
                path, _, heading = link.partition("#")
                target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
                self.assertTrue((ROOT / target).exists())
                if heading:
                    self.assertIn(heading, anchors(texts[target]))


def relative_links(text):
    without_code = re.sub(r"`[^`\n]*`", "", text)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", without_code) if not re.match(r"[a-z]+:", link)]


def anchors(text):
    """Returns the anchors of headings in GitHub and mdBook."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    words = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in words}


if __name__ == "__main__":
    unittest.main()
