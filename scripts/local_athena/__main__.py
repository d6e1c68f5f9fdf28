"""`python -m local_athena`: a local Athena that is up until it is stopped, or for one command."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from contextlib import suppress

from local_athena.server import REGION, LocalAthena
from local_athena.stopping import Stopped, stoppable


def main() -> int:
    """Returns the exit code: that of COMMAND; 0 after a stop; 1 where it cannot start."""
    parser = argparse.ArgumentParser(
        prog="python -m local_athena",
        description="Start a local Athena with Glue and S3. Ctrl-C or SIGTERM stops it.",
    )
    parser.add_argument("--region", default=REGION, help=f"AWS region  [default: {REGION}]")
    parser.add_argument("--port", type=int, default=0, help="port of AWS's APIs  [default: any]")
    parser.add_argument(
        "--bucket", action="append", default=[], help="bucket to create; can be repeated"
    )
    parser.add_argument(
        "--workgroup",
        action="append",
        default=[],
        help="Athena workgroup to create, beside `primary`; can be repeated",
    )
    parser.add_argument(
        "command",
        nargs=argparse.REMAINDER,
        metavar="-- COMMAND",
        help="run this with the account's environment, then stop with its exit code",
    )
    given = parser.parse_args()
    command = given.command[1:] if given.command[:1] == ["--"] else given.command
    try:
        with stoppable(), LocalAthena(given.region, given.port, say) as local:
            make(local, given.bucket, given.workgroup)
            if command:
                return run(local, command)
            stay(local)
    except Stopped:
        say("Stopped")
    except (RuntimeError, OSError) as error:
        say(f"Error: {error}")
        return 1
    return 0


def make(local: LocalAthena, buckets: list[str], workgroups: list[str]) -> None:
    """Creates buckets and workgroups."""
    s3, athena = local.client("s3"), local.client("athena")
    elsewhere = local.region != "us-east-1"  # which S3 wants not to be named
    where = {"CreateBucketConfiguration": {"LocationConstraint": local.region}} if elsewhere else {}
    for name in buckets:
        s3.create_bucket(Bucket=name, **where)
    for name in workgroups:
        athena.create_work_group(Name=name, Configuration={"EnforceWorkGroupConfiguration": False})


def run(local: LocalAthena, command: list[str]) -> int:
    """Runs a command to its end, and ends it when this program is stopped."""
    process = subprocess.Popen(command, env=local.environment)
    try:
        return process.wait()
    except Stopped:
        process.terminate()
        process.wait()
        raise


def stay(local: LocalAthena) -> None:
    """Says how to use the account, and waits until a signal raises Stopped."""
    say("Ready. In another shell:")
    for line in local.exports():
        say(f"    {line}")
    say("Ctrl-C or SIGTERM stops it and removes all that it holds.")
    while True:
        signal.pause()


def say(text: str) -> None:
    """Prints a line at once, unless the terminal is gone."""
    with suppress(OSError):
        print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
