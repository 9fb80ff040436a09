"""`python -m tools.load`: the load without the `perscan` command around it."""

import typer

from tools.load.cli import load

if __name__ == "__main__":
    typer.run(load)
