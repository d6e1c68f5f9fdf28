"""Which lakehouse a command works on: a folder with DuckDB, or a bucket with Athena.

Decided here, once, from what dbt itself reads: its profile, and the environment variables that
the profile names. So a command and a build never work on two different lakehouses.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stedi.errors import StediError, UsageError
from stedi.layout import RESTRICTED, database_name_problem
from stedi.project import Dbt, Project
from stedi.restricted.erasures import ErasureRegister
from stedi.restricted.owner import check_owner
from stedi.restricted.pseudonym_key import DEFAULT_KEY_FILE, KEY_FILE_VARIABLE
from stedi.restricted.store import RestrictedStore
from stedi.storage.folder import FolderStorage
from stedi.storage.storage import Storage

if TYPE_CHECKING:
    from stedi.aws.clients import Clients
    from stedi.aws.config import Config
    from stedi.aws.names import Lakehouse
    from stedi.builds import Build
    from stedi.storage.bucket import Bucket

CONFIG = "infrastructure/config.toml"


@dataclass(frozen=True)
class DuckDbTarget:
    """A lakehouse on this machine; all paths are absolute.

    landing: the landing root. database: the DuckDB file. key_file: the pseudonym key's.
    """

    project: Project
    landing: Path
    database: Path
    key_file: Path

    name = "duckdb"

    @property
    def storage(self) -> Storage:
        """Where deliveries are: the landing root."""
        return FolderStorage(self.landing)

    @property
    def restricted(self) -> RestrictedStore:
        """The folder of the pseudonym key."""
        return RestrictedStore(FolderStorage(self.key_file.parent, is_private=True))

    def is_rewritten(self, sha256: str) -> bool:
        """Whether an erasure has removed lines from a delivery with this SHA-256; False as well if
        this user may not read the register of erasures."""
        with suppress(StediError):
            return ErasureRegister(self.restricted).is_rewritten(sha256)
        return False

    def dbt(self, environment: Mapping[str, str] | None = None) -> Dbt:
        """Runs dbt on this lakehouse, and on no other that its environment might name."""
        places = {
            "STEDI_LANDING": str(self.landing),
            "STEDI_DUCKDB": str(self.database),
            KEY_FILE_VARIABLE: str(self.key_file),
        }
        return Dbt(self.project, self.name, places | dict(environment or {}))

    def last_build(self) -> Build:
        """The last completed build of the tables.

        Raises StediError if there is none, or if landing root, database and key file are not those
        of one lakehouse.
        """
        from stedi.builds import last_build_in  # imports DuckDB, which few commands need

        check_owner(self.key_file.parent, landing=self.landing, database=self.database)
        return last_build_in(self.database)


@dataclass(frozen=True)
class AthenaTarget:
    """A lakehouse on AWS, as a configuration names it, in the account of the credentials."""

    project: Project
    config: Config
    output: Mapping[str, Any] = field(repr=False)  # of dbt's profile

    name = "athena"

    def dbt(self, environment: Mapping[str, str] | None = None) -> Dbt:
        """Runs dbt on this lakehouse."""
        return Dbt(self.project, self.name, environment or {})

    @cached_property
    def clients(self) -> Clients:
        """Clients for the AWS services, in the configured region."""
        from stedi.aws.clients import Clients

        return Clients(self.config.region)

    @cached_property
    def bucket(self) -> Bucket:
        """The lakehouse's bucket."""
        from stedi.storage.bucket import Bucket

        return Bucket(self.clients.s3, self.config.bucket)

    def is_rewritten(self, sha256: str) -> bool:
        """False: who lands files may not read the register of erasures."""
        return False

    @property
    def storage(self) -> Storage:
        """Where deliveries are: the bucket."""
        return self.bucket

    @property
    def restricted(self) -> RestrictedStore:
        """The restricted prefix of the bucket."""
        return RestrictedStore(self.bucket, f"{RESTRICTED}/")

    @property
    def workgroup(self) -> str:
        """The Athena workgroup of dbt's queries."""
        return str(self.output.get("work_group", ""))

    def last_build(self) -> Build:
        """The last completed build of the tables. Raises StediError if there is none."""
        from stedi.builds import last_build_of

        return last_build_of(self.bucket)

    @cached_property
    def lake(self) -> Lakehouse:
        """Every name and ARN of the lakehouse; asks AWS which account this is."""
        from stedi.aws.names import Lakehouse

        return Lakehouse(self.config, self.clients.account, self.clients.partition)


Target = DuckDbTarget | AthenaTarget


def resolve(name: str | None = None, config: Path | None = None) -> Target:
    """The lakehouse of a dbt target: `duckdb` or `athena`, or the profile's own target if None.

    config: the names of everything on AWS; None for the project's infrastructure/config.toml.
    Raises UsageError.
    """
    project = Project.find()
    name = name or project.default_target
    output = project.output(name)
    if name == "duckdb":
        database = project.folder / str(output.get("path", ""))
        if problem := database_name_problem(database):
            raise UsageError(problem)
        landing = project.folder / _landing(output)
        key_file = project.path(KEY_FILE_VARIABLE, DEFAULT_KEY_FILE)
        check_owner(key_file.parent, landing=landing)
        return DuckDbTarget(project, landing, database, key_file)
    from stedi.aws.config import load_config

    found = load_config(config or project.folder / CONFIG)
    data = str(output.get("s3_data_dir", ""))
    if data.removeprefix("s3://").partition("/")[0] != found.bucket:
        raise UsageError(
            f"dbt's profile builds into {data}, but {config or CONFIG} names the bucket "
            f"{found.bucket}; set STEDI_DATA to s3://{found.bucket}/, or give another --config"
        )
    return AthenaTarget(project, found, output)


def _landing(output: Mapping[str, Any]) -> str:
    for plugin in output.get("plugins", ()):
        if "landing" in plugin.get("config", {}):
            return str(plugin["config"]["landing"])
    raise UsageError(
        "profiles.yml: the duckdb output has no plugin stedi.duckdb_target.plugin with a landing "
        "folder; take the output from profiles.yml.example"
    )
