"""The back office on a real port, in this process: its worker and its lifespan run as they do in production."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from sqlmodel import Session, select

from backoffice.app import create_app
from backoffice.clock import Clock, system_clock
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.models import MachineCommand, SmsIn, SmsOut, Usage
from backoffice.serving.server import make_server
from backoffice.settings import Settings

WAIT_S = 30
LOOK_AGAIN_S = 0.05


@dataclass
class RealOffice:
    """A running server."""

    app: FastAPI
    changed: threading.Event

    @property
    def context(self) -> Context:
        found: Context = self.app.state.context
        return found

    def coming(self) -> list[SmsIn]:
        with transaction(self.context.engine, READ) as session:
            return list(session.exec(select(SmsIn).order_by(SmsIn.id)))  # type: ignore[arg-type]

    def going(self) -> list[SmsOut]:
        with transaction(self.context.engine, READ) as session:
            return list(session.exec(select(SmsOut).order_by(SmsOut.id)))  # type: ignore[arg-type]

    def credits(self) -> list[int]:
        """That were debited."""
        with transaction(self.context.engine, READ) as session:
            return sorted(row.credit for row in session.exec(select(Usage)))

    def command(self, command_id: int) -> MachineCommand:
        with transaction(self.context.engine, READ) as session:
            return session.exec(select(MachineCommand).where(MachineCommand.id == command_id)).one()

    def wait_until(self, done: Callable[[], bool]) -> None:
        """Until it is so: other processes take part, so only real time passes."""
        for _ in range(int(WAIT_S / LOOK_AGAIN_S)):
            if done():
                return
            self.changed.wait(LOOK_AGAIN_S)
        raise AssertionError(f"in: {self.coming()}\nout: {self.going()}")

    def do(self, work: Callable[[Session], object]) -> None:
        with transaction(self.context.engine) as session:
            work(session)


@contextmanager
def serving(settings: Settings, port: int, clock: Clock = system_clock) -> Iterator[RealOffice]:
    """Serve until the block ends."""
    app = create_app(settings, clock)
    server = make_server(app, socket.create_server(("127.0.0.1", port)))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    office = RealOffice(app, threading.Event())
    try:
        office.wait_until(lambda: server.started)
        yield office
    finally:
        server.should_exit = True
        thread.join(WAIT_S)
