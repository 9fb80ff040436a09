"""The server's clock from the command line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import typer
from sqlalchemy import Engine
from sqlmodel import Session

from backoffice.clock import system_clock
from backoffice.db import make_engine, make_looking_engine, transaction
from backoffice.settings import Settings
from backoffice.terminal import errors_for_people
from backoffice.timekeeping import service

app = typer.Typer(help="The server's clock: whether it is believed, and saying that it is right.", no_args_is_help=True)


@app.command()
def show() -> None:
    """Say what the clock shows and what is believed."""
    with errors_for_people(), _closed(make_looking_engine) as engine, Session(engine) as session:
        believed = service.ask(session, system_clock())
    typer.echo(
        f"clock: {_words(system_clock())}\nbelieved: {_words(believed.now)}, {'sure' if believed.sure else 'unsure'}"
    )


@app.command()
def confirm() -> None:
    """Believe the clock as it is now, whatever was believed before. Set it right first: machines are told its time."""
    with errors_for_people(), _closed(make_engine) as engine, transaction(engine) as session:
        service.confirm(session, system_clock())
    typer.echo(f"believed: {_words(system_clock())}")


@contextmanager
def _closed(make: Callable[[Settings], Engine]) -> Iterator[Engine]:
    engine = make(Settings.from_environment())
    try:
        yield engine
    finally:
        engine.dispose()


def _words(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
