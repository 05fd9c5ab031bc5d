"""When a deployment migrates: CloudFormation calls a custom resource again when one of its properties differs."""

import json
import unittest

from stack import translate


class Trigger(unittest.TestCase):
    def test_a_deployment_by_hand_with_other_migrations_or_code_migrates(self):
        before, after = (translate({"Version": "by-hand"}, build) for build in ["one-build/", "another/"])
        self.assertNotEqual(migration(before), migration(after))

    def test_a_deployment_of_the_same_packages_does_not(self):
        self.assertEqual(migration(translate({"Version": "one"}, "build/")), migration(translate({"Version": "another"}, "build/")))

    def test_it_names_a_version_of_the_function_that_migrates(self):
        stack = translate({})
        version = migration(stack)["Code"]["Ref"]
        self.assertEqual(stack["Resources"][version]["Type"], "AWS::Lambda::Version")
        self.assertEqual(stack["Resources"][version]["Properties"]["FunctionName"], {"Ref": "MigrateFunction"})

    def test_functions_wait_for_it(self):
        stack = translate({})
        waiting = [name for name, one in stack["Resources"].items() if "SchemaMigration" in json.dumps(one.get("DependsOn", []))]
        self.assertGreater(len(waiting), 15)


def migration(stack):
    return stack["Resources"]["SchemaMigration"]["Properties"]


if __name__ == "__main__":
    unittest.main()
