"""Tests the packages that workflows build, pass on and upload, as Lambda would read them."""

import io
import json
import unittest
import zipfile
from pathlib import PurePosixPath

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from rehearsal import BUCKET, Rehearsal
from samcli.yamlhelper import yaml_parse
from stack import read, resources
from workflow import checkout as make_checkout

DEPLOY = ".github/workflows/deploy.yml"
RELEASE = ".github/workflows/release.yml"
MACHINES = {"arm64": "EM_AARCH64", "x86_64": "EM_X86_64"}
# the runtime provided.al2023 (Amazon Linux 2023)
GLIBC = (2, 34)


def setUpModule():
    """Runs the workflows once: builds, shows the plan of a release to production, and releases."""
    global machine, planned, released
    machine = unittest.enterModuleContext(Rehearsal())
    machine.workflow.run(DEPLOY, "build")
    machine.workflow.run(RELEASE, "release", {"environment": "production", "command": "plan"})
    planned = machine.summary_and_calls()
    folder = machine.workflow.run(RELEASE, "release", {"environment": "production", "command": "release"})
    released = yaml_parse((folder / ".aws-sam/packaged.yaml").read_text())


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.functions = resources(released, "AWS::Serverless::Function")

    def test_every_function_is_a_zip_with_one_executable(self):
        self.assertGreater(len(self.functions), 15)
        for name, function in self.functions.items():
            package = self.package(function["Properties"]["CodeUri"], name)
            (entry,) = package.infolist()
            self.assertEqual(entry.filename, function["Properties"].get("Handler", "bootstrap"), name)
            self.assertEqual(entry.external_attr >> 16 & 0o555, 0o555, f"{name}: it must be executable for everybody")

    def test_every_function_is_built_for_the_processor_of_the_stack(self):
        for name, program in self.programs():
            self.assertEqual(program.header.e_machine, MACHINES["arm64"], name)

    def test_no_function_needs_a_newer_libc_than_its_runtime(self):
        for name, program in self.programs():
            for section in program.iter_sections():
                if isinstance(section, GNUVerNeedSection):
                    for _, versions in section.iter_versions():
                        needed = {one.name for one in versions if one.name.startswith("GLIBC_")}
                        newer = {one for one in needed if version(one) > GLIBC}
                        self.assertEqual(newer, set(), name)

    def test_the_certificate_authorities_have_the_path_in_the_functions_environment(self):
        """Lambda unpacks a layer in /opt (docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html)."""
        (layer,) = resources(released, "AWS::Serverless::LayerVersion").values()
        package = self.package(layer["Properties"]["ContentUri"], "the layer")
        mounted = {str(PurePosixPath("/opt") / entry.filename): entry for entry in package.infolist()}
        looked_for = released["Globals"]["Function"]["Environment"]["Variables"]["PGSSLROOTCERT"]
        self.assertIn(looked_for, mounted)
        self.assertEqual(mounted[looked_for].external_attr >> 16 & 0o444, 0o444)
        self.assertIn(b"BEGIN CERTIFICATE", package.read(mounted[looked_for]))

    def test_every_nested_template_is_uploaded(self):
        for name, application in resources(released, "AWS::Serverless::Application").items():
            key = application["Properties"]["Location"].split(f"/{BUCKET}/")[1]
            nested = yaml_parse(self.read(key).decode())
            self.assertIn("Resources", nested, name)

    def test_no_other_files_are_uploaded(self):
        named = json.dumps(released, default=str)
        for one in machine.s3.list_objects_v2(Bucket=BUCKET, Prefix="packages/")["Contents"]:
            self.assertIn(one["Key"], named)

    def programs(self):
        for name, function in self.functions.items():
            package = self.package(function["Properties"]["CodeUri"], name)
            yield name, ELFFile(io.BytesIO(package.read("bootstrap")))

    def package(self, uri, name):
        content = self.read(uri.removeprefix(f"s3://{BUCKET}/"))
        self.assertTrue(zipfile.is_zipfile(io.BytesIO(content)), f"{name}: Lambda could not unzip {uri}")
        return zipfile.ZipFile(io.BytesIO(content))

    def read(self, key):
        return machine.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


class Steps(unittest.TestCase):
    """Other effects of the workflows."""

    def test_a_plan_is_shown_and_changes_nothing(self):
        summary, calls = planned
        self.assertIn("What production would get", summary)
        self.assertIn("of the change set", summary)
        (deployment,) = [call for call in calls if call.startswith("sam deploy")]
        self.assertIn("--no-execute-changeset", deployment)
        for call in calls:
            self.assertNotRegex(call, r"^(docker push|cosign|aws lambda|aws s3 cp)")

    def test_a_build_is_verified_before_it_is_used(self):
        _, calls = planned
        verified, used = (next(i for i, call in enumerate(calls) if call.startswith(start)) for start in ["gh ", "aws "])
        self.assertRegex(calls[verified], r"^gh attestation verify release\.tar --repo owner/name .*/deploy\.yml$")
        self.assertLess(verified, used)

    def test_the_image_is_signed_by_the_pushing_workflow(self):
        calls = machine.calls.read_text().splitlines()
        identity = "https://github.com/owner/name/.github/workflows/release.yml@refs/heads/main"
        push = next(index for index, call in enumerate(calls) if call.startswith("docker push"))
        rest = calls[push:]
        self.assertTrue(any(call.startswith("cosign sign --yes") for call in rest))
        self.assertTrue(any(call.startswith(f"cosign verify --certificate-identity {identity}") for call in rest))

    def test_every_other_step_of_the_workflows_is_an_action(self):
        for path, job in [(DEPLOY, "build"), (RELEASE, "release")]:
            for step in read(path)["jobs"][job]["steps"]:
                self.assertTrue("run" in step or "@" in step["uses"])


class OtherProcessor(unittest.TestCase):
    def test_a_build_is_for_the_processor_of_its_environment(self):
        checkout = machine.folder / "x86_64"
        make_checkout(checkout)
        settings = checkout / "samconfig.toml"
        settings.write_text(settings.read_text().replace('"DatabaseMultiAz=true",', '"Architecture=x86_64",'))
        machine.run(checkout, "scripts/deploy", "production", "build")
        programs = list(checkout.glob(".aws-sam/build/*/bootstrap"))
        self.assertGreater(len(programs), 15)
        for path in programs:
            with path.open("rb") as file:
                self.assertEqual(ELFFile(file).header.e_machine, MACHINES["x86_64"], path)


def version(symbol):
    return tuple(int(part) for part in symbol.removeprefix("GLIBC_").split("."))


if __name__ == "__main__":
    unittest.main()
