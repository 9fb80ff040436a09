"""The `perscan` command: one word for each job, each in the package that does the job."""

import typer

from backoffice.cli import app as backoffice_app
from client.cli import app as client_app
from tools.demo.cli import demo
from tools.load.cli import load
from tools.uplinks.cli import uplinks

app = typer.Typer(
    name="perscan",
    help="Pay per scan: cards, machines and usage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.add_typer(backoffice_app)
app.add_typer(client_app, name="client")
app.command()(demo)
app.command()(uplinks)
app.command()(load)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
