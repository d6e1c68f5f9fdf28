"""A local Athena: AWS's APIs by moto in this process, queries by Trino, the lakehouse provisioned."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import boto3
import requests
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from local_athena import athena, cloudformation, glue
from local_athena.trino import Trino
from stedi.aws.config import load_config
from stedi.aws.names import Lakehouse

PROJECT = Path(__file__).resolve().parents[3]
CONFIG = PROJECT / "infrastructure" / "config.toml"
SITE = Path(__file__).with_name("site")  # what Python does at its start
ACCOUNT = "123456789012"  # moto's
NO_DAYS = date(2024, 1, 1)


@dataclass
class Result:
    """What a dbt command came to; `nodes` is dbt's own run_results.json."""

    success: bool
    output: str
    nodes: list[dict[str, Any]]

    def failed(self) -> set[str]:
        """Names of the models and tests that failed."""
        bad = ("error", "fail", "runtime error")
        return {n["unique_id"].split(".")[2] for n in self.nodes if n["status"] in bad}


class AthenaLocal:
    """An account on this machine with an Athena that answers. `running()` starts one."""

    def __init__(self, folder: Path, server: ThreadedMotoServer) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.key_file = folder / "key"
        shutil.copy(PROJECT / "profiles.yml.example", folder / "profiles.yml")
        self.lake = Lakehouse(load_config(CONFIG), ACCOUNT)
        self.server = server
        host, port = server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.trino = Trino(folder / "trino", self.url, self.lake.config.region)
        self.engine = athena.Engine(self.trino, ACCOUNT, self.lake.config.region)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to take this for AWS, and no settings of whoever started it."""
        own = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "STEDI_"))}
        return own | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_REGION": self.lake.config.region,
            "AWS_DEFAULT_REGION": self.lake.config.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
            "PYTHONPATH": str(SITE),
            "STEDI_POLL_SECONDS": "0.05",
            "STEDI_BUILD_LEASE_MINUTES": "0",  # no build waits for one that a test has killed
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }

    def client(self, service: str) -> Any:
        """A client of one of the account's services."""
        region = self.lake.config.region
        session = boto3.Session("none", "none", region_name=region)
        return session.client(service, endpoint_url=self.url)

    def empty(self) -> None:
        """Makes the account one in which nothing was ever done."""
        requests.post(f"{self.url}/moto-api/reset", timeout=60).raise_for_status()

    def provision(self, first: date = NO_DAYS) -> str:
        """Empties the account and provisions it, with landing from `first` on. Returns what
        scripts/provision.py printed."""
        self.empty()
        # Projection looks into the folder of every day, so there should not be years of them.
        config = re.sub(
            r"(?m)^landing_start = .*$", f"landing_start = {first}", CONFIG.read_text()
        )
        self.config.write_text(config)
        command = ["scripts/provision.py", "--config", self.config, "apply"]
        return self._python(*command, "--key-file", self.key_file)

    def land(self, landing: Path, closed: bool = False) -> None:
        """Provisions the account for a landing root, and copies that into the bucket.

        closed: nothing lands on later days. Athena then looks into no folder of them, which is
        most of the time of a small build.
        """
        names = {p.name.partition("=")[2] for p in landing.glob("*/landing/ingest_date=*")}
        days = {date.fromisoformat(name) for name in names} or {NO_DAYS}
        self.provision(min(days))
        if closed:
            self.project(min(days), max(days) + timedelta(days=1))  # Trino wants two days
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

    def project(self, first: date, last: date) -> None:
        """Has the landing tables end on a day, where they end today."""
        glue = self.client("glue")
        for table in glue.get_tables(DatabaseName="stedi_landing")["TableList"]:
            kept = ("Name", "StorageDescriptor", "PartitionKeys", "TableType")
            given = {key: table[key] for key in kept}
            given["Parameters"] = table["Parameters"] | {
                "projection.ingest_date.range": f"{first},{last}"
            }
            glue.update_table(DatabaseName="stedi_landing", TableInput=given)

    def dbt(
        self, *arguments: str, target: str = "athena", folder: str = "dbt", **settings: str
    ) -> Result:
        """Runs a dbt command of this project, as people do."""
        process = self.start(*arguments, target=target, folder=folder, **settings)
        output, _ = process.communicate()
        found = self.folder / folder / target / "run_results.json"
        nodes = json.loads(found.read_text())["results"] if found.exists() else []
        return Result(process.returncode == 0, output, nodes)

    def start(
        self, *arguments: str, target: str = "athena", folder: str = "dbt", **settings: str
    ) -> subprocess.Popen[str]:
        """Starts a dbt command; its output can be read, and it can be killed. Two at once take
        two folders."""
        target_path = self.folder / folder / target
        places = [
            *("--project-dir", PROJECT, "--profiles-dir", self.folder, "--target", target),
            *("--target-path", target_path, "--log-path", target_path / "logs"),
        ]
        (target_path / "run_results.json").unlink(missing_ok=True)
        return subprocess.Popen(
            [Path(sys.executable).with_name("dbt"), *arguments, *places],
            cwd=PROJECT,
            env=self.environment | {"STEDI_PSEUDONYM_KEY_FILE": str(self.key_file)} | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def script(
        self, name: str, *arguments: str, given: str | None = None, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a script of this project as people do; `given`: its stdin."""
        target_path = self.folder / "dbt" / "scripts"
        places = {
            "STEDI_PSEUDONYM_KEY_FILE": str(self.key_file),
            "DBT_PROFILES_DIR": str(self.folder),
            "DBT_TARGET_PATH": str(target_path),
            "DBT_LOG_PATH": str(target_path / "logs"),
        }
        return subprocess.run(
            [sys.executable, f"scripts/{name}.py", *arguments],
            cwd=PROJECT,
            env=self.environment | places | settings,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _python(self, *command: object) -> str:
        ran = subprocess.run(
            [sys.executable, *map(str, command)],
            cwd=PROJECT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if ran.returncode:
            raise RuntimeError(ran.stdout)
        return ran.stdout


@contextmanager
def running(key: str) -> Iterator[AthenaLocal]:
    """A local Athena, as long as the context lasts; `key` is the pseudonym key.

    Raises RuntimeError where Trino does not start.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line for each request
    cloudformation.teach()
    glue.teach()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="athena-local-")))
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        stack.callback(server.stop)
        local = AthenaLocal(folder, server)
        local.key_file.write_text(key + "\n")
        athena.install(local.engine)
        stack.callback(local.trino.stop)
        local.trino.start()
        yield local
