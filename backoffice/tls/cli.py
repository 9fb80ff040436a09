"""Certificates from the command line."""

from pathlib import Path
from typing import Annotated

import typer

from backoffice.terminal import errors_for_people
from backoffice.tls import certificates

app = typer.Typer(help="Certificates: for this server, and the authority that machines trust.", no_args_is_help=True)

FolderOption = Annotated[Path, typer.Option(help="Where the certificates and their private keys are kept.")]


@app.command()
def make(
    name: Annotated[list[str], typer.Option(help="Host name or address under which machines and browsers come.")],
    folder: FolderOption,
) -> None:
    """Make an authority of your own and a first server certificate. Nothing is overwritten."""
    with errors_for_people():
        certificates.make(folder, name)
    files = {
        "PERSCAN_TLS_CERTIFICATE": certificates.SERVER_FILE,
        "PERSCAN_TLS_KEY": certificates.SERVER_KEY_FILE,
        "PERSCAN_TLS_CA": certificates.AUTHORITY_FILE,
    }
    for variable, file in files.items():
        typer.echo(f"{variable}={folder / file}")
    typer.echo(f"Keep {folder / certificates.AUTHORITY_KEY_FILE} apart: whoever has it can pose as this server.")


@app.command()
def renew(folder: FolderOption) -> None:
    """Make the next server certificate of the same authority; machines need to learn nothing."""
    with errors_for_people():
        good_until = certificates.renew(folder)
    typer.echo(f"Good until {good_until.date()}. Restart the server to use it.")
