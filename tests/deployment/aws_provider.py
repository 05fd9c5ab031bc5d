"""A stand-in for the AWS provider, because Terraform's registry may be unreachable. It serves the schema with Terraform's plugin protocol
(docs/plugin-protocol/tfplugin5.proto in hashicorp/terraform), accepts every configuration, and does nothing."""

import json
from concurrent import futures

import grpc

PROVIDER = "registry.terraform.io/hashicorp/aws"
SERVICE = "tfplugin5.Provider"
NESTING = {"single": 1, "list": 2, "set": 3}


class Provider:
    """Serves at a socket; `environment` makes Terraform use it."""

    def __init__(self, schemas, socket):
        self.schema = field(1, schema_of({"block": {"attributes": {}}}))
        self.schema += by_name(2, schemas["resource_schemas"])
        self.schema += by_name(3, schemas["data_source_schemas"])
        self.server = grpc.server(futures.ThreadPoolExecutor(16))
        self.server.add_generic_rpc_handlers([Handlers(self.schema)])
        self.server.add_insecure_port(f"unix:{socket}")
        address = {"Network": "unix", "String": str(socket)}
        reattach = {PROVIDER: {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": 0, "Test": True, "Addr": address}}
        self.environment = {"TF_REATTACH_PROVIDERS": json.dumps(reattach)}

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop(None).wait()


class Handlers(grpc.GenericRpcHandler):
    def __init__(self, schema):
        self.schema = schema

    def service(self, call):
        service, method = call.method.strip("/").split("/")
        if service != SERVICE or method == "GetMetadata":
            return None
        # an empty message: no diagnostics
        answer = self.schema if method == "GetSchema" else b""
        return grpc.unary_unary_rpc_method_handler(lambda request, context: answer)


# ---- messages of the protocol, as protobuf ------------------------------------------------------------------------


def by_name(number, schemas):
    return b"".join(field(number, field(1, name) + field(2, schema_of(schema))) for name, schema in schemas.items())


def schema_of(schema):
    return field(2, block_of(schema["block"]))


def block_of(block):
    attributes = (field(2, attribute_of(name, one)) for name, one in block["attributes"].items())
    blocks = (
        field(3, field(1, name) + field(2, block_of(one["block"])) + field(3, NESTING[one["nesting_mode"]]))
        for name, one in block.get("block_types", {}).items()
    )
    return b"".join([*attributes, *blocks])


def attribute_of(name, attribute):
    flags = {4: "required", 5: "optional", 6: "computed", 7: "sensitive", 10: "write_only"}
    values = (field(number, attribute.get(flag, False)) for number, flag in flags.items())
    return field(1, name) + field(2, json.dumps(attribute["type"])) + b"".join(values)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(int(value)) if value else b""
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(number):
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])
