"""`python -m tools.uplinks`: the proof of the links without the `perscan` command around it."""

import typer

from tools.uplinks.cli import uplinks

if __name__ == "__main__":
    typer.run(uplinks)
