"""`python -m tools.mutants`: no command of `perscan`, since it needs the packages of development."""

import typer

from tools.mutants.cli import mutants

if __name__ == "__main__":
    typer.run(mutants)
