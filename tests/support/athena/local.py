"""The lakehouse on a local Athena: provisioned by `stedi aws apply`, built by dbt."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from local_athena import faults
from local_athena.server import ACCOUNT, SITE, LocalAthena
from stedi.aws.config import load_config
from stedi.aws.names import Lakehouse

PROJECT = Path(__file__).resolve().parents[3]
CONFIG = PROJECT / "infrastructure" / "config.toml"
FIRST_DAY = date(2024, 1, 1)  # of landing, where nothing lands


@dataclass
class Result:
    """What a dbt command came to; `nodes` are those of dbt's run_results.json."""

    success: bool
    output: str
    nodes: list[dict[str, Any]]

    def failed(self) -> set[str]:
        """Names of the models and tests that failed."""
        bad = ("error", "fail", "runtime error")
        return {n["unique_id"].split(".")[2] for n in self.nodes if n["status"] in bad}


class LocalLakehouse(LocalAthena):
    """A local Athena and the commands of this project on it; see LocalAthena.

    config: names of everything on AWS. key_file: the pseudonym key. lake: names and ARNs.
    """

    def __init__(self, key: str, report: Callable[[str], object] = lambda _: None) -> None:
        """key: the pseudonym key."""
        self._key = key
        self.lake = Lakehouse(load_config(CONFIG), ACCOUNT)
        super().__init__(self.lake.config.region, report=report)

    def _start(self) -> None:
        super()._start()
        shutil.copy(PROJECT / "profiles.yml.example", self.folder / "profiles.yml")
        self.config = self.folder / "config.toml"
        self.key_file = self.folder / "key"
        self.key_file.write_text(self._key + "\n")

    @property
    def environment(self) -> dict[str, str]:
        """What a command of this project needs, and no settings of whoever started this."""
        inherited = super().environment.items()
        own = {name: value for name, value in inherited if not name.startswith(("STEDI_", "DBT_"))}
        commands = self.folder / "dbt" / "commands"
        return own | {
            "PYTHONPATH": f"{SITE}:{PROJECT / 'scripts'}",
            "STEDI_POLL_SECONDS": "0.05",
            "STEDI_BUILD_LEASE_MINUTES": "0",  # no build waits for one that a test has killed
            "STEDI_PSEUDONYM_KEY_FILE": str(self.key_file),
            "DBT_PROFILES_DIR": str(self.folder),
            "DBT_TARGET_PATH": str(commands),
            "DBT_LOG_PATH": str(commands / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }

    def offline(self, landing: Path, database: Path) -> dict[str, str]:
        """The environment of a lakehouse on DuckDB with the same ids: the same key, in a folder of
        its own."""
        folder = self.folder / "offline" / hashlib.sha256(bytes(landing.resolve())).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.key_file, folder / "key")
        return {
            "STEDI_LANDING": str(landing.resolve()),
            "STEDI_DUCKDB": str(database),
            "STEDI_PSEUDONYM_KEY_FILE": str(folder / "key"),
        }

    @property
    def target(self) -> tuple[str, ...]:
        """The options by which a command of `stedi` is told to work on this lakehouse."""
        return ("--target", "athena", "--config", str(self.config))

    def provision(self, first: date = FIRST_DAY) -> str:
        """Empties the account and provisions it, with landing from `first` on.

        Returns what `stedi aws apply` printed. Raises RuntimeError where it fails.
        """
        self.empty()
        # Projection looks into the folder of every day, so there should not be years of them.
        config = re.sub(r"(?m)^landing_start = .*$", f"landing_start = {first}", CONFIG.read_text())
        self.config.write_text(config)
        given = ("--config", str(self.config), "--key-file", str(self.key_file))
        ran = self.stedi("aws", "apply", *given)
        if ran.returncode:
            raise RuntimeError(ran.stdout)
        return ran.stdout

    def land(self, landing: Path, closed: bool = False) -> None:
        """Provisions the account for a landing root, and copies that into the bucket.

        closed: nothing lands on later days. Athena then looks into no folder of them, which is
        most of the time of a small build.
        """
        names = {p.name.partition("=")[2] for p in landing.glob("*/landing/ingest_date=*")}
        days = {date.fromisoformat(name) for name in names} or {FIRST_DAY}
        self.provision(min(days))
        if closed:
            self.end_landing(min(days), max(days) + timedelta(days=1))  # Trino wants two days
        self.put(landing)

    def put(self, landing: Path) -> None:
        """Copies a landing root into the bucket, to what lies there already."""
        s3 = self.client("s3")
        for path in sorted(landing.glob("*/landing/ingest_date=*/*")):
            s3.put_object(
                Bucket=self.lake.config.bucket,
                Key=path.relative_to(landing).as_posix(),
                Body=path.read_bytes(),
            )

    def end_landing(self, first: date, last: date) -> None:
        """Has queries look for landed files from one day to another, instead of until today."""
        glue = self.client("glue")
        for table in glue.get_tables(DatabaseName="stedi_landing")["TableList"]:
            kept = ("Name", "StorageDescriptor", "PartitionKeys", "TableType")
            given = {key: table[key] for key in kept}
            given["Parameters"] = table["Parameters"] | {
                "projection.ingest_date.range": f"{first},{last}"
            }
            glue.update_table(DatabaseName="stedi_landing", TableInput=given)

    def dbt(
        self,
        *arguments: str,
        target: str = "athena",
        folder: str = "dbt",
        show: Callable[[str], object] = lambda _: None,
        **settings: str,
    ) -> Result:
        """Runs a dbt command of this project, as people do. show: is given each line at once."""
        process = self.start(*arguments, target=target, folder=folder, **settings)
        output = ""
        try:
            assert process.stdout is not None
            for line in process.stdout:
                output += line
                show(line.rstrip("\n"))
            process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        found = self.folder / folder / target / "run_results.json"
        nodes = json.loads(found.read_text())["results"] if found.exists() else []
        return Result(process.returncode == 0, output, nodes)

    def start(
        self, *arguments: str, target: str = "athena", folder: str = "dbt", **settings: str
    ) -> subprocess.Popen[str]:
        """Starts a dbt command; its output can be read, and it can be killed.

        folder: for dbt's artifacts; two commands at the same time need two.
        """
        target_path = self.folder / folder / target
        places = [
            *("--project-dir", PROJECT, "--profiles-dir", self.folder, "--target", target),
            *("--target-path", target_path, "--log-path", target_path / "logs"),
        ]
        (target_path / "run_results.json").unlink(missing_ok=True)
        return subprocess.Popen(
            [_program("dbt"), *arguments, *places],
            cwd=PROJECT,
            env=self.environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def kill_dbt(
        self, matches: faults.Matches, *arguments: str, done: bool = False, folder: str = "dbt"
    ) -> faults.Killed:
        """Runs a dbt command and kills it at a call; see faults.killed."""
        return faults.killed(self, lambda: self.start(*arguments, folder=folder), matches, done)

    def stedi(
        self, *arguments: str, given: str | None = None, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command of `stedi` as people do. given: its stdin."""
        return subprocess.run(
            [_program("stedi"), *arguments],
            cwd=PROJECT,
            env=self.environment | settings,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _program(name: str) -> Path:
    """A program of this Python's own environment."""
    return Path(sys.executable).with_name(name)
