"""docs/operations.md names what there is."""

import re
import unittest

from stack import ROOT, read

DOCS = (ROOT / "docs/operations.md").read_text()
# of AWS, not of the template
METRICS = {"BlockedRequests"}


class Operations(unittest.TestCase):
    def test_parameters_are_those_of_the_template(self):
        named = set(re.findall(r'[`"]([A-Z][a-z]+(?:[A-Z][a-z]+)+)\b', DOCS)) - METRICS
        self.assertGreater(len(named), 15)
        template = read("template.yaml")
        self.assertLessEqual(named, set(template["Parameters"]) | set(template["Mappings"]))

    def test_secrets_are_where_the_template_and_the_smoke_test_look(self):
        defaults = {one.get("Default") for one in read("template.yaml")["Parameters"].values()}
        script = (ROOT / "scripts/deploy").read_text()
        for name in re.findall(r"/augmed/production/[\w-]+", DOCS):
            looked_for = name in defaults or name.replace("production", "$environment") in script
            self.assertTrue(looked_for, name)

    def test_commands_are_those_of_the_script(self):
        usage = (ROOT / "scripts/deploy").read_text().split("USAGE")[1]
        for command in re.findall(r"scripts/deploy production (\w+)", DOCS):
            self.assertRegex(usage, rf"(?m)^  {command}\b")

    def test_queries_ask_for_fields_that_are_logged(self):
        log = (ROOT / "shared/src/http/request_log.rs").read_text()
        queries = " ".join(re.findall(r"`((?:filter|stats) [^`]*)`", DOCS))
        fields = {"business_error", "fault", "milliseconds", "status", "request_id", "route"}
        self.assertEqual(fields - set(re.findall(r"\w+", queries)), set())
        for field in fields:
            self.assertRegex(log, rf"\b{field}\b")

    def test_files_and_scripts_exist(self):
        for path in re.findall(r"`((?:scripts|infra|docs|tests|\.ci)/[\w./-]+)`", DOCS):
            self.assertTrue((ROOT / path).exists(), path)


if __name__ == "__main__":
    unittest.main()
