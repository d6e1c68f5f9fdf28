"""The `stedi` command. A subcommand's module is imported only when it is called."""

from __future__ import annotations

from importlib import import_module

import click
from click.shell_completion import CompletionItem

from stedi.commands.errors import Failure, explain
from stedi.errors import StediError
from stedi.storage.atomic import keep_private

# In this order in the help: name -> one line of what it does. The module has the same name.
COMMANDS = {
    "land": "Land files in the landing zone.",
    "demo": "Land a folder's files, or synthetic ones.",
    "generate": "Generate synthetic deliveries of any size.",
    "summary": "Summarize the last build on DuckDB.",
    "export": "Export the curated tables on DuckDB, and nothing else.",
    "erase": "Erase people from landing zone, tables and old files.",
    "maintain": "Compact tables, so that no file holds deleted rows.",
    "purge": "Delete old object versions from the bucket.",
    "key": "Make or rotate the pseudonym key.",
    "aws": "Provision the lakehouse on AWS.",
    "cost": "Report the cost of the last dbt run on Athena.",
    "evidence": "Write the privacy officer's page.",
}


class LazyGroup(click.Group):
    """A group that needs no subcommand's module for its help, nor to complete their names."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        try:
            command = import_module(f"stedi.commands.{cmd_name}").main
        except ModuleNotFoundError as error:
            explained = explain(error)
            if explained is None:
                raise
            raise Failure(explained) from error
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=COMMANDS[name]) for name in names), *options]


@click.group("stedi", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stedi-lakehouse", prog_name="stedi")
def main() -> None:
    """Run the lakehouse: land files, erase people, maintain tables, provision AWS.

    Commands and dbt work on the same lakehouse: that of the dbt target duckdb (the default) or
    athena.
    """
    try:
        keep_private()
    except StediError as error:
        raise Failure(error) from error
