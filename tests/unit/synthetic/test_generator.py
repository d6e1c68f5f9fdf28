"""The generator: a function of its options, whole or not at all, streaming, and full of trouble."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import islice, pairwise
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stedi.synthetic.generator as generator_module
from stedi.errors import UsageError
from stedi.synthetic.bad_lines import BadLines, kinds
from stedi.synthetic.generator import SOURCE_FORMS, Generator, generate
from stedi.synthetic.lines import OLDER_APP, OTHER_CASE, STYLES, WRONG_TYPES
from stedi.synthetic.personas import PERSONAS, Settings, lives
from stedi.synthetic.records import SOURCES, Customer
from support import oracle
from support.nasty import lines_in
from support.oracle_lines import Line, Rejected, landed_lines, read
from support.targets import stedi

COMMAND = [Path(sys.executable).with_name("stedi"), "generate"]
SMALL = Settings(people=40, days=3, readings_per_person=9, bad_share=0.1)
EVERYTHING = Settings(people=len(PERSONAS), bad_share=0.3)


def tree(root: Path) -> dict[str, bytes]:
    """Everything below a folder; b"" for folders."""
    return {
        str(p.relative_to(root)): p.read_bytes() if p.is_file() else b"" for p in root.rglob("*")
    }


def generated(root: Path, plan: Settings = SMALL) -> dict[str, bytes]:
    generate(plan, root)
    return tree(root)


def run(root: Path, *options: str) -> Result:
    return stedi("generate", "--root", root, *options)


# A function of its options.


def test_the_same_options_give_the_same_bytes(tmp_path: Path) -> None:
    assert generated(tmp_path / "one") == generated(tmp_path / "two")


def test_other_processes_give_the_same_bytes(tmp_path: Path) -> None:
    """Sets and dictionaries of strings have another order in each."""
    for seed in ("1", "2"):
        command = [*COMMAND, "--root", tmp_path / seed, "--bad-share", "0.3"]
        subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": seed}, check=True, capture_output=True
        )
    assert tree(tmp_path / "1") == tree(tmp_path / "2") != {}


@pytest.mark.parametrize(
    "options",
    [{"seed": 1}, {"people": 41}, {"days": 4}, {"readings_per_person": 10}, {"bad_share": 0.2}],
    ids=str,
)
def test_another_option_gives_other_bytes(options: dict, tmp_path: Path) -> None:
    other = Settings(**vars(SMALL) | options)
    one, two = generated(tmp_path / "one"), generated(tmp_path / "two", other)
    for source in ("accelerometer", "step_trainer"):
        assert {n: b for n, b in one.items() if source in n} != {
            n: b for n, b in two.items() if source in n
        }


def test_the_command_says_how_many_lines_it_wrote(tmp_path: Path) -> None:
    result = run(tmp_path / "zone", "--people", "40", "--days", "3", "--readings-per-person", "9",
                 "--bad-share", "0.1")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert tree(tmp_path / "zone") == generated(tmp_path / "other")
    landed = Counter(line.source for line in landed_lines(tmp_path / "zone"))
    assert landed.keys() == {*SOURCES}
    for source, lines in landed.items():
        assert f"{source}: {lines:,} lines" in result.stdout


@pytest.mark.parametrize("part_lines", [1, 7])
def test_parts_hold_all_lines_whatever_their_size(
    part_lines: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(SMALL, tmp_path / "whole")
    monkeypatch.setattr(generator_module, "PART_LINES", part_lines)
    generate(SMALL, tmp_path / "parts")
    assert len(tree(tmp_path / "parts")) > len(tree(tmp_path / "whole"))
    parts, whole = (
        [line._replace(file_name="") for line in landed_lines(tmp_path / name)]
        for name in ("parts", "whole")
    )
    assert parts == whole


# Whole or not at all.


def test_a_root_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "zone")
    before = tree(tmp_path)
    with pytest.raises(UsageError, match=f"^{tmp_path}/zone is not empty: name another root"):
        generate(SMALL, tmp_path / "zone")
    result = run(tmp_path / "zone")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Error: {tmp_path}/zone is not empty" in result.stderr
    assert tree(tmp_path) == before


def test_an_empty_root_is_taken(tmp_path: Path) -> None:
    (tmp_path / "zone").mkdir()
    assert generated(tmp_path / "zone") == generated(tmp_path / "new" / "zone")


def test_others_may_read_the_root(tmp_path: Path) -> None:
    generate(SMALL, tmp_path / "zone")
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "zone").stat().st_mode == (tmp_path / "plain").stat().st_mode


def stopping(monkeypatch: pytest.MonkeyPatch, stop: BaseException) -> None:
    whole = Generator.run

    def half(self: Generator) -> Iterator[int]:
        yield from islice(whole(self), 1)
        raise stop

    monkeypatch.setattr(Generator, "run", half)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_breaking_off_leaves_nothing(
    stop: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping(monkeypatch, stop)
    with pytest.raises(type(stop)):
        generate(SMALL, tmp_path / "zone")
    assert tree(tmp_path) == {}


def test_a_full_disk_is_told_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping(monkeypatch, OSError(28, "No space left on device"))
    result = run(tmp_path / "zone")
    assert result.exit_code == 1
    assert "Error: " in result.stderr
    assert "No space left on device" in result.stderr


KILLED_AT = """
import os, pathlib, signal, sys
import stedi.synthetic.generator as generate_landing
from stedi.synthetic.personas import Settings
def kill(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
where = sys.argv[2]
if where == "half-way":
    run = generate_landing.Generator.run
    def half(self):
        yield next(run(self))
        kill()
    generate_landing.Generator.run = half
else:
    pathlib.Path.rename = kill
generate_landing.generate(Settings(people=300), sys.argv[1])
"""


@pytest.mark.parametrize("where", ["half-way", "before the end"])
def test_being_killed_leaves_nothing_in_the_root(where: str, tmp_path: Path) -> None:
    root = tmp_path / "zone"
    killed = subprocess.run([sys.executable, "-c", KILLED_AT, root, where])
    assert killed.returncode == -signal.SIGKILL
    assert tree(tmp_path)  # it was in the midst of it
    assert not root.exists()
    assert generated(root) == generated(tmp_path / "other")


@pytest.mark.parametrize(
    "options", [{"people": 0}, {"days": 0}, {"readings_per_person": 0}, {"bad_share": 1},
                {"bad_share": -0.1}]
)  # fmt: skip
def test_impossible_options_are_refused(options: dict, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be"):
        Settings(**options)
    [(name, value)] = options.items()
    assert run(tmp_path / "zone", f"--{name.replace('_', '-')}", str(value)).exit_code == 2
    assert tree(tmp_path) == {}


# Of any size.

PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


def peak_memory(root: Path, people: int, readings: int) -> int:
    """Bytes. Asked of a process between: a child starts with its parent's peak."""
    options = ["--root", root, "--people", people, "--readings-per-person", readings]
    command = [sys.executable, "-c", PEAK, *COMMAND, *map(str, options)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize(
    ("people", "readings", "more_people", "more_readings"),
    [(400, 200, 4000, 200), (1, 4_000, 1, 400_000)],
    ids=["people", "readings"],
)
def test_memory_does_not_grow_with_size(
    people: int, readings: int, more_people: int, more_readings: int, tmp_path: Path
) -> None:
    small = peak_memory(tmp_path / "small", people, readings)
    large = peak_memory(tmp_path / "large", more_people, more_readings)
    files = (tmp_path / "large" / "accelerometer").rglob("*.json")
    assert (
        sum(path.read_bytes().count(b"\n") for path in files) >= more_people * more_readings
    )  # ten times as many and more
    assert large < 500_000_000
    assert large < 1.5 * small


# Full of trouble.


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    share=st.floats(0, 0.9), people=st.integers(1, 80), readings=st.integers(1, 20),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_the_share_of_bad_lines_is_as_stated(
    tmp_path_factory: pytest.TempPathFactory, share: float, people: int, readings: int, seed: int
) -> None:
    root = tmp_path_factory.mktemp("zone") / "landing"
    generate(Settings(people, 3, readings, seed, share, ordinary=True), root)
    lines = landed_lines(root)
    for source in SOURCES:
        landed = [line for line in lines if line.source == source]
        bad = sum(isinstance(read(line), Rejected) for line in landed)
        assert abs(bad - share * len(landed)) <= 1


def history(lines: list[Line]) -> dict[str, list[Customer]]:
    """Each person's records by the time of their update."""
    people: dict[str, set[Customer]] = {}
    for line in lines:
        if line.source == "customer" and not isinstance(record := read(line), Rejected):
            people.setdefault(record[0], set()).add(Customer(*record))
    return {who: sorted(told, key=lambda r: r.last_update) for who, told in people.items()}


def lived(lines: list[Line]) -> set[str]:
    """What the people of the generator are for, as far as it is found in the records."""
    people = history(lines)
    found = set()
    for told in people.values():
        shares = [record.research is not None for record in told]
        found.add({(False,): "never consents", (True,): "consents"}.get(tuple(shares), ""))
        if shares[:2] == [False, True]:
            found.add("consents late")
        if shares[-2:] == [True, False]:
            found.add("withdraws")
        if shares[-3:] == [True, False, True]:
            found.add("consents again")
            if told[-3].research == told[-1].research:
                found.add("consents again with the old date")
        if any(a.serial_number != b.serial_number for a, b in pairwise(told)):
            found.add("changes device")
        if told[-1].last_update > 3 * 10**12 or told[0].last_update > 3 * 10**12:
            found.add("has a clock that is decades ahead")
    owners: dict[str, set[str]] = {}
    for who, told in people.items():
        for record in told:
            if record.serial_number is not None:
                owners.setdefault(record.serial_number, set()).add(who)
    found |= {f"a device is named by {len(who)}" for who in owners.values() if len(who) > 1}
    dates: dict[tuple, set[str]] = {}
    for line in lines:
        if line.source == "customer":
            continue
        what = read(line)
        dates.setdefault((line.source, what), set()).add(line.ingest_date)
    for (source, record), days in dates.items():
        if isinstance(record, Rejected):
            continue
        if len(days) > 1:
            found.add(f"{source} readings delivered again on another day")
        if source == "accelerometer" and record[0] in people:
            consent = people[record[0]][-1].research
            if consent is not None and record[1] == consent:
                found.add("reads at the moment of consent")
            if consent is not None and record[1] < consent:
                found.add("reads before consent")
    return found - {""}


LIVES = {
    "never consents", "consents", "consents late", "withdraws", "consents again",
    "consents again with the old date", "changes device", "has a clock that is decades ahead",
    "a device is named by 2", "a device is named by 3",
    "reads before consent", "reads at the moment of consent",
    "accelerometer readings delivered again on another day",
    "step_trainer readings delivered again on another day",
}  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_every_life_is_lived_by_default(seed: int, tmp_path: Path) -> None:
    generate(Settings(seed=seed), tmp_path / "zone")
    assert lived(landed_lines(tmp_path / "zone")) == LIVES


def test_every_reason_and_outcome_occurs(tmp_path: Path) -> None:
    generate(EVERYTHING, tmp_path / "zone")
    lines = landed_lines(tmp_path / "zone")
    for source in SOURCES:
        found = (read(line) for line in lines if line.source == source)
        assert {what.reason for what in found if isinstance(what, Rejected)} == set(kinds(source))
    funnel = oracle.tables(lines)["stedi_audit.consent_funnel"]
    outcomes = {
        "released", "no_consent", "consent_unclear", "withdrawn_then", "before_consent",
    }  # fmt: skip
    assert {(dict(row)["source"], dict(row)["reason"]) for row in funnel} == {
        *(("accelerometer", outcome) for outcome in outcomes | {"unknown_person"}),
        *(("step_trainer", o) for o in outcomes | {"unknown_device", "ambiguous_device"}),
    }


@pytest.mark.parametrize("days", [1, 2, 5])
def test_no_line_is_bad_that_is_not_meant_to_be(days: int, tmp_path: Path) -> None:
    plan = Settings(people=len(PERSONAS), days=days, bad_share=0)
    generate(plan, tmp_path / "zone")
    bad = [line for line in landed_lines(tmp_path / "zone") if isinstance(read(line), Rejected)]
    found = Counter(line.source for line in bad)
    meant = sum(len(life.unreadable) for life in lives(plan))
    wrong_clocks = {source: found[source] for source in ("accelerometer", "step_trainer")}
    assert found == {"customer": meant} | wrong_clocks
    assert 0 < max(wrong_clocks.values()) < 20


def test_bad_customer_lines_change_nobody_elses_consent(tmp_path: Path) -> None:
    """Whom they name, they suspend: they are of people of their own."""
    tables = []
    for share in (0.0, 0.4):
        plan = Settings(people=len(PERSONAS), bad_share=share)
        generate(plan, tmp_path / f"{share}")
        lines = landed_lines(tmp_path / f"{share}")
        tables.append(oracle.tables(lines)["stedi_trusted.customer_trusted"])
    assert tables[0] == tables[1]
    assert tables[0].total() > len(PERSONAS) / 3


def test_every_persona_has_a_person_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[str] = set()

    def noting(persona):
        def note(life, plan):
            asked.add(persona.__name__)
            return persona(life, plan)

        return note

    monkeypatch.setattr("stedi.synthetic.personas.PERSONAS", tuple(map(noting, PERSONAS)))
    generate(Settings(), tmp_path / "zone")
    assert asked == {persona.__name__ for persona in PERSONAS}


# How lines are written.

DAY, NOON = "2024-01-01", 1_704_110_400_000
RECORDS = {
    "customer": Customer(
        "zoé.b@example.com", "Zoé B", "555", "1990-01-01", "s-1", NOON - 1, NOON, NOON - 2,
        NOON - 3, NOON - 4,
    ),
    "accelerometer": ("zoé.b@example.com", NOON, 1.0, 0.0, -1.0),
    "step_trainer": ("s-1", NOON, 201.0),
}  # fmt: skip


def meaning(source: str, text: str) -> tuple | str:
    """What a generated line says, as it comes out of a file: a record, or why there is none."""
    [line] = lines_in(text.encode("utf-8", "surrogateescape"))
    found = read(Line(source, DAY, "a.json", line))
    if isinstance(found, Rejected):
        return found.reason
    return tuple(str(value) if isinstance(value, date) else value for value in found)


@pytest.mark.parametrize("source", SOURCES)
def test_bad_lines_are_rejected_for_their_reason(source: str) -> None:
    _, fields = SOURCE_FORMS[source]
    for reason, ways in kinds(source).items():
        for way in ways:
            text = way(fields(RECORDS[source]))
            assert meaning(source, text) == reason, text[:300]


@pytest.mark.parametrize("source", SOURCES)
def test_bad_lines_are_of_every_kind(source: str) -> None:
    _, fields = SOURCE_FORMS[source]
    given = fields(RECORDS[source])
    every = {way(given) for ways in kinds(source).values() for way in ways}
    assert set(BadLines(source, 0.5, random.Random(0)).after(1000, lambda: given)) == every


@pytest.mark.parametrize("style", ["", *STYLES])
@pytest.mark.parametrize("source", SOURCES)
def test_a_record_means_the_same_in_every_style(source: str, style: str) -> None:
    line, fields = SOURCE_FORMS[source]
    record = RECORDS[source]
    for turn in range(len(OLDER_APP) * len(OTHER_CASE) * len(WRONG_TYPES)):
        text = STYLES[style](fields(record), turn) if style else line(record)
        assert meaning(source, text) == tuple(record), text


@pytest.mark.parametrize("style", ["", *STYLES])
def test_a_customer_without_details_means_the_same_in_every_style(style: str) -> None:
    line, fields = SOURCE_FORMS["customer"]
    record = Customer("a@b", None, None, None, None, None, NOON, None, None, None)
    for turn in range(len(OLDER_APP) * len(OTHER_CASE) * len(WRONG_TYPES)):
        text = STYLES[style](fields(record), turn) if style else line(record)
        assert meaning("customer", text) == tuple(record), text
