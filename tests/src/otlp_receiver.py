"""Receives spans (OTLP over HTTP) and prints one JSON object for each.

The messages are decoded with OpenTelemetry's own package for Python, opentelemetry-proto.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse


def value(any_value):
    return getattr(any_value, any_value.WhichOneof("value"))


def attributes(pairs):
    return {pair.key: value(pair.value) for pair in pairs}


def described(span, resource):
    return {
        "resource": resource,
        "name": span.name,
        "kind": span.kind,
        "trace_id": span.trace_id.hex(),
        "span_id": span.span_id.hex(),
        "parent_span_id": span.parent_span_id.hex(),
        "nanoseconds": span.end_time_unix_nano - span.start_time_unix_nano,
        "attributes": attributes(span.attributes),
        "events": [{"name": event.name, "attributes": attributes(event.attributes)} for event in span.events],
    }


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/traces" or self.headers["Content-Type"] != "application/x-protobuf":
            return self.send_error(400)
        for spans in request.resource_spans:
            resource = attributes(spans.resource.attributes)
            for scope in spans.scope_spans:
                for span in scope.spans:
                    print(json.dumps(described(span, resource)), flush=True)
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
sys.exit(server.serve_forever())
