"""The one translation of errors of AWS, DuckDB and the disk into sentences that say what to do."""

from __future__ import annotations

import sys
from typing import Any

import click

from stedi.errors import StediError, UsageError

_RENEW = "renew the credentials"
_NO_BUCKET = (
    "see that the bucket in infrastructure/config.toml exists; `stedi aws apply` creates it"
)
WHAT_TO_DO = {
    "NoSuchBucket": _NO_BUCKET,
    "404": _NO_BUCKET,
    "ExpiredToken": _RENEW,
    "ExpiredTokenException": _RENEW,
    "RequestExpired": f"set this machine's clock, or {_RENEW}",
    "InvalidAccessKeyId": _RENEW,
    "InvalidClientTokenId": _RENEW,
    "UnrecognizedClientException": _RENEW,
    "AuthFailure": _RENEW,
    "SignatureDoesNotMatch": _RENEW,
    "OptInRequired": "enable the region for this account, or choose another in the configuration",
    "Throttling": "wait a minute and run it again",
    "LimitExceededException": "delete stacks that nobody needs, or ask for a higher quota",
    "InvalidVpcID.NotFound": "name a VPC of this region with --vpc-id",
}
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")


# Libraries of which not every installation has all -> the extra of this package that has them.
_EXTRAS = {
    "boto3": "aws", "botocore": "aws",
    "markupsafe": "evidence", "matplotlib": "evidence", "sqlglot": "evidence",
}  # fmt: skip


class Failure(click.ClickException):
    """A StediError on its way to the terminal, with its exit code."""

    def __init__(self, error: StediError) -> None:
        super().__init__(str(error))
        self.exit_code = error.exit_code  # type: ignore[misc]  # click reads it from the instance


def explain(error: Exception, access: str = "", retry: str = "") -> StediError | None:
    """An error as a sentence; None for one that is a bug and deserves its traceback.

    access: what to do where AWS denied the call. retry: what to do after the command broke off;
    added to errors of AWS, DuckDB and the disk, whose own text cannot say it.
    """
    if isinstance(error, StediError):
        return error
    if isinstance(error, ModuleNotFoundError):
        library = (error.name or "").partition(".")[0]
        extra = _EXTRAS.get(library)
        install = f"`pip install '.[{extra}]'` in the project's folder"
        return UsageError(f"{library} is not installed; run {install}") if extra else None
    again = f". {retry}" if retry else ""
    # AWS's and DuckDB's errors can only come from libraries that were imported; importing botocore
    # here would cost every offline command half a second.
    if text := _of_aws(error, access):
        return StediError(f"{text}{again}")
    duckdb: Any = sys.modules.get("duckdb")
    if duckdb and isinstance(error, duckdb.Error):
        return StediError(f"{str(error).rstrip('.')}{again}")
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return StediError(f"{where}{error.strerror}{again}")
    return None


def _of_aws(error: Exception, access: str) -> str | None:
    botocore: Any = sys.modules.get("botocore.exceptions")
    if botocore is None:
        return None
    if isinstance(error, botocore.ClientError):
        found = error.response["Error"]
        code, message = found["Code"], found.get("Message", "").strip().rstrip(".")
        denied = access or "see the permissions that each role has in docs/aws.md"
        what = (
            denied
            if code in _DENIED
            else WHAT_TO_DO.get(code, "look the code up in the documentation of the AWS service")
        )
        return f"{error.operation_name}: {code} ({message}): {what}"
    if isinstance(error, (botocore.NoCredentialsError, botocore.PartialCredentialsError)):
        return f"{error}: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if isinstance(error, botocore.ProfileNotFound):
        return f"{error}: set AWS_PROFILE to a profile of ~/.aws/config"
    if isinstance(error, botocore.ConnectionError):
        return f"{error}: check the network and AWS_ENDPOINT_URL"
    return str(error) if isinstance(error, botocore.BotoCoreError) else None
