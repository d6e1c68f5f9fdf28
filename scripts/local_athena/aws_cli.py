"""As much of AWS's command line as a page of documentation needs, on boto3.

    aws SERVICE OPERATION [--PARAMETER VALUE…]… [--query PATH]

Operations and parameters are those of boto3's own descriptions of the services, from which AWS's
command line has them too; that one is not in requirements.txt, as each of its versions wants
another botocore than boto3 does.
"""

from __future__ import annotations

import argparse
import json
import sys

import boto3
import jmespath
from botocore import xform_name


def main(service: str, command: str, *options: str) -> None:
    """Runs a command and prints the answer as JSON; argparse refuses what the service lacks."""
    client = boto3.client(service)
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
