"""`uptake serve`: the web application on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import click

from uptake.core.errors import UptakeError

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


@click.command("serve", short_help="Run the web application.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Where it listens. Put a proxy with TLS before anything but loopback.",
)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 32), help="Server processes, four threads each."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of database, uploads and key.  [default: UPTAKE_DATA]",
)
@click.option("--demo", is_flag=True, help="Fill a database of its own with a portfolio of invented customers.")
def command(host: str, port: int, workers: int, data: Path | None, *, demo: bool) -> int:
    """Migrate the database, print the one-time link for the first administrator, and serve until Ctrl-C.

    SQLite in --data unless DATABASE_URL names a PostgreSQL. docs/en/web.md lists every setting of the environment.
    """
    if os.name == "nt":
        raise UptakeError("uptake serve runs on Linux and macOS", hint="On Windows use WSL or a container.")
    shown = "127.0.0.1" if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    address = os.environ.setdefault("UPTAKE_PUBLIC_URL", f"http://{shown}:{port}")
    if data is None and demo and "UPTAKE_DATA" not in os.environ:
        data = Path("uptake-demo")
    if data is not None:
        os.environ["UPTAKE_DATA"] = str(data.absolute())
    os.environ["DJANGO_SETTINGS_MODULE"] = "uptake.web.config.settings"
    from uptake.web.config import server

    server.prepare(click.echo)
    if demo:
        _load_demo(address)
    else:
        link = server.first_link(address)
        if link:
            click.echo(f"First administrator, works once and for one day: {link}")
    click.echo(f"Serving {address} (Ctrl-C ends it)")
    return server.serve(host, port, workers)


def _load_demo(address: str) -> None:
    from uptake.web.config.demo import PEOPLE, load_demo

    click.echo("Filling the demonstration portfolio …")
    password = load_demo()
    click.echo(f"Sign in at {address} with the password “{password}”:")
    for email, name, role, _language in PEOPLE:
        click.echo(f"  {email:22} {name} ({role})")
