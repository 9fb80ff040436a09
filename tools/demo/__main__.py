"""`python -m tools.demo`: the demonstration without the `perscan` command around it."""

import typer

from tools.demo.cli import demo

if __name__ == "__main__":
    typer.run(demo)
