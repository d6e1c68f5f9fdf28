"""docs/tutorial/first-lakehouse.md: every command, in its order, prints what the tutorial shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.project_copy import PROJECT, copy_project

TUTORIAL = (PROJECT / "docs/tutorial/first-lakehouse.md").read_text()
BLOCKS = re.findall(r"^```(bash|text)\n(.*?)^```$", TUTORIAL, flags=re.MULTILINE | re.DOTALL)

# `make run` without the installation, which this test's own environment has.
MAKE_RUN = """\
. .venv/bin/activate
cp profiles.yml.example profiles.yml
stedi key make
stedi demo
dbt --quiet build
stedi summary
"""
# What a reader does by hand: copies the id that the command before has printed.
PASTE = "export ID=PASTE-THE-ID-HERE\n"
COPY = "export ID=$(grep -oE '[0-9a-f]{{12}}' {printed})\n"


@pytest.mark.deep
def test_every_command_prints_what_the_tutorial_shows(tmp_path: Path) -> None:
    project = tmp_path / "project"
    copy_project(project)
    (project / ".venv").symlink_to(Path(sys.prefix))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STEDI_")}

    script = ["set -e"]
    for number, (kind, text) in enumerate(BLOCKS):
        if kind == "bash":
            printed = tmp_path / f"printed-{number}"
            commands = text.replace(PASTE, COPY.format(printed=printed))
            commands = commands.replace("make run\n. .venv/bin/activate\n", MAKE_RUN)
            script.append(f"{{\n{commands}}} > {printed} 2>&1")
    ran = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=project,
        env=kept | {"HOME": str(tmp_path), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
    )  # fmt: skip

    printed_so_far = ""
    for number, (kind, text) in enumerate(BLOCKS):
        path = tmp_path / f"printed-{number}"
        if kind == "bash":
            assert path.exists(), (text, printed_so_far)
            printed_so_far = path.read_text()
        else:
            lines = [line for line in text.splitlines() if "…" not in line]
            assert [x for x in lines if x not in printed_so_far] == [], printed_so_far
    assert ran.returncode == 0, printed_so_far
    assert printed_so_far.endswith("nowhere\n")
