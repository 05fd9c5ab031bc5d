"""Tests infra/terraform with the provider's schema, and with Terraform itself, if it is installed, without its registry. The workflow has both."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import hcl2

from aws_provider import PROVIDER, Provider
from stack import ROOT, read

MODULE = ROOT / "infra/terraform"
SCHEMA = ROOT / "tests/fixtures/terraform/aws.json"
KINDS = {"data": "data_source_schemas", "resource": "resource_schemas"}
# versions of the existing infrastructure (tests/fixtures/infrastructure)
TERRAFORM, PROVIDERS = "1.1.7", "~> 5.0"
# syntax that is newer than Terraform 1.1.7 (its changelog)
NEWER = {
    "1.2": r"\b(?:pre|post)condition\b|\breplace_triggered_by\b",
    "1.3": r"\boptional\(|\bstartswith\(|\bendswith\(|\btimecmp\(",
    "1.4": r"\bterraform_data\b",
    "1.5": r"^\s*(?:check|import)\b.*{|\bstrcontains\(|\bplantimestamp\(",
    "1.7": r"^\s*removed\s*{",
    "1.8": r"\bprovider::|\bissensitive\(",
    "1.9": r"\btemplatestring\(",
    "1.10": r"\bephemeral\b",
    "1.11": r"_wo\b|_wo_version\b",
}
# incompatible infrastructure, and the error message
PROBLEMS = [
    ({"target": "data.aws_lb_listener.https", "values": {"protocol": "HTTP"}}, "The listener speaks HTTP"),
    ({"target": "data.aws_db_subnet_group.augmed", "values": {"vpc_id": "vpc-2"}}, "The database is in vpc-2, the load balancer in vpc-1"),
    ({"target": "data.aws_db_instance.augmed", "values": {"engine": "mysql"}}, "is mysql, not PostgreSQL"),
]
# arguments of Terraform itself
META = {"count", "for_each", "depends_on", "lifecycle", "provider"}
SPLAT = r"(?:\[[^\]]*\])?"
REFERENCE = re.compile(rf"\b(data\.|(?=aws_))(\w+)\.(\w+){SPLAT}\.(\w+)")
LOOP = re.compile(rf"for (\w+) in (data)\.(\w+)\.\w+{SPLAT} *:")


class Module(unittest.TestCase):
    folder = MODULE

    @classmethod
    def setUpClass(cls):
        cls.files = [hcl2.loads(path.read_text()) for path in sorted(cls.folder.glob("*.tf"))]
        schema = json.loads(SCHEMA.read_text())
        cls.version = schema["provider_version"]
        cls.schemas = schema["provider_schemas"][PROVIDER]

    def test_blocks_have_valid_arguments(self):
        for kind, type, name, body in self.blocks():
            schema = self.schema(kind, type)
            self.check(schema, body, f"{kind} {type}.{name}")

    def test_references_name_existing_attributes(self):
        declared = {(kind, type, name) for kind, type, name, _ in self.blocks()}
        seen = 0
        for text in self.texts():
            for prefix, type, name, attribute in REFERENCE.findall(text):
                kind = prefix.rstrip(".") or "resource"
                self.assertIn((kind, type, name), declared, text)
                self.assertIn(attribute, self.schema(kind, type)["attributes"], text)
                seen += 1
            for variable, kind, type in LOOP.findall(text):
                for attribute in re.findall(rf"\b{variable}\.(\w+)", text):
                    self.assertIn(attribute, self.schema(kind, type)["attributes"], text)
        self.assertGreater(seen, 1)

    def test_conditions_use_attributes_of_their_own_block(self):
        for kind, type, _, body in self.blocks():
            for attribute in re.findall(r"\bself\.(\w+)", json.dumps(body)):
                self.assertIn(attribute, self.schema(kind, type)["attributes"], type)

    def test_variables_and_locals_are_declared_and_used(self):
        text = "".join(self.texts())
        used = set(re.findall(r"\b(?:var|local)\.(\w+)", text))
        variables = {unquoted(name) for file in self.files for one in file.get("variable", []) for name in one}
        own = {name for file in self.files for one in file.get("locals", []) for name in one if not name.startswith("__")}
        self.assertEqual(used, variables | own)

    def test_the_provider_matches_the_schema(self):
        wanted = (self.folder / "versions.tf").read_text()
        self.assertIn(f'version = "{PROVIDERS}"', wanted)
        self.assertIn(f'required_version = ">= {TERRAFORM}"', wanted)
        self.assertEqual(self.version.split(".")[0], PROVIDERS.split()[1].split(".")[0])

    def test_the_syntax_is_supported_by_the_existing_terraform(self):
        for path in self.folder.glob("*.tf"):
            code = re.sub(r"#.*", "", path.read_text())
            for version, feature in NEWER.items():
                self.assertIsNone(re.search(feature, code, re.MULTILINE), f"{path.name} needs Terraform {version}")

    def test_validations_use_only_their_own_variable(self):
        """Conditions can use other variables since Terraform 1.9."""
        for file in self.files:
            for variable in file.get("variable", []):
                for name, body in variable.items():
                    for validation in body.get("validation", []):
                        named = set(re.findall(r"\bvar\.(\w+)", validation["condition"]))
                        self.assertEqual(named, {unquoted(name)})

    def check(self, schema, body, place):
        given = {name for name in body if not name.startswith("__")}
        known = set(schema["attributes"]) | set(schema.get("block_types", {}))
        self.assertLessEqual(given - META, known, place)
        required = {name for name, one in schema["attributes"].items() if one.get("required")}
        self.assertLessEqual(required, given, place)
        for name in given & set(schema["attributes"]):
            only_computed = not {"required", "optional"} & set(schema["attributes"][name])
            self.assertFalse(only_computed, f"{place}: {name} is set by the provider")
        for name, nested in schema.get("block_types", {}).items():
            for one in body.get(name, []):
                self.check({"attributes": nested["block"]["attributes"]}, one, f"{place} {name}")

    def schema(self, kind, type):
        self.assertIn(type, self.schemas[KINDS[kind]])
        return self.schemas[KINDS[kind]][type]["block"]

    def blocks(self):
        for file in self.files:
            for kind in KINDS:
                for types in file.get(kind, []):
                    for type, names in types.items():
                        for name, body in names.items():
                            yield kind, unquoted(type), unquoted(name), body

    def texts(self):
        """Returns all expressions."""
        return [text for file in self.files for text in strings(file)]


class DatabaseUrl(Module):
    folder = MODULE / "database_url"

    def test_an_apply_does_not_restore_a_password_that_was_rotated(self):
        (url,) = [body for kind, type, _, body in self.blocks() if type == "aws_ssm_parameter"]
        self.assertEqual([one["ignore_changes"] for one in url.get("lifecycle", [])], [["value"]])


@unittest.skipUnless(shutil.which("terraform"), "there is no terraform")
class Terraform(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = Path(directory.name) / "module"
        shutil.copytree(MODULE, self.folder)
        settings = Path(directory.name) / "settings"
        settings.touch()
        schemas = json.loads(SCHEMA.read_text())["provider_schemas"][PROVIDER]
        provider = self.enterContext(Provider(schemas, Path(directory.name) / "socket"))
        self.environment = {**os.environ, **provider.environment, "TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1"}

    def test_it_is_formatted_and_valid(self):
        for folder in [self.folder, self.folder / "database_url"]:
            self.run_in(folder, "fmt", "-check")
            self.run_in(folder, "init", "-backend=false")
            self.run_in(folder, "validate")

    def test_its_own_tests_pass(self):
        self.run_in(self.folder, "init", "-backend=false")
        self.run_in(self.folder, "test")

    def test_incompatible_infrastructure_is_reported(self):
        self.run_in(self.folder, "init", "-backend=false")
        found = self.folder / "tests/found.tftest.hcl"
        text = found.read_text()
        for override, sentence in PROBLEMS:
            values = "\n".join(f'    {name} = "{value}"' for name, value in override["values"].items())
            found.write_text(f"{text}\noverride_data {{\n  target = {override['target']}\n  values = {{\n{values}\n  }}\n}}\n")
            said = self.run_in(self.folder, "test", expected=1)
            self.assertIn(sentence, re.sub(r"[\s│]+", " ", said))

    def run_in(self, folder, command, *options, expected=0):
        call = ["terraform", command, "-no-color", *options]
        result = subprocess.run(call, cwd=folder, env=self.environment, capture_output=True, text=True, timeout=120)
        self.assertEqual(result.returncode, expected, result.stdout + result.stderr)
        return result.stdout + result.stderr


class Outputs(unittest.TestCase):
    def test_found_settings_are_parameters_of_the_stack(self):
        (settings,) = hcl2.loads((MODULE / "outputs.tf").read_text())["locals"]
        self.assertLessEqual(set(settings["found"]), set(read("template.yaml")["Parameters"]))

    def test_no_rule_is_added_to_a_security_group_whose_rules_are_inline(self):
        """The next apply of inline rules would remove an added rule."""
        (settings,) = hcl2.loads((MODULE / "outputs.tf").read_text())["locals"]
        self.assertNotIn("DatabaseSecurityGroupId", settings["found"])


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def unquoted(label):
    return label.strip('"')


if __name__ == "__main__":
    unittest.main()
