"""The command line: one file a command, loaded only when it is asked for, so that `uptake --help` starts at once.

Exit codes: 0 clean, 1 findings at or above the asked level, 2 the request cannot be done, 3 our fault.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import Any

import click

from uptake import __version__
from uptake.core.errors import UptakeError

COMMANDS = {
    "scan": "Scan folders and files: what breaks on 64-bit Microsoft 365 Apps, and with which corrected line.",
    "facts": "Show what one file holds: projects, references, modules with their source, facts.",
    "explain": "Explain a rule: why it matters, how to fix it, when it is wrong, with examples.",
    "rules": "List the rules of the catalogue.",
    "report": "Write reports again from the folder of an earlier scan, also of one that was interrupted.",
    "playbook": "Check the playbook and an organisation's own changes to it, or show what it holds.",
    "usage": "Read usage reports, judge the 70 % goal and stalls, forecast, and test the forecast.",
    "portfolio": "Rank many customers by risk: usage, growth, stalls, forecast, colours, and why to look at them.",
    "odt": "Check, explain, compare, build and size configurations of the Office Deployment Tool.",
    "serve": "Run the web application: the playbook for teams and customers, in the browser.",
    "rollout": "Choose the smallest pilot group of an inventory, and plan waves under capacities and dates.",
    "addins": "Judge the add-ins of endpoints for 64-bit Office: collector, .reg exports, registry hives.",
    "demo": "Build a sample estate, scan it and show the reports.",
}

ELSEWHERE = {"serve": "uptake.web.serve"}
"""Commands that another part brings along: the command line knows them by name and imports none of it."""


class ReaderGoneError(Exception):
    """Who read our output has seen enough. No `OSError`: click would answer it with exit code 1, which means findings."""


class LazyGroup(click.Group):
    """Commands by name, imported on use."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGoneError from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(ELSEWHERE.get(cmd_name, f"uptake.cli.{cmd_name}"))
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="uptake")
def cli() -> None:
    """Take an organisation to Microsoft 365 Apps and prove that it is used."""


def main(arguments: list[str] | None = None) -> None:
    """Entry point: runs a command and turns what goes wrong into a sentence and an exit code."""
    _speak_utf8()
    try:
        result: Any = cli.main(args=arguments, prog_name="uptake", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except UptakeError as error:
        click.echo(f"uptake: {error}", err=True)
        if error.hint:
            click.echo(f"        {error.hint}", err=True)
        sys.exit(error.exit_code)
    except ReaderGoneError:
        _drop_output()
        sys.exit(141)
    except OSError as error:
        if error.errno not in SURROUNDINGS or os.environ.get("UPTAKE_DEBUG"):
            _confess()
            raise
        click.echo(f"uptake: {error.filename or 'the output'} cannot be written: {error.strerror}", err=True)
        try:
            sys.stdout.flush()
        except OSError:
            _drop_output()
        sys.exit(2)
    except Exception:
        _confess()
        raise
    sys.exit(result if isinstance(result, int) else 0)


SURROUNDINGS = {
    getattr(errno, name, 0)
    for name in ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EFBIG", "EIO", "EEXIST", "ENOTDIR", "EISDIR")
}
"""Errors that are the disk's and not ours."""


def _drop_output() -> None:
    """Nobody takes what is still buffered; left there, Python would try once more while it ends and make the exit code 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _confess() -> None:
    """Say that it is our fault and leave; returns where a developer wants the exception itself."""
    if os.environ.get("UPTAKE_DEBUG"):
        return
    import traceback

    traceback.print_exc()
    click.echo("uptake: this is a fault of uptake, please report it with the lines above.", err=True)
    sys.exit(3)


def _speak_utf8() -> None:
    """Names of all languages on every terminal; what it cannot show is escaped instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="backslashreplace")
