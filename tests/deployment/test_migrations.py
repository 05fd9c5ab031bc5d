"""Tests which deployments migrate: CloudFormation updates a custom resource if one of its properties changes."""

import json
import unittest

from stack import translate


class Trigger(unittest.TestCase):
    def test_a_manual_deployment_with_other_migrations_or_code_migrates(self):
        before, after = (translate({"Version": "by-hand"}, build) for build in ["one-build/", "another/"])
        self.assertNotEqual(migration(before), migration(after))

    def test_a_deployment_of_the_same_packages_does_not_migrate(self):
        self.assertEqual(migration(translate({"Version": "one"}, "build/")), migration(translate({"Version": "another"}, "build/")))

    def test_the_custom_resource_invokes_a_version_of_the_migration_function(self):
        stack = translate({})
        version = migration(stack)["Code"]["Ref"]
        self.assertEqual(stack["Resources"][version]["Type"], "AWS::Lambda::Version")
        self.assertEqual(stack["Resources"][version]["Properties"]["FunctionName"], {"Ref": "MigrateFunction"})

    def test_functions_are_updated_after_the_migration(self):
        stack = translate({})
        waiting = [name for name, one in stack["Resources"].items() if "SchemaMigration" in json.dumps(one.get("DependsOn", []))]
        self.assertGreater(len(waiting), 15)


def migration(stack):
    return stack["Resources"]["SchemaMigration"]["Properties"]


if __name__ == "__main__":
    unittest.main()
