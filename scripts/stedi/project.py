"""Where the dbt project is, what its profile says, and the one way to run dbt."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, TemplateError

from stedi.errors import StediError, UsageError

NAME = "stedi_lakehouse"  # of the project and of its profile


class DbtFailed(StediError):
    """A dbt command failed, and has printed why."""


@dataclass(frozen=True)
class Project:
    """The dbt project in a folder. Paths that dbt takes as relative are relative to this folder."""

    folder: Path

    @classmethod
    def find(cls) -> Project:
        """The project in $DBT_PROJECT_DIR, or else in the current folder or one above it.

        Raises UsageError where there is none.
        """
        if named := os.environ.get("DBT_PROJECT_DIR"):
            folders = [Path(named)]
        else:
            folders = [Path.cwd(), *Path.cwd().parents]
        for folder in folders:
            if _is_project(folder):
                return cls(folder.resolve())
        raise UsageError(
            f"{folders[0]}: no STEDI project here. Change to the folder that has dbt_project.yml, "
            "or set DBT_PROJECT_DIR to it"
        )

    def path(self, variable: str, default: str) -> Path:
        """An absolute path: that of an environment variable, or a default, within the project."""
        return self.folder / Path(os.environ.get(variable) or default).expanduser()

    @property
    def target_path(self) -> Path:
        """Where dbt writes its artifacts."""
        return self.path("DBT_TARGET_PATH", "target")

    @property
    def log_path(self) -> Path:
        """Where dbt writes its logs."""
        return self.path("DBT_LOG_PATH", "logs")

    @cached_property
    def settings(self) -> dict[str, Any]:
        """dbt_project.yml as it stands. Raises UsageError."""
        path = self.folder / "dbt_project.yml"
        return _read_yaml(path)

    def output(self, target: str) -> dict[str, Any]:
        """A target's output in profiles.yml, with env_var() rendered as dbt renders it.

        The file is looked for where dbt looks: $DBT_PROFILES_DIR, else the project's folder, else
        ~/.dbt. Raises UsageError where it cannot be found or read.
        """
        named = os.environ.get("DBT_PROFILES_DIR")
        folders = [Path(named)] if named else [self.folder, Path.home() / ".dbt"]
        path = next((f / "profiles.yml" for f in folders if (f / "profiles.yml").exists()), None)
        if path is None:
            raise UsageError(
                f"{folders[0] / 'profiles.yml'}: no such file. In the project's folder, run "
                "`cp profiles.yml.example profiles.yml`, or set DBT_PROFILES_DIR"
            )
        outputs = (_read_yaml(path).get(NAME) or {}).get("outputs") or {}
        if target not in outputs:
            raise UsageError(
                f"{path}: the profile {NAME} has no output {target}; take it from "
                "profiles.yml.example"
            )
        rendered: dict[str, Any] = _rendered(outputs[target], path)
        return rendered


@dataclass(frozen=True)
class Dbt:
    """Runs dbt on a target of the project. environment: settings added to this process's own."""

    project: Project
    target: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        *arguments: str,
        variables: str | None = None,
        minutes: float | None = None,
        quiet: bool = True,
    ) -> None:
        """Runs a dbt command to its end; what it prints goes to stderr.

        variables: for --vars, as YAML. minutes: stop it after so long.
        Raises DbtFailed, and TimeoutError where it had to be stopped.
        """
        command = [str(Path(sys.executable).with_name("dbt")), *(["--quiet"] if quiet else [])]
        command += [*arguments, "--target", self.target]
        command += ["--vars", variables] if variables else []
        process = subprocess.Popen(
            command,
            cwd=self.project.folder,
            env={**os.environ, **self.environment},
            stdout=sys.stderr.fileno(),
        )
        try:
            code = process.wait(None if minutes is None else 60 * minutes)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # dbt then cancels its queries
            process.wait()
            raise TimeoutError from None
        if code:
            raise DbtFailed(f"`dbt {' '.join(arguments)}` failed; its own message stands above")


def as_arguments(values: Mapping[str, Any]) -> str:
    """Values as `--args` or `--vars` take them."""
    return json.dumps(dict(values))


def _is_project(folder: Path) -> bool:
    path = folder / "dbt_project.yml"
    return path.is_file() and _read_yaml(path).get("name") == NAME


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: cannot be read as YAML ({error})") from error
    return found if isinstance(found, dict) else {}


def _rendered(value: Any, path: Path) -> Any:
    if isinstance(value, dict):
        return {key: _rendered(each, path) for key, each in value.items()}
    if isinstance(value, list):
        return [_rendered(each, path) for each in value]
    if not isinstance(value, str) or "{" not in value:
        return value

    def env_var(name: str, default: str | None = None) -> str:
        found = os.environ.get(name, default)
        if found is None:
            raise UsageError(f"{path}: the environment variable {name} is not set")
        return found

    environment = Environment(undefined=StrictUndefined)
    environment.filters |= {"as_number": float, "as_bool": bool, "as_text": str, "as_native": str}
    try:
        return environment.from_string(value).render(env_var=env_var)
    except (TemplateError, ValueError) as error:
        raise UsageError(f"{path}: {value!r} cannot be rendered ({error})") from error
