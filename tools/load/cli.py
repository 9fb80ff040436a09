"""`perscan load`: what a person may say to the load."""

from pathlib import Path
from typing import Annotated

import typer


def load(
    scale: Annotated[float, typer.Option(min=0.01, max=1.0, help="This part of the load, and of its time.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed sends the same things.")] = 1,
    only: Annotated[list[str] | None, typer.Option(help="This kind alone; may be given several times.")] = None,
    health_times: Annotated[
        float, typer.Option(min=1, help="How many times its idle time health may take under attack.")
    ] = 10.0,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the database here, instead of in a folder that goes.")
    ] = None,
) -> None:
    """Five hundred attackers of each kind beside a hundred honest machines and twenty pages, on loopback."""
    from tools.load.hostile.kinds import KINDS
    from tools.load.play import play

    unknown = set(only or ()) - set(KINDS)
    if unknown:
        raise typer.BadParameter(f"there is no kind {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    raise typer.Exit(play(part=scale, seed=seed, only=only or [], health_times=health_times, folder=folder))
