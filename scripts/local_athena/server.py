"""The local Athena as a whole: moto in this process, Trino in another, a folder for both."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, Self

import boto3
import requests
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from local_athena import athena, cloudformation, glue, trino
from local_athena.stopping import not_stopped

ACCOUNT = "123456789012"  # moto's
REGION = "us-east-1"
SITE = Path(__file__).with_name("site")  # makes boto3 start faster in Python processes
# boto3 reads the second of the regions alone, other SDKs the first.
EXPORTED = (
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
)


def _look_up_once() -> None:
    """Has moto find the service of a request in memory; it lists its own folder for each."""
    dispatcher: Any = DomainDispatcherApplication
    if not hasattr(dispatcher.get_backend_for_host, "cache_info"):
        dispatcher.get_backend_for_host = cache(dispatcher.get_backend_for_host)


def _say_nothing(text: str) -> None:
    """Reports no progress."""


class LocalAthena:
    """An AWS account on this machine whose Athena answers; it is up within a `with` statement.

    folder: for temporary files, until the end. trino: the engine. engine: knows every query.
    """

    def __init__(
        self, region: str = REGION, port: int = 0, report: Callable[[str], object] = _say_nothing
    ) -> None:
        """port: of AWS's APIs; 0 for any free one. report: takes a sentence on what takes long."""
        self.region, self._port, self._report = region, port, report
        self._cleaning = ExitStack()

    def __enter__(self) -> Self:
        """Starts everything. Raises RuntimeError where that fails, and leaves nothing behind."""
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _stop(self) -> None:
        with not_stopped():
            self._cleaning.close()

    def _start(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line for each request
        cloudformation.extend_moto()
        glue.extend_moto()
        trino.fetch(self._report)
        with not_stopped():
            temporary = tempfile.TemporaryDirectory(prefix="local-athena-")
            self._cleaning.enter_context(temporary)
        self.folder = Path(temporary.name)
        self._report("Starting AWS's APIs (moto)")
        _look_up_once()
        self.server = ThreadedMotoServer("127.0.0.1", self._port, verbose=False)
        self.server.start()
        self._cleaning.callback(self.server.stop)
        host, port = self.server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.empty()  # of what an earlier one in this process has left in moto
        self.trino = trino.Trino(self.folder / "trino", self.url, self.region)
        self.engine = athena.Engine(self.trino, ACCOUNT, self.region)
        athena.install(self.engine)
        self._cleaning.callback(self.trino.stop)
        self._report(f"Starting Trino {trino.VERSION}, which takes some 20 seconds")
        self.trino.start()

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to take this for AWS, with no AWS settings of its caller."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        paths = [str(SITE), *filter(None, [os.environ.get("PYTHONPATH")])]
        return own | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
            "PYTHONPATH": os.pathsep.join(paths),
        }

    def exports(self) -> list[str]:
        """Lines for a shell in which AWS's tools and SDKs are to find this account."""
        return [f"export {name}={self.environment[name]}" for name in EXPORTED]

    def client(self, service: str) -> Any:
        """boto3's client of one of the account's services."""
        session = boto3.Session("none", "none", region_name=self.region)
        return session.client(service, endpoint_url=self.url)  # type: ignore[call-overload]  # any

    def empty(self) -> None:
        """Makes the account one in which nothing was ever done."""
        requests.post(f"{self.url}/moto-api/reset", timeout=60).raise_for_status()
