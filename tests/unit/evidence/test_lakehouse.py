"""The page of tables in DuckDB needs nothing of AWS."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import stedi.commands.evidence
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"boto3", "botocore", "pyathena"}))
"""


def test_page_of_duckdb_does_not_import_botocore() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
