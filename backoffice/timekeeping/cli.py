"""The server's clock from the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import typer
from sqlalchemy import Engine

from backoffice.clock import system_clock
from backoffice.db import READ, make_engine, transaction
from backoffice.errors import BackOfficeError
from backoffice.settings import Settings
from backoffice.timekeeping import service

FAILED = 1

app = typer.Typer(help="The server's clock: whether it is believed, and saying that it is right.", no_args_is_help=True)


@app.command()
def show() -> None:
    """Say what the clock shows and what is believed."""
    with _engine() as engine, transaction(engine, READ) as session:
        believed = service.ask(session, system_clock())
    typer.echo(
        f"clock: {_words(system_clock())}\nbelieved: {_words(believed.now)}, {'sure' if believed.sure else 'unsure'}"
    )


@app.command()
def confirm() -> None:
    """Believe the clock as it is now, whatever was believed before. Set it right first: machines are told its time."""
    with _engine() as engine, transaction(engine) as session:
        service.confirm(session, system_clock())
    typer.echo(f"believed: {_words(system_clock())}")


@contextmanager
def _engine() -> Iterator[Engine]:
    """The database, closed afterwards; what is wrong is said in words."""
    try:
        engine = make_engine(Settings.from_environment())
        try:
            yield engine
        finally:
            engine.dispose()
    except BackOfficeError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        raise typer.Exit(FAILED) from error


def _words(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
