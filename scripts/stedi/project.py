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
        """The absolute path that an environment variable names, or a default.

        As in dbt, a relative one is relative to the project's folder, and ~ is a name like any.
        """
        return self.folder / (os.environ.get(variable) or default)

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

    @cached_property
    def profiles_path(self) -> Path:
        """profiles.yml, where dbt finds it: in $DBT_PROFILES_DIR, else in the project or ~/.dbt.

        Raises UsageError if there is none.
        """
        named = os.environ.get("DBT_PROFILES_DIR")
        folders = [Path(named).absolute()] if named else [self.folder, Path.home() / ".dbt"]
        for folder in folders:
            if (folder / "profiles.yml").exists():
                return folder / "profiles.yml"
        raise UsageError(
            f"{folders[0] / 'profiles.yml'}: no such file. In the project's folder, run "
            "`cp profiles.yml.example profiles.yml`, or set DBT_PROFILES_DIR"
        )

    @property
    def default_target(self) -> str:
        """The target that dbt uses if no option or variable names one. Raises UsageError."""
        return str(_rendered(self._profile.get("target", "default"), self.profiles_path))

    def output(self, target: str) -> dict[str, Any]:
        """A target's output in profiles.yml, with env_var() rendered as dbt renders it.

        Raises UsageError if it is missing or cannot be read.
        """
        outputs = self._profile.get("outputs") or {}
        if not isinstance(outputs.get(target), dict):
            raise UsageError(
                f"{self.profiles_path}: the profile {NAME} has no output {target}; take it from "
                "profiles.yml.example"
            )
        rendered: dict[str, Any] = _rendered(outputs[target], self.profiles_path)
        return rendered

    @cached_property
    def _profile(self) -> dict[str, Any]:
        profile = _read_yaml(self.profiles_path).get(NAME)
        return profile if isinstance(profile, dict) else {}


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
        # Absolute, as the process works in the project's folder.
        places = {
            "DBT_PROJECT_DIR": str(self.project.folder),
            "DBT_PROFILES_DIR": str(self.project.profiles_path.parent),
            "DBT_PROFILE": NAME,
            "DBT_TARGET_PATH": str(self.project.target_path),
            "DBT_LOG_PATH": str(self.project.log_path),
        }
        process = subprocess.Popen(
            command,
            cwd=self.project.folder,
            env=os.environ | places | dict(self.environment),
            stdout=2,  # stderr
        )
        try:
            code = process.wait(None if minutes is None else 60 * minutes)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # dbt then cancels its queries
            process.wait()
            raise TimeoutError from None
        if code:
            raise DbtFailed(f"`dbt {' '.join(arguments)}` failed; see its messages above")


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
