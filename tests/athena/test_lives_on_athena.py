"""Laws 1 and 2 on the local Athena, as on DuckDB: tests/laws/test_withdrawal_forms.py and
test_ann_and_ben.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import ann_and_ben, withdrawal_forms
from support.athena.local import LocalLakehouse
from support.athena.on_athena import OnAthena

pytestmark = [pytest.mark.deep, pytest.mark.usefixtures("key_of_the_account")]


def test_however_a_withdrawal_is_written_it_counts(local: LocalLakehouse, tmp_path: Path) -> None:
    withdrawal_forms.check(OnAthena(local, tmp_path, withdrawal_forms.HISTORY))


def test_a_device_that_is_handed_on_keeps_what_it_measured_with_whom_it_was(
    local: LocalLakehouse, tmp_path: Path
) -> None:
    ann_and_ben.live(OnAthena(local, tmp_path, ann_and_ben.HISTORY))
