"""Tags and grants of Lake Formation on moto: which columns the analyst can read by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from click.testing import Result
from moto.lakeformation.models import LakeFormationBackend

import stedi.provisioning.column_tags as column_tagging
from stedi.aws.names import Lakehouse
from stedi.errors import StediError
from stedi.layout import LAYERS
from stedi.lineage.levels import DescribedTable, described_tables
from support.aws_commands import aws, message, run
from support.lakehouse import Lakehouse as Project

Tags = dict[str, str]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own manifest."""
    project = Project(tmp_path_factory.mktemp("compiled"))
    assert project.dbt("compile").success  # `parse` writes none where the project is parsed already
    return project.folder / "target" / "manifest.json"


@pytest.fixture(scope="module")
def tables(manifest: Path) -> list[DescribedTable]:
    return described_tables(json.loads(manifest.read_text()))


def tag(*arguments: object) -> Result:
    """Runs `stedi aws tag-columns`."""
    return run("tag-columns", *arguments)


@pytest.fixture
def tagged(account: None, manifest: Path) -> Result:
    """The result of a second run, in an account that the first run has tagged."""
    assert tag("--manifest", manifest).exit_code == 0
    again = tag("--manifest", manifest)
    assert again.exit_code == 0
    return again


def tags_on(answer: list[dict[str, Any]]) -> Tags:
    assert all(len(found["TagValues"]) == 1 for found in answer)
    return {found["TagKey"]: found["TagValues"][0] for found in answer}


def column_tags(client: Any, database: str, table: str, column: str) -> Tags:
    """A column's own tags and those of its database, which Lake Formation passes on."""
    where = {"DatabaseName": database, "Name": table, "ColumnNames": [column]}
    on_columns = client.get_resource_lf_tags(Resource={"TableWithColumns": where})
    on_database = client.get_resource_lf_tags(Resource={"Database": {"Name": database}})
    (own,) = on_columns.get("LFTagsOnColumns", [{"LFTags": []}])
    return tags_on(on_database.get("LFTagOnDatabase", [])) | tags_on(own["LFTags"])


def fits(tags: Tags, policy: dict[str, Any]) -> bool:
    """Lake Formation's rule: for each tag in the expression, the resource has one of its values."""
    return all(tags.get(part["TagKey"]) in part["TagValues"] for part in policy["Expression"])


def seen_by_analyst(lake: Lakehouse, tables: list[DescribedTable]) -> set[tuple[str, str, str]]:
    client = aws("lakeformation")
    analyst = {"DataLakePrincipalIdentifier": lake.role_arn("analyst")}
    granted = client.list_permissions()["PrincipalResourcePermissions"]
    policies = [
        g["Resource"]["LFTagPolicy"] for g in granted
        if g["Principal"] == analyst and "SELECT" in g["Permissions"]
    ]  # fmt: skip
    return {
        (table.schema, table.identifier, column)
        for table in tables for column in table.levels for policy in policies
        if fits(column_tags(client, table.schema, table.identifier, column), policy)
    }  # fmt: skip


@pytest.mark.usefixtures("tagged")
def test_every_column_has_the_tag_of_its_level(tables: list[DescribedTable]) -> None:
    client = aws("lakeformation")
    for table in tables:
        for column, level in table.levels.items():
            layer = table.schema.removeprefix("stedi_")
            found = column_tags(client, table.schema, table.identifier, column)
            assert found == {"pii": level, "layer": layer}, (table.name, column)


@pytest.mark.usefixtures("tagged")
def test_analyst_sees_columns_of_trusted_and_curated_that_identify_nobody(
    lake: Lakehouse, tables: list[DescribedTable]
) -> None:
    seen = seen_by_analyst(lake, tables)
    assert seen == {
        (table.schema, table.identifier, column)
        for table in tables if table.schema in ("stedi_trusted", "stedi_curated")
        for column, level in table.levels.items() if level != "direct"
    }  # fmt: skip
    of_people = {column for _, table, column in seen if table == "customer_trusted"}
    assert {"customer_id", "research_consent_at"} <= of_people
    hidden = {"email", "customer_name", "phone", "birth_day", "serial_number"}
    assert of_people.isdisjoint(hidden)


@pytest.mark.usefixtures("tagged")
def test_tags_have_these_values() -> None:
    tags = aws("lakeformation").list_lf_tags()["LFTags"]
    assert {found["TagKey"]: found["TagValues"] for found in tags} == {
        "pii": ["none", "indirect", "direct"],
        "layer": [*LAYERS],
    }


@pytest.mark.usefixtures("tagged")
def test_nobody_else_is_granted_anything(lake: Lakehouse) -> None:
    granted = aws("lakeformation").list_permissions()["PrincipalResourcePermissions"]
    assert {g["Principal"]["DataLakePrincipalIdentifier"] for g in granted} == {
        lake.role_arn("analyst")
    }
    assert {p for g in granted for p in g["Permissions"]} == {"SELECT", "DESCRIBE"}
    assert not any(g.get("PermissionsWithGrantOption") for g in granted)


def test_output_lists_tags_and_grants(tagged: Result) -> None:
    lines = tagged.output.splitlines()
    assert any(
        line.startswith("pii = direct") and "stedi_trusted.customer_trusted (email, " in line
        for line in lines
    )
    assert lines[-1].endswith(
        ":role/stedi-analyst: SELECT, DESCRIBE on every table with pii in (none, indirect) "
        "and layer in (trusted, curated)"
    )


@pytest.mark.usefixtures("account")
def test_dry_run_prints_the_same_and_changes_nothing(manifest: Path) -> None:
    told = tag("--manifest", manifest, "--dry-run").output
    assert aws("lakeformation").list_lf_tags()["LFTags"] == []
    assert aws("lakeformation").list_permissions()["PrincipalResourcePermissions"] == []
    assert tag("--manifest", manifest).output == told


@pytest.mark.usefixtures("account")
def test_missing_value_is_added_to_an_existing_tag(manifest: Path) -> None:
    client = aws("lakeformation")
    client.create_lf_tag(TagKey="pii", TagValues=["none", "direct", "theirs"])
    assert tag("--manifest", manifest).exit_code == 0
    values = client.get_lf_tag(TagKey="pii")["TagValues"]
    assert {*values} == {"none", "indirect", "direct", "theirs"}


@pytest.mark.usefixtures("account")
def test_changed_level_replaces_the_former_one(manifest: Path, tmp_path: Path) -> None:
    changed = tmp_path / "manifest.json"
    content = json.loads(manifest.read_text())
    node = content["nodes"]["model.stedi_lakehouse.customers_curated"]
    node["columns"]["registered_on"]["config"]["meta"]["pii"] = "direct"
    assert tag("--manifest", manifest).exit_code == 0
    changed.write_text(json.dumps(content))
    assert tag("--manifest", changed).exit_code == 0
    found = column_tags(aws("lakeformation"), "stedi_curated", "customers_curated", "registered_on")
    assert found["pii"] == "direct"


@pytest.mark.usefixtures("account")
def test_column_without_a_level_stops_the_command_before_it_tags_anything(
    manifest: Path, tmp_path: Path
) -> None:
    content = json.loads(manifest.read_text())
    node = content["nodes"]["model.stedi_lakehouse.customers_curated"]
    del node["columns"]["registered_on"]["config"]["meta"]["pii"]
    changed = tmp_path / "manifest.json"
    changed.write_text(json.dumps(content))
    said = message(tag("--manifest", changed))
    assert said.startswith("customers_curated.registered_on: no level. Below the column's name")
    assert aws("lakeformation").list_lf_tags()["LFTags"] == []


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"nodes": 1}'])
def test_unusable_manifest(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    if content is not None:
        path.write_text(content)
    said = message(tag("--manifest", path), exit_code=2)
    assert said.startswith(f"{path}: ")
    assert "No such file" in said if content is None else "not a manifest of dbt" in said


@pytest.mark.usefixtures("environment")
def test_table_that_glue_does_not_have(lake: Lakehouse, tables: list[DescribedTable]) -> None:
    """AWS looks the table up in Glue; moto does not."""
    client = aws("lakeformation")
    *_, tagging = column_tagging.taggings(lake, tables)
    with Stubber(client) as stubber:
        stubber.add_client_error("add_lf_tags_to_resource", "EntityNotFoundException")
        with pytest.raises(StediError, match="run `dbt build --target"):
            column_tagging.put_tag(client, tagging)


@pytest.mark.usefixtures("environment")
def test_missing_tags_are_created() -> None:
    """AWS answers with an error, moto with no values."""
    client = aws("lakeformation")
    with Stubber(client) as stubber:
        for key, values in column_tagging.TAGS.items():
            stubber.add_client_error("get_lf_tag", "EntityNotFoundException")
            expected = {"TagKey": key, "TagValues": [*values]}
            stubber.add_response("create_lf_tag", {}, expected)
        column_tagging.create_tags(client)
        stubber.assert_no_pending_responses()


@pytest.mark.usefixtures("account")
def test_refused_tag(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [{"Error": {"ErrorMessage": "Insufficient permissions"}}]
    monkeypatch.setattr(
        LakeFormationBackend, "add_lf_tags_to_resource", lambda *_: failures
    )  # moto's own, which the service's answer is made of
    said = message(tag("--manifest", manifest))
    assert "(Insufficient permissions); run this as an administrator of Lake Formation" in said
