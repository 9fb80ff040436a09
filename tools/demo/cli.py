"""`perscan demo`: what a person may say to the demonstration."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    once: Annotated[bool, typer.Option(help="The steps, 20 exams, a verdict as JSON, and end.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed plays the same day.")] = 1,
    folder: Annotated[
        Path | None, typer.Option(help="Keep database, keys and flash images here, instead of in a folder that goes.")
    ] = None,
) -> None:
    """Watch a card's whole way: issue, initialise, swipe, debit, report, see it. No hardware needed."""
    try:
        from tools.demo.play import play
    except ModuleNotFoundError as missing:
        typer.echo(f"This needs {missing.name}, which is not installed: pip install 'perscan[emulator]'", err=True)
        raise typer.Exit(1) from missing

    raise typer.Exit(play(once=once, seed=seed, folder=folder))
