"""Writes tests/fixtures/terraform/aws.json: the schema of the types in infra/terraform, as `terraform providers schema -json` prints it.

The provider itself is only on Terraform's registry; the npm package @cdktf/provider-aws is generated from its schema. Version 19.65.1
is the last for provider 5, which the Terraform of the existing infrastructure uses (`~> 5.0`):

    npm pack @cdktf/provider-aws@19.65.1
    python tests/deployment/aws_schema.py cdktf-provider-aws-19.65.1.tgz > tests/fixtures/terraform/aws.json
"""

import json
import re
import sys
import tarfile

DATA = [
    "aws_db_instance",
    "aws_db_subnet_group",
    "aws_lb",
    "aws_lb_listener",
    "aws_lb_target_group",
    "aws_route53_zone",
    "aws_secretsmanager_secret_version",
    "aws_subnet",
    "aws_subnets",
    "aws_vpc",
]
RESOURCES = ["aws_ssm_parameter"]
# types as in the bindings
TYPES = {
    "string": "string",
    "number": "number",
    "boolean": "bool",
    "list": ["list", "string"],
    "stringList": ["list", "string"],
    "stringMap": ["map", "string"],
}


class Bindings:
    """The code of one data source or resource."""

    def __init__(self, package, folder):
        read = lambda name: package.extractfile(f"package/lib/{folder}/{name}").read().decode()
        self.code, self.types = read("index.js"), read("index.d.ts")
        self.version = re.search(r"providerVersion: '([\d.]+)'", self.code)[1]

    def block(self):
        start = re.search(r"^class \w+ extends cdktf\.Terraform(DataSource|Resource) ", self.code, re.MULTILINE).start()
        attributes, blocks = {}, {}
        for name, is_block, storage in self.arguments(self.code[start:]):
            if is_block:
                blocks[name] = {"nesting_mode": "set", "block": self.nested(storage)}
            else:
                attributes[name] = {"type": TYPES[storage], **necessity(name, self.types)}
        for kind, name in re.findall(r"this\.get(\w+)Attribute\('(\w+)'\)", self.code[start:]):
            attributes[name] = {**attributes.get(name, {}), "type": TYPES[kind[0].lower() + kind[1:]], "computed": True}
        for name in re.findall(r"\w+ = new \w+\(this, \"(\w+)\"", self.code[start:]):
            if name not in blocks:
                attributes[name] = {"type": ["list", ["map", "string"]], "computed": True}
        for required in [one for one in attributes.values() if one.get("required")]:
            required.pop("computed", None)
        return {"attributes": dict(sorted(attributes.items())), "block_types": blocks}

    def nested(self, storage):
        """Returns the arguments of a block, such as `filter`."""
        struct = storage.removesuffix("List")
        code = self.code[self.code.index(f"function {struct[0].lower()}{struct[1:]}ToHclTerraform(") :]
        names = self.arguments(code, "const attrs = {")
        interface = re.search(rf"export interface {struct} {{(.*?)^}}", self.types, re.MULTILINE | re.DOTALL)[1]
        return {"attributes": {name: {"type": TYPES[kind], **necessity(name, interface)} for name, _, kind in names}}

    def arguments(self, code, start="synthesizeHclAttributes() {"):
        body = code[code.index(start) :]
        body = body[: body.index("// remove undefined attributes")]
        pattern = r"(\w+): \{\s+value: .*\s+isBlock: (\w+),\s+type: \"\w+\",\s+storageClassType: \"(\w+)\""
        return [(name, is_block == "true", storage) for name, is_block, storage in re.findall(pattern, body)]


def necessity(name, interface):
    mark = re.search(rf"#{name} \w+#\w+\}}(?:(?!\*/).)*\*/\s+readonly \w+(\??):", interface, re.DOTALL)[1]
    return {"optional": True} if mark else {"required": True}


def main():
    with tarfile.open(sys.argv[1]) as package:
        folder = lambda name: name.removeprefix("aws_").replace("_", "-")
        data = {name: Bindings(package, f"data-aws-{folder(name)}") for name in DATA}
        resources = {name: Bindings(package, folder(name)) for name in RESOURCES}
    blocks = lambda bindings: {name: {"block": one.block()} for name, one in bindings.items()}
    schema = {
        "data_source_schemas": blocks(data),
        "resource_schemas": blocks(resources),
    }
    (version,) = {one.version for one in [*data.values(), *resources.values()]}
    json.dump({"provider_version": version, "provider_schemas": {"registry.terraform.io/hashicorp/aws": schema}}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
