"""What is proven for a version of the code: every law, with how its tests ended.

CI makes the attestation by `make attestation`, and a release ships it as docs/attestation.json. So
a lakehouse that runs a release can show what was proven of it, although nobody runs tests there.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stedi.errors import StediError
from stedi.evidence.laws import Law, Outcome, dbt_results, pytest_results, read_laws

# What decides how tables are built, tested and kept. Whoever changes any of it runs other code.
CODE = (
    "dbt_project.yml", "requirements.txt", "macros/**/*", "models/**/*", "scripts/stedi/**/*",
    "seeds/**/*", "tests/*.sql", "tests/generic/*",
)  # fmt: skip
_SUFFIXES = (".csv", ".j2", ".py", ".sql", ".txt", ".yml")


@dataclass(frozen=True)
class Attestation:
    """The laws as they were proven for a version of the code.

    tested_at: when the first of the tests began; ISO 8601, UTC. is_this_code: whether the code
    that reads it is the code that was tested. problem: why nothing is attested, or "".
    """

    version: str = ""
    commit: str = ""
    tested_at: str = ""
    laws: list[Law] = field(default_factory=list)
    is_this_code: bool = False
    problem: str = ""

    @property
    def proven(self) -> list[Law]:
        """The laws all of whose tests ran and passed."""
        return [law for law in self.laws if law.state == "proven"]


def read_attestation(path: Path, project: Path) -> Attestation:
    """The attestation in a file, beside the code in a project's folder."""
    if not path.exists():
        return Attestation(problem=f"docs/{path.name}: no such file; a release ships it")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        laws = [
            Law(
                int(law["number"]),
                str(law["name"]),
                str(law["says"]),
                tuple(Outcome(t["name"], t["state"], t["note"]) for t in law["tests"]),
            )
            for law in content["laws"]
        ]
        return Attestation(
            str(content["version"]),
            str(content["commit"]),
            str(content["tested_at"]),
            laws,
            content["code_sha256"] == code_sha256(project),
        )
    except (KeyError, TypeError, ValueError):
        return Attestation(
            problem=f"docs/{path.name}: not an attestation; restore it from version control"
        )


def attest(project: Path, results: Path) -> dict[str, Any]:
    """The attestation of a project's code. results: the folder of its tests' results.

    These are tests.xml and deep-tests.xml of pytest, and tests/run_results.json of `dbt build` on
    synthetic deliveries. Raises StediError if some are missing or cannot be read.
    """
    found = [
        pytest_results(results / "tests.xml", results / "deep-tests.xml"),
        dbt_results(results / "tests" / "run_results.json"),
    ]
    for each in found:
        if each.problem:
            raise StediError(each.problem)
    laws = read_laws(project / "docs" / "laws.yml", *found)
    began = min(each.when for each in found if each.when)
    return {
        "version": version("stedi-lakehouse"),
        "commit": _commit(project),
        "code_sha256": code_sha256(project),
        "tested_at": began.astimezone(UTC).isoformat(timespec="seconds"),
        "laws": [asdict(law) for law in laws],
    }


def code_sha256(project: Path) -> str:
    """The SHA-256 (hex) of a project's code: of its files' names and contents."""
    digest = hashlib.sha256()
    paths = {path for pattern in CODE for path in project.glob(pattern)}
    for path in sorted(path for path in paths if path.suffix in _SUFFIXES):
        name = path.relative_to(project).as_posix()
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _commit(project: Path) -> str:
    """The commit that is checked out; "" where there is no version control."""
    command = ["git", "-C", str(project), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


if __name__ == "__main__":
    (root,) = map(Path, sys.argv[1:])
    path = root / "docs" / "attestation.json"
    path.write_text(json.dumps(attest(root, root / "target"), indent=2) + "\n", encoding="utf-8")
    print(f"The attestation: {path}")
    for law in read_attestation(path, root).laws:
        print(f"  law {law.number}, {law.name}: {law.state}")
