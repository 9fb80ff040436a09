"""The back office from the command line."""

import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from fastapi import FastAPI

from backoffice import data_files, inspection, logs, migrations
from backoffice.accounts import passwords
from backoffice.accounts import service as accounts
from backoffice.accounts.roles import Role
from backoffice.accounts.schemas import UserCreate
from backoffice.app import create_app, make_context
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.errors import SettingsError
from backoffice.serving.server import make_server
from backoffice.settings import Settings
from backoffice.sms.cli import app as sms_app
from backoffice.terminal import errors_for_people
from backoffice.timekeeping.cli import app as clock_app
from backoffice.tls import certificates
from backoffice.tls.cli import app as tls_app

BACKLOG_CONNECTIONS = 1024
THREAD_TURN_S = 0.0001
"""How long a busy thread keeps the event loop waiting: a tenth of Python's default."""

app = typer.Typer(help="The back office: server and administration.", no_args_is_help=True)
app.add_typer(sms_app, name="sms")
app.add_typer(tls_app, name="tls")
app.add_typer(clock_app, name="clock")

HostOption = Annotated[str | None, typer.Option(help="Address to listen on; PERSCAN_HOST otherwise.")]
PortOption = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port, 0 for a free one; PERSCAN_PORT otherwise.")
]


@app.command()
def serve(host: HostOption = None, port: PortOption = None) -> None:
    """Run the server until it is stopped."""
    with errors_for_people():
        settings = _settings({"host": host, "port": port})
        logs.configure(settings.log_level, settings.log_json)
        _say_if_new(settings)
        run(create_app(settings), settings)


def run(application: FastAPI, settings: Settings) -> None:
    """Serve an application; says on the terminal where, and how to get in when nobody can yet."""
    try:
        tls = _tls_of(settings)
        listener = _listen(settings)
    except SettingsError:
        application.state.context.close()
        raise
    server = make_server(application, listener, tls=tls, trusted_proxies=settings.proxies)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"{'https' if tls else 'http'}://{host}:{listener.getsockname()[1]}"
    typer.echo(f"Perscan back office: {address}")
    _offer_setup(application.state.context, settings.public_origin or address)
    sys.stdout.flush()
    sys.setswitchinterval(THREAD_TURN_S)
    server.run()


def _tls_of(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return certificates.server_context(settings.tls_certificate, settings.tls_key)


def _listen(settings: Settings) -> socket.socket:
    """A listening socket that says it is TCP: asyncio switches Nagle's delay off (40 ms an answer) only on those."""
    listener = None
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG_CONNECTIONS)  # who reads the address on the terminal may connect at once
    except OSError as error:
        if listener is not None:
            listener.close()
        raise SettingsError(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    return listener


def _offer_setup(context: Context, origin: str) -> None:
    with transaction(context.engine, READ) as session:
        if accounts.has_administrator(session):
            return
    typer.echo(
        f"Nobody can log in yet. Make the first administrator, once: {origin}/setup#{context.setup_token.issue()}"
    )


@app.command()
def create_admin(login: str, name: Annotated[str, typer.Option(help="Shown to others.")] = "Administrator") -> None:
    """Make an administrator; prints a one-time password that has to be changed at the first login."""
    with errors_for_people(), _context() as context:
        user, password = passwords.make_user(context, UserCreate(login=login, name=name, role=Role.ADMINISTRATOR))
        shown = user.login
    typer.echo(f"login: {shown}\none-time password: {password}")


@app.command()
def reset_password(login: str) -> None:
    """Give a user a new one-time password."""
    with errors_for_people(), _context() as context:
        with transaction(context.engine, READ) as session:
            user_id = accounts.find_user(session, login)
        user, password = passwords.reset(context, user_id)
        shown = user.login
    typer.echo(f"login: {shown}\none-time password: {password}")


@app.command()
def check() -> None:
    """Look at the keyring and the database, and change nothing."""
    with errors_for_people():
        settings = Settings.from_environment()
        data_files.both_are_new(settings)  # says which of the two is gone
        typer.echo(f"keyring: {settings.keyring_path}: {inspection.keyring(settings)}")
        typer.echo(f"database: {settings.database_path}: {inspection.database(settings)}")


@app.command(hidden=True)
def new_migration(number: str, message: str, scratch: Path) -> None:
    """For developers: write the migration from the newest shape to the present models."""
    migrations.new_revision(scratch, message, number)


def _settings(given: dict[str, str | int | None]) -> Settings:
    chosen = {name: value for name, value in given.items() if value is not None}
    return Settings.model_validate(Settings.from_environment().model_dump() | chosen)


def _say_if_new(settings: Settings) -> None:
    """Nobody finds an empty back office without having been told why."""
    if data_files.both_are_new(settings):
        database, keyring = settings.database_path.absolute(), settings.keyring_path.absolute()
        typer.echo(
            f"A new database: {database}\nA new keyring: {keyring} (back it up, apart from the database)", err=True
        )


@contextmanager
def _context() -> Iterator[Context]:
    settings = Settings.from_environment()
    _say_if_new(settings)
    context = make_context(settings)
    try:
        yield context
    finally:
        context.close()


if __name__ == "__main__":
    app()
