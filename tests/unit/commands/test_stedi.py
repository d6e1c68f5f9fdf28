"""The stedi command: one sentence for each error, its exit code, and the lakehouse it works on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.shell_completion import BashComplete
from click.testing import Result

from stedi.cli import COMMANDS
from stedi.cli import main as stedi_command
from stedi.commands.errors import explain
from stedi.errors import StediError, UsageError
from stedi.layout import database_name_problem
from stedi.project import Dbt, Project
from stedi.target import CONFIG, DuckDbTarget, resolve
from support.targets import PROJECT, stedi

LINE = b'{"email":"ann@example.com"}\n'


def message(result: Result, exit_code: int) -> str:
    """The one error message of a command that failed."""
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    assert [line.startswith("Error: ") for line in result.stderr.splitlines()].count(True) == 1
    return result.stderr.partition("Error: ")[2].strip()


@pytest.fixture
def project(duckdb_lakehouse: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a folder of its own, with no environment that names files."""
    folder = duckdb_lakehouse / "it's a project"
    (folder / "deeper" / "still").mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.yml.example"):
        (folder / name.removesuffix(".example")).write_text((PROJECT / name).read_text())
    for name in [name for name in os.environ if name.startswith(("STEDI_", "DBT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(duckdb_lakehouse))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    path = tmp_path / "a.json"
    path.write_bytes(LINE)
    return path


# Exit codes.


def test_exit_code_0_when_done(duckdb_lakehouse: Path, delivery: Path) -> None:
    result = stedi("land", "customer", delivery)
    assert (result.exit_code, result.stderr.count("Error")) == (0, 0)


def test_exit_code_1_when_failed(duckdb_lakehouse: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.touch()
    assert message(stedi("land", "customer", path), 1).startswith("nothing has landed")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["summary", "--nonsense"],
        ["summary", "--target", "nonsense"],
        ["land", "customer"],
        ["land", "nobody", "a.json"],
        ["generate", "--people", "0"],
        ["demo", "--from", "no such folder"],
    ],
    ids=" ".join,
)
def test_exit_code_2_for_wrong_usage(arguments: list[str], duckdb_lakehouse: Path) -> None:
    before = [*duckdb_lakehouse.rglob("*")]
    assert message(stedi(*arguments), 2)
    assert [*duckdb_lakehouse.rglob("*")] == before


@pytest.mark.parametrize(
    ("error", "exit_code"), [(StediError("what and why"), 1), (UsageError("what and why"), 2)]
)
def test_errors_become_exit_codes(
    error: StediError, exit_code: int, duckdb_lakehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("stedi.commands.demo.generate", fail)
    monkeypatch.setattr("stedi.commands.demo.landed_files", lambda *_: [])
    assert message(stedi("demo"), exit_code) == "what and why"


def test_a_bug_keeps_its_traceback() -> None:
    assert explain(ZeroDivisionError("a bug")) is None


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise ModuleNotFoundError("No module named 'matplotlib.pyplot'", name="matplotlib.pyplot")

    monkeypatch.setattr("stedi.cli.import_module", fail)
    assert message(stedi("evidence"), 2) == (
        "matplotlib is not installed; run `pip install '.[evidence]'` in the project's folder"
    )


# Where the lakehouse is.


def test_outside_a_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert message(stedi("summary"), 2) == (
        "/: no STEDI project here. Change to the folder that has dbt_project.yml, or set "
        "DBT_PROJECT_DIR to it"
    )


def test_a_project_of_another_name_is_not_taken(project: Path) -> None:
    (project / "dbt_project.yml").write_text("name: another\n")
    assert "no STEDI project here" in message(stedi("summary"), 2)


def test_without_a_profile(project: Path) -> None:
    (project / "profiles.yml").unlink()
    assert message(stedi("summary"), 2) == (
        f"{project}/profiles.yml: no such file. In the project's folder, run "
        "`cp profiles.yml.example profiles.yml`, or set DBT_PROFILES_DIR"
    )


@pytest.mark.parametrize("content", ["", "- a list", "stedi_lakehouse: {outputs: }", "{"])
def test_a_broken_profile(project: Path, content: str) -> None:
    (project / "profiles.yml").write_text(content)
    assert message(stedi("summary"), 2).startswith(f"{project}/profiles.yml: ")


def test_without_a_database(project: Path) -> None:
    text = message(stedi("summary"), 2)
    assert text == f"{project}/lakehouse.duckdb: no such database; `dbt build` creates it"
    assert not (project / "lakehouse.duckdb").exists()


@pytest.mark.parametrize("folder", [".", "deeper", "deeper/still"])
def test_paths_are_relative_to_the_project(
    folder: str, project: Path, delivery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / folder)
    assert resolve() == DuckDbTarget(
        Project(project),
        project / "landing",
        project / "lakehouse.duckdb",
        project / ".secrets" / "pseudonym_key",
    )
    assert stedi("land", "customer", delivery, "--ingest-date", "2024-01-01").exit_code == 0
    landed = project / "landing/customer/landing/ingest_date=2024-01-01/a.json"
    assert landed.read_bytes() == LINE


def test_relative_paths_in_the_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As dbt takes them: a tilde is not a home folder."""
    monkeypatch.chdir(project / "deeper")
    monkeypatch.setenv("STEDI_LANDING", "my landing")
    monkeypatch.setenv("STEDI_DUCKDB", "my $1 lake.duckdb")
    monkeypatch.setenv("STEDI_PSEUDONYM_KEY_FILE", "~/key")
    target = resolve()
    assert isinstance(target, DuckDbTarget)
    assert target.landing == project / "my landing"
    assert target.database == project / "my $1 lake.duckdb"
    assert target.key_file == project / "~" / "key"


def test_synthetic_deliveries_go_to_the_landing_zone_of_dbt(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "deeper")
    assert stedi("generate", "--people", "2", "--readings-per-person", "1").exit_code == 0
    assert [*(project / "landing").glob("accelerometer/landing/*/*.json")]
    assert not (project / "deeper" / "landing").exists()


def test_dbt_runs_in_the_project_that_the_command_found(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although it works in another folder, to which relative paths of its environment would be."""
    monkeypatch.chdir(project.parent)
    monkeypatch.setenv("DBT_PROJECT_DIR", project.name)
    monkeypatch.setenv("DBT_PROFILES_DIR", project.name)
    programs = tmp_path / "programs"
    programs.mkdir()
    script = f"#!/bin/sh\npwd > {tmp_path}/seen\nenv | grep ^DBT_PRO >> {tmp_path}/seen\n"
    (programs / "dbt").write_text(script)
    (programs / "dbt").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(programs / "python"))
    Dbt(Project.find(), "duckdb").run("build")
    seen = (tmp_path / "seen").read_text().splitlines()
    assert seen[0] == str(project)
    assert {*seen[1:]} == {
        f"DBT_PROJECT_DIR={project}",
        f"DBT_PROFILES_DIR={project}",
        "DBT_PROFILE=stedi_lakehouse",
    }


def test_the_target_is_that_of_the_profile_unless_named(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles = project / "profiles.yml"
    profiles.write_text(profiles.read_text().replace("target: duckdb", "target: athena"))
    assert "`stedi evidence`" in message(stedi("summary", "--config", PROJECT / CONFIG), 2)
    assert "no such database" in message(stedi("summary", "--target", "duckdb"), 2)
    monkeypatch.setenv("DBT_TARGET", "duckdb")
    assert "no such database" in message(stedi("summary"), 2)
    monkeypatch.setenv("DBT_TARGET", "nonsense")
    assert "'nonsense' is not one of 'duckdb', 'athena'" in message(stedi("summary"), 2)


# Names of the database file.


@pytest.mark.parametrize(
    "name",
    ["landing", "LANDING", "main", "temp", "system", "memory", "stedi_trusted", "l'ake", 'l"ake',
     "a?b", "a\nb", "pg_catalog", "information_schema"],
)  # fmt: skip
def test_a_database_of_a_name_that_duckdb_confuses_is_refused(
    name: str, duckdb_lakehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = duckdb_lakehouse / f"{name}.duckdb"
    path.touch()
    monkeypatch.setenv("STEDI_DUCKDB", str(path))
    assert "name it otherwise, as lakehouse.duckdb" in message(stedi("summary"), 2)


@pytest.mark.parametrize(
    "name", ["lakehouse.duckdb", "compacting", "a b.duckdb", "l$ake.db", "a-b.c.duckdb", "é.duckdb"]
)
def test_a_database_of_another_name_has_the_name_that_dbt_expects(
    name: str, tmp_path: Path
) -> None:
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

    path = tmp_path / name
    assert database_name_problem(path) is None
    with duckdb.connect(path) as connection:
        [(database,)] = connection.execute("select current_database()").fetchall()
    assert database == DuckDBCredentials.path_derived_database_name(str(path))


def test_a_database_that_another_process_has_open(duckdb_lakehouse: Path) -> None:
    database = duckdb_lakehouse / "lakehouse.duckdb"
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    command = [sys.executable, "-c", hold, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        text = message(stedi("summary"), 1)
        process.communicate(b"\n")
    assert text.startswith(f"{database}: another process has it open (Conflicting lock")
    assert "\n" not in text


def test_a_file_that_is_not_a_database(duckdb_lakehouse: Path) -> None:
    (duckdb_lakehouse / "lakehouse.duckdb").write_bytes(LINE * 500)
    assert "not a valid DuckDB database file" in message(stedi("summary"), 1)


def test_a_database_without_tables(duckdb_lakehouse: Path) -> None:
    duckdb.connect(duckdb_lakehouse / "lakehouse.duckdb").close()
    assert "run `dbt build`" in message(stedi("summary"), 1)


# Help and completion.


def test_the_help_fits_on_a_screen() -> None:
    text = stedi("--help").stdout
    assert len(text.splitlines()) <= 24
    for name, line in COMMANDS.items():
        assert f"  {name} " in text
        assert line in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, duckdb_lakehouse: Path) -> None:
    result = stedi(name, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: stedi {name} ")


def completions(line: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    completion = BashComplete(stedi_command, {}, "stedi", "_STEDI_COMPLETE")
    return [item.split(",", 1)[1] for item in completion.complete().splitlines()]


def test_completion_of_commands_imports_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise AssertionError(f"{name} is imported")

    monkeypatch.setattr("stedi.cli.import_module", fail)
    assert completions("stedi ", monkeypatch) == [*COMMANDS]
    assert completions("stedi ge", monkeypatch) == ["generate"]
    assert "--version" in completions("stedi --", monkeypatch)


def test_completion_of_options_and_subcommands(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--ingest-date" in completions("stedi land --", monkeypatch)
    assert completions("stedi land c", monkeypatch) == ["customer"]
    assert completions("stedi summary --target a", monkeypatch) == ["athena"]
    assert {"make", "rotate"} <= {*completions("stedi key ", monkeypatch)}


def test_the_completion_script_of_bash() -> None:
    environment = os.environ | {"_STEDI_COMPLETE": "bash_source"}
    program = Path(sys.executable).with_name("stedi")
    result = subprocess.run([program], env=environment, capture_output=True, text=True, check=True)
    assert "_STEDI_COMPLETE=bash_complete" in result.stdout
