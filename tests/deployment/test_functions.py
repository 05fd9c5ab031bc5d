"""Tests that each function gets exactly the variables and permissions that its code needs."""

import json
import unittest

from cryptography import x509
from ordering import Graph
from stack import ROOT, read, resources, translate

ADDRESSES = {"DatabaseDirectUrlParameter": "/augmed/production/direct-url", "DatabaseReplicaUrlParameter": "/augmed/production/replica-url"}

VPC_ACCESS = "AWSLambdaVPCAccessExecutionRole"
POLICIES = {
    "DATABASE_URL_PARAMETER": "ReadDatabaseUrl",
    "DATABASE_OWNER_URL_PARAMETER": "ReadDatabaseOwnerUrl",
    "JWT_SECRET_KEY_PARAMETER": "ReadJwtSecretKey",
    "ADMIN_API_KEY_PARAMETER": "ReadAdminApiKey",
    "EXPORT_API_KEY_PARAMETER": "ReadExportApiKey",
}


class Functions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = translate({})
        cls.functions = resources(cls.stack, "AWS::Lambda::Function")

    def test_only_functions_that_read_a_secret_get_it(self):
        for name, function in self.functions.items():
            wanted = {policy for variable, policy in POLICIES.items() if variable in variables(function)}
            granted = {one["Ref"] for one in self.role(name)["ManagedPolicyArns"] if isinstance(one, dict) and "Ref" in one}
            self.assertEqual(granted, wanted, name)

    def test_only_functions_that_send_mail_may_do_so(self):
        for name in self.functions:
            actions = [one["PolicyDocument"]["Statement"] for one in self.role(name).get("Policies", [])]
            sends = "MAIL_TRANSPORT" in variables(self.functions[name])
            self.assertEqual("ses:SendEmail" in json.dumps(actions), sends, name)

    def test_only_functions_with_a_database_are_in_its_network(self):
        for name, function in self.functions.items():
            has_database = "DATABASE_URL_PARAMETER" in variables(function)
            self.assertEqual("VpcConfig" in function["Properties"], has_database, name)
            self.assertEqual(VPC_ACCESS in json.dumps(self.role(name)["ManagedPolicyArns"]), has_database, name)

    def test_functions_with_a_database_have_its_certificate_authorities(self):
        (authorities,) = resources(read("template.yaml"), "AWS::Serverless::LayerVersion").values()
        (file,) = (ROOT / authorities["Properties"]["ContentUri"]).iterdir()
        self.assertIn("BEGIN CERTIFICATE", file.read_text())
        for name, function in self.functions.items():
            if "DATABASE_URL_PARAMETER" in variables(function):
                # layers are unpacked in /opt
                self.assertEqual(variables(function)["PGSSLROOTCERT"], f"/opt/{file.name}", name)
                self.assertEqual(len(function["Properties"]["Layers"]), 1, name)
            else:
                self.assertNotIn("Layers", function["Properties"], name)

    def test_only_migrations_know_the_owner_of_the_database(self):
        owners = [name for name, function in self.functions.items() if "DATABASE_OWNER_URL_PARAMETER" in variables(function)]
        self.assertEqual(owners, ["MigrateFunction"])
        self.assertNotIn("Owner", str(read("infra/container.yaml")))

    def test_only_functions_that_use_direct_and_replica_addresses_can_read_them(self):
        given = {"DomainName": "api.example.org", "WithContainer": "true", **ADDRESSES}
        stack = Graph(translate(given), given)
        functions = {name: variables({"Properties": stack.properties[name]}) for name, kind in stack.types.items() if kind == "AWS::Lambda::Function" and "/" not in name}
        container = {one["Name"]: one["Value"] for one in stack.properties["Container/Task"]["ContainerDefinitions"][0]["Environment"] if one}
        for parameter, variable, who in [
            ("DatabaseDirectUrlParameter", "DATABASE_DIRECT_URL_PARAMETER", {name for name, one in functions.items() if "DATABASE_URL_PARAMETER" in one} - {"MigrateFunction"}),
            ("DatabaseReplicaUrlParameter", "DATABASE_REPLICA_URL_PARAMETER", {"ExportFunction"}),
        ]:
            self.assertEqual({name for name, one in functions.items() if one.get(variable) == ADDRESSES[parameter]}, who)
            self.assertEqual(container[variable], ADDRESSES[parameter])
            for role in [*(f"{name}Role" for name in who), "Container/TaskRole"]:
                policies = [stack.properties[one.strip("<>")] for one in readers(stack.properties[role]) if one.strip("<>") in stack.types]
                self.assertIn(f"parameter{ADDRESSES[parameter]}", json.dumps(policies), role)

    def test_the_authorities_include_those_of_server_and_proxy(self):
        """RDS Proxy has certificates of Certificate Manager (RDS User Guide, "Using TLS/SSL with RDS Proxy")."""
        subjects = [one.subject.rfc4514_string() for one in x509.load_pem_x509_certificates((ROOT / "infra/database_authorities/rds-ca.pem").read_bytes())]
        for number in range(1, 5):
            self.assertTrue(any(f"CN=Amazon Root CA {number}" in one for one in subjects), number)
        self.assertTrue(any("Amazon RDS eu-west-1 Root CA" in one for one in subjects))

    def role(self, function):
        return self.stack["Resources"][f"{function}Role"]["Properties"]


def variables(function):
    return function["Properties"]["Environment"]["Variables"]


def readers(role):
    """Returns the policies of a role; nested templates get them as one text."""
    given = role["ManagedPolicyArns"]
    return [part for one in (given if isinstance(given, list) else [given]) if isinstance(one, str) for part in one.split(",")]


if __name__ == "__main__":
    unittest.main()
