"""The documents: links resolve, commands exist, everything is described, lines are short."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator

import click
import pytest
import yaml

from stedi.cli import main
from support.markdown import Document, documents
from support.project_copy import PROJECT

DOCUMENTS = documents()
REFERENCE = Document(PROJECT / "docs/reference/commands.md")
CONFIGURATION = Document(PROJECT / "docs/reference/configuration.md")
README = Document(PROJECT / "README.md")
WIDTH = 120
GENERATED = ("docs/nightly.md",)
SHARED = ("--target", "--config", "--help", "--version")  # described once for all commands

# Where environment variables are read.
MADE_FOR_A_RELEASE = ["docs/attestation.json"]
READERS = ("scripts", "macros", "tests", "bench", "Makefile", ".ci", "profiles.yml.example")
TEXT = {".py", ".sql", ".yml", ".j2", ".example", ""}

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)


def commands_below(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    """Every command of a group and of the groups in it, by its full name."""
    context = click.Context(group)
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands_below(command, f"{name} {each}")
        else:
            yield f"{name} {each}", command


def options_of(command: click.Command) -> set[str]:
    """The long options of a command."""
    return {o for parameter in command.params for o in parameter.opts if o.startswith("--")}


STEDI = dict(commands_below(main, "stedi"))


@each_document
def test_relative_links_and_anchors_resolve(document: Document) -> None:
    broken = []
    for link in document.links:
        place, _, anchor = link.partition("#")
        if "://" in place:
            continue
        target = (document.path.parent / place).resolve() if place else document.path
        if not target.exists() or (anchor and anchor not in Document(target).anchors):
            broken.append(link)
    assert broken == []


@each_document
def test_lines_are_short_except_in_tables(document: Document) -> None:
    if document.name not in GENERATED:
        assert [x for x in document.lines if len(x) > WIDTH and not x.startswith("|")] == []


def test_the_readme_is_short() -> None:
    assert len(README.lines) <= 130


def test_every_document_can_be_reached_from_the_index() -> None:
    index = Document(PROJECT / "docs/README.md")
    linked = {(index.path.parent / link.partition("#")[0]).resolve() for link in index.links}
    below = [d for d in DOCUMENTS if d.name.startswith("docs/") and d.path != index.path]
    assert [d.name for d in below if d.path not in linked] == []


@pytest.mark.parametrize("name", STEDI)
def test_the_reference_describes_each_command_and_its_options(name: str) -> None:
    described = set(re.findall(r"--[a-z-]+", REFERENCE.section(name)))
    assert options_of(STEDI[name]) - {*SHARED} <= described


def test_the_reference_describes_no_option_that_does_not_exist() -> None:
    shared = REFERENCE.section("Options that all commands share")
    assert set(re.findall(r"--[a-z][a-z-]+", shared)) == {*SHARED}
    for name, command in STEDI.items():
        first_cells = re.findall(r"^\| `(--[a-z-]+)", REFERENCE.section(name), flags=re.MULTILINE)
        assert set(first_cells) <= options_of(command), name


def stedi_calls(text: str) -> Iterator[list[str]]:
    """The words of each call of stedi in a command line, its pipes included."""
    if "stedi " not in text or "…" in text:
        return
    for part in re.split(r"\||&&|;", text):
        words = shlex.split(part, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        if words[:1] == ["stedi"] and len(words) > 1:
            yield words


@each_document
def test_every_call_of_stedi_exists(document: Document) -> None:
    if document.name == "CHANGELOG.md":
        return  # its old calls are gone on purpose
    for text in document.commands():
        for words in stedi_calls(text):
            name = next((n for n in (" ".join(words[:3]), " ".join(words[:2])) if n in STEDI), None)
            if name is None:
                is_group = words[1] in main.list_commands(click.Context(main))
                assert is_group or words[1].isupper() or words[1].startswith("-"), text
                continue
            given = {word.partition("=")[0] for word in words if word.startswith("--")}
            assert given <= options_of(STEDI[name]) | {"--help"}, text


def test_the_reference_describes_each_selector_of_dbt() -> None:
    selectors = yaml.safe_load((PROJECT / "selectors.yml").read_text())["selectors"]
    described = re.findall(r"--selector (\w+)`", REFERENCE.section("dbt selectors"))
    assert described == [selector["name"] for selector in selectors]


def make_targets() -> set[str]:
    found = re.search(r"^\.PHONY: (.+)$", (PROJECT / "Makefile").read_text(), flags=re.MULTILINE)
    assert found
    return {*found[1].split()}


def test_the_reference_describes_each_make_target() -> None:
    section = REFERENCE.section("make targets")
    assert set(re.findall(r"^\| `make ([a-z-]+)`", section, flags=re.MULTILINE)) == make_targets()


@each_document
def test_every_make_target_that_is_named_exists(document: Document) -> None:
    named = {
        words[1]
        for text in document.commands()
        if (words := text.split())[:1] == ["make"] and len(words) > 1 and words[1].isalpha()
    }
    assert named <= make_targets()


def test_environment_variables_are_described() -> None:
    read = set()
    for place in READERS:
        path = PROJECT / place
        for file in path.rglob("*") if path.is_dir() else [path]:
            if file.is_file() and file.suffix in TEXT and "egg-info" not in str(file):
                read |= set(re.findall(r"\bSTEDI_[A-Z_]*[A-Z]\b", file.read_text()))
    described = set(re.findall(r"`(STEDI_[A-Z_]+)`", "\n".join(CONFIGURATION.lines)))
    assert described == read


def test_vars_and_entries_of_the_configuration_are_described() -> None:
    variables = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    in_table = re.findall(r"^\| `(\w+)` \|", CONFIGURATION.section("dbt's vars"), flags=re.M)
    assert set(in_table) == {*variables}
    config = (PROJECT / "infrastructure/config.toml").read_text()
    entries = re.findall(r"^(?:# )?(\w+) = ", config.partition("[tags]")[0], flags=re.MULTILINE)
    described = re.findall(r"`\[?(\w+)\]?`", CONFIGURATION.section("infrastructure/config.toml"))
    assert {*entries, "tags", "assumed_by"} <= {*described}


@each_document
def test_paths_that_are_named_exist(document: Document) -> None:
    if document.name == "CHANGELOG.md":
        return
    paths = re.findall(
        r"`((?:tests|scripts|macros|models|docs|bench|analyses|infrastructure|seeds)/[\w./-]+)`",
        document.prose,
    )
    assert [p for p in paths if p not in MADE_FOR_A_RELEASE and not (PROJECT / p).exists()] == []


def test_nothing_names_what_has_moved() -> None:
    """Scripts that are commands of stedi now, and former folders of tests."""
    gone = re.compile(
        r"scripts/\w+\.py|tests/(lakehouse|athena_local|erasing|provisioning|evidence|scripts)\b"
    )
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.sql", "*.yml", "*.md", "*.toml", "*.j2", "Makefile", ".ci"],
        cwd=PROJECT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    names = {
        f"{name}: {found[0]}"
        for name in listed
        if name not in ("CHANGELOG.md", "tests/documents/test_documents.py")
        and (PROJECT / name).exists()
        for found in gone.finditer((PROJECT / name).read_text(encoding="utf-8"))
    }
    assert sorted(names) == []


@each_document
def test_no_example_puts_an_email_or_a_key_where_others_see_it(document: Document) -> None:
    """A command line stays in the shell's history, and is in the process list while it runs."""
    commands = re.findall(
        r"^```bash\n(.*?)^```$", document.path.read_text(), flags=re.MULTILINE | re.DOTALL
    )
    assert not [c for c in commands if re.search(r"@[^\n]*\| *stedi|-hmac|<<<", c)]
