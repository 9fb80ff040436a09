"""`perscan uplinks`: what a person may say to the proof of the links."""

from pathlib import Path
from typing import Annotated

import typer

DEBITS = 200
DEBITS_MAX = 2_000


def uplinks(
    once: Annotated[bool, typer.Option(help="All ways side by side, a verdict as JSON, and end.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed plays the same days.")] = 1,
    debits: Annotated[int, typer.Option(min=1, max=DEBITS_MAX, help="How many exams on each way.")] = DEBITS,
    only: Annotated[list[str] | None, typer.Option(help="This way alone; may be given several times.")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the databases here, instead of in a folder that goes.")
    ] = None,
) -> None:
    """The same exams over every link, while messages get lost, late and doubled and the server dies."""
    try:
        from tools.uplinks.play import play
        from tools.uplinks.ways import WAYS
    except ModuleNotFoundError as missing:
        typer.echo(f"This needs {missing.name}, which is not installed: pip install 'perscan[emulator]'", err=True)
        raise typer.Exit(1) from missing

    unknown = set(only or ()) - set(WAYS)
    if unknown:
        raise typer.BadParameter(f"there is no way {', '.join(sorted(unknown))}; there are {', '.join(WAYS)}")
    raise typer.Exit(play(once=once, seed=seed, debits=debits, only=only or [], folder=folder))
