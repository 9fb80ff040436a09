"""What a person may say to the mutants."""

from typing import Annotated

import typer


def mutants(
    sample: Annotated[bool, typer.Option(help="A few, in five minutes; else the whole list, in ninety.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same changes.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="So many copies at once.")] = 2,
    only: Annotated[
        list[str] | None, typer.Option(help="Modules whose path holds this; may be given more often.")
    ] = None,
    record: Annotated[bool, typer.Option(help="Record anew which test enters which function, and end.")] = False,
) -> None:
    """Change the critical modules, one operator at a time, and see whether the tests that enter the place notice."""
    from tools.mutants.play import Play

    play = Play(seed=seed, jobs=jobs, only=only or [], sample=sample)
    raise typer.Exit(play.record(anew=True) if record else play.run())
