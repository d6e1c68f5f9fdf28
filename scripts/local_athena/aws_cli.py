"""A small part of AWS's command line, on boto3.

    python -m local_athena.aws_cli SERVICE OPERATION [--PARAMETER VALUE...]... [--query PATH]

Operations and parameters come from boto3's descriptions of the services, as those of AWS's own
command line do. That one pins another botocore than boto3 does, so the two do not fit into one
environment.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import boto3
import jmespath  # type: ignore[import-untyped]  # has no types
from botocore import xform_name


def main(service: str, command: str, *options: str) -> None:
    """Runs an operation and prints the answer as JSON; exits with code 2 for unknown parameters."""
    client: Any = boto3.client(service)  # type: ignore[call-overload]  # any service
    operations = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
    shape = client.meta.service_model.operation_model(operations[command]).input_shape
    parser = argparse.ArgumentParser(prog=f"aws {service} {command}", allow_abbrev=False)
    parser.add_argument("--query", type=jmespath.compile)
    for name, member in shape.members.items():
        parser.add_argument(
            f"--{xform_name(name, '-')}",
            dest=name,
            required=name in shape.required_members,
            default=argparse.SUPPRESS,
            nargs="+" if member.type_name == "list" else None,
            type=int if member.type_name in ("integer", "long") else str,
        )
    parameters = vars(parser.parse_args(options))
    query = parameters.pop("query")
    answer = getattr(client, xform_name(operations[command]))(**parameters)
    del answer["ResponseMetadata"]
    print(json.dumps(query.search(answer) if query else answer, indent=4, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
