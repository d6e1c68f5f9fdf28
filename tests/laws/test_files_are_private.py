"""What a lakehouse writes is for its user alone, and git takes nothing of it.

In a copy of the repository, with the programs that are installed, by a user whose umask is 022.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from support.project_copy import copy_project

PERSON = "person000003@example.com"
DELIVERY = '{"email": "ann@example.com", "phone": "8015551212", "lastUpdateDate": 1717200000000}\n'
ANY_TIME = ("--vars", "consent_scope: any_time")
# Keys are where the configuration puts them; the rest is where people put such files.
SETTINGS = {
    "STEDI_PSEUDONYM_KEY_FILE": "my keys/key of ours",
    "STEDI_DUCKDB": "models/my.duckdb",
    "STEDI_LANDING": "raw",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
}


def run(project: Path, *command: str) -> str:
    """Runs a command in the project, and returns what it printed."""
    program = Path(sys.executable).with_name(command[0])
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STEDI_", "DBT_", "GIT_"))}
    ran = subprocess.run(
        [str(program) if program.exists() else command[0], *command[1:]], cwd=project, umask=0o022,
        env=kept | SETTINGS | {"HOME": str(project.parent)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def git(project: Path, *arguments: str) -> str:
    return run(project, "git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments)


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[Path]]:
    """A copy of the repository in which everything was used, and the files that this has made."""
    project = tmp_path_factory.mktemp("copy") / "project"
    project.mkdir(mode=0o755)
    copy_project(project)
    git(project, "init", "--quiet")
    git(project, "add", "-A")
    git(project, "commit", "--quiet", "-m", "all")
    shutil.copy(project / "profiles.yml.example", project / "profiles.yml")
    before = {*project.rglob("*")}

    run(project, "stedi", "key", "make")
    run(project, "stedi", "generate", "--people", "4", "--days", "1", "--readings-per-person", "3")
    (project / "deliveries.json").write_text(DELIVERY)
    run(project, "stedi", "land", "customer", "deliveries.json")
    run(project, "dbt", "--quiet", "build", "--exclude-resource-type", "unit_test", *ANY_TIME)
    (project / "who.txt").write_text(PERSON)
    run(project, "stedi", "erase", "--file", "who.txt")
    run(project, "dbt", "--quiet", "docs", "generate", "--static")
    run(project, "stedi", "evidence")
    run(project, "stedi", "export", "--to", "for the analysts")
    for place in ("backup", "docs"):
        (project / place).mkdir(exist_ok=True)
        shutil.copy(project / SETTINGS["STEDI_DUCKDB"], project / place / "lakehouse.duckdb.bak")
        shutil.copy(project / "who.txt", project / place / "who-2.txt")
    shutil.copytree(project / "my keys", project / ".secrets of old")
    return project, {*project.rglob("*")} - before


def test_git_takes_nothing_of_it(used: tuple[Path, set[Path]]) -> None:
    project, _ = used
    git(project, "add", "-A")
    assert git(project, "diff", "--cached", "--name-only") == ""


def test_only_its_user_may_read_it(used: tuple[Path, set[Path]]) -> None:
    project, made = used
    by_hand = {"deliveries.json", "who.txt", "who-2.txt", "backup", "lakehouse.duckdb.bak"}
    # dbt writes these before it loads the project's plugin; they hold nothing of people.
    of_dbt = ("target", "logs", ".user.yml", "models/.user.yml")
    wide = {
        str(path.relative_to(project))
        for path in made
        if stat.S_IMODE(path.stat().st_mode) & 0o077 and path.name not in by_hand
    }
    assert {name for name in wide if not name.startswith(of_dbt)} == set()
    assert not {"logs/dbt.log", "target/evidence.html"} & wide
    for name in ("raw", "my keys", "my keys/erasure_receipts/000001.json", "models/my.duckdb",
                 "target/evidence.html", "for the analysts", "logs/dbt.log"):  # fmt: skip
        assert project / name in made


def test_an_export_holds_the_curated_tables_alone(used: tuple[Path, set[Path]]) -> None:
    project, _ = used
    files = sorted((project / "for the analysts").iterdir())
    with duckdb.connect(project / SETTINGS["STEDI_DUCKDB"], read_only=True) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'stedi_curated'"
        ).fetchall()
        emails = connection.execute("select email from stedi_staging.stg_customers").fetchall()
        assert {path.stem for path in files} == {name for (name,) in tables}
        assert len(emails) > 0
        for path in files:
            kept = connection.execute(f"from read_parquet('{path}')").fetchall()
            own = connection.execute(f"from stedi_curated.{path.stem}").fetchall()
            assert sorted(map(str, kept)) == sorted(map(str, own))
            assert not [email for (email,) in emails if email in str(kept)]


def test_an_erasure_rebuilds_with_the_vars_of_the_last_build(used: tuple[Path, set[Path]]) -> None:
    project, _ = used
    with duckdb.connect(project / SETTINGS["STEDI_DUCKDB"], read_only=True) as connection:
        builds = connection.execute(
            "select consent_scope, is_whole from stedi_audit.builds where status = 'completed' "
            "order by happened_at"
        ).fetchall()
    assert builds == [("any_time", True)] * 2
