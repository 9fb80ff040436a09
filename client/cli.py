"""`perscan client`: drive a swipe machine from the PC of the medical device."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from client import words
from client.debit import REFERENCE_CHARS, Client
from client.errors import HostLinkError, LinkLost, LinkTimeout
from client.language import say

app = typer.Typer(help="Drive a swipe machine over its host link.", no_args_is_help=True)

EXIT_REFUSED = 1
EXIT_NO_LINK = 3

Seconds = Annotated[
    float, typer.Option("--timeout", help="How long to wait for a card, in seconds.", min=0.1, max=3600)
]


class Desk:
    """What every command shares: where the machine is and how to talk to the person."""

    def __init__(self, port: str, as_json: bool) -> None:
        self.port = port
        self.as_json = as_json

    def say(self, value: dict[str, Any], *lines: str) -> None:
        if self.as_json:
            typer.echo(json.dumps(value, sort_keys=True))
        else:
            for line in lines:
                typer.echo(line)

    @contextmanager
    def machine(self, on_notification: Callable[[str, dict[str, Any]], None] | None = None) -> Iterator[Client]:
        """The machine, with every trouble turned into words and an exit code."""
        try:
            with Client(self.port, on_notification) as client:
                yield client
        except HostLinkError as error:
            data = getattr(error, "data", {})
            self.say(
                {"error": {"reason": error.reason, "message": error.message, "data": data}},
                words.of_reason(error.reason, error.message),
            )
            no_link = isinstance(error, LinkLost | LinkTimeout)
            raise typer.Exit(EXIT_NO_LINK if no_link else EXIT_REFUSED) from error


def _desk(context: typer.Context) -> Desk:
    desk = context.obj
    if not isinstance(desk, Desk):
        raise typer.BadParameter("--port is missing")
    return desk


@app.callback()
def main(
    context: typer.Context,
    port: Annotated[
        str, typer.Option("--port", "-p", help="Port of the machine: any pyserial URL.", envvar="PERSCAN_DEVICE")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line instead of words.")] = False,
) -> None:
    """Say where the machine is."""
    context.obj = Desk(port, as_json)


@app.command()
def status(context: typer.Context) -> None:
    """Who the machine is and how it is."""
    desk = _desk(context)
    with desk.machine() as client:
        answer = client.status()
        desk.say(answer, *words.of_status(answer))


def _short(reference: str | None) -> str | None:
    if reference is not None and len(reference) > REFERENCE_CHARS:
        raise typer.BadParameter(f"at most {REFERENCE_CHARS} characters")
    return reference


@app.command()
def debit(
    context: typer.Context,
    timeout_s: Seconds = 60.0,
    reference: Annotated[
        str | None, typer.Option(help="Your own name for the exam, at most 32 characters.", callback=_short)
    ] = None,
) -> None:
    """Wait for a one-time card, debit it and enable the medical device."""
    desk = _desk(context)
    with desk.machine() as client:
        grant = client.debit(int(timeout_s * 1000), reference)
        said = [
            words.of_reason("granted"),
            say("Batch {batch}, credit {credit}.", batch=grant.batch, credit=grant.credit),
        ]
        if grant.left is not None:
            said.append(say("{left} cards left.", left=grant.left))
        desk.say(
            {"reason": "granted", "batch": grant.batch, "credit": grant.credit, "seq": grant.seq, "left": grant.left},
            " ".join(said),
        )


@app.command("init-batch")
def init_batch(context: typer.Context, timeout_s: Seconds = 60.0) -> None:
    """Wait for a batch card and initialise the machine with it."""
    desk = _desk(context)
    with desk.machine() as client:
        batch = client.init_batch(int(timeout_s * 1000))
        desk.say(
            {"batch": batch.batch, "first": batch.first, "count": batch.count, "machine_id": batch.machine_id},
            say(
                "Batch {batch} is ready on machine {machine}: {count} cards, credits {first} to {last}.",
                batch=batch.batch,
                machine=batch.machine_id,
                count=batch.count,
                first=batch.first,
                last=batch.first + batch.count - 1,
            ),
        )


@app.command()
def end(context: typer.Context) -> None:
    """The exam is over: disable the medical device."""
    desk = _desk(context)
    with desk.machine() as client:
        desk.say({"seq": client.end()}, say("Exam ended."))


@app.command()
def watch(
    context: typer.Context,
    seconds: Annotated[
        float, typer.Option("--for", help="How long to watch, in seconds.", min=0.1, max=86_400)
    ] = 3600.0,
) -> None:
    """Show what the machine says by itself: taps, screen, uplink, reader."""
    desk = _desk(context)

    def show(method: str, params: dict[str, Any]) -> None:
        desk.say({"method": method, "params": params}, words.of_notification(method, params))

    with desk.machine(show) as client:
        client.watch(int(seconds * 1000))
