"""The `stedi` command. A subcommand's module is imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click

# name -> (module of stedi.commands, first line of its help)
COMMANDS = {
    "land": ("land", "Land files, byte for byte."),
    "demo": ("demo", "Fill the landing zone with a folder's files, or with synthetic ones."),
    "generate": ("generate", "Generate synthetic deliveries, with what a build must make of them."),
    "summary": ("summary", "Summarize what the last build on DuckDB produced."),
    "erase": ("erase", "Erase people from landing, tables and old files."),
    "maintain": ("maintain", "Compact tables, so that no file holds deleted rows."),
    "purge": ("purge", "Delete old object versions from the bucket for good."),
    "key": ("key", "Make or rotate the pseudonym key."),
    "aws": ("aws", "Provision the lakehouse on AWS."),
    "cost": ("cost", "Report what the last dbt run scanned on Athena, and what it cost."),
    "evidence": ("evidence", "Write the privacy officer's page."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when it is called, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"stedi.commands.{COMMANDS[cmd_name][0]}").main
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stedi-lakehouse", prog_name="stedi")
def main() -> None:
    """Run the STEDI lakehouse: land files, erase people, maintain tables, provision AWS.

    A lakehouse is named as in dbt: --target duckdb (the default) or --target athena.
    """
