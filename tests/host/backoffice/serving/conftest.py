"""The back office as ``perscan serve`` runs it, on a free port of loopback, in this process."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import pytest
from fastapi import FastAPI

from backoffice.accounts import repository, service
from backoffice.accounts.access import COOKIE
from backoffice.accounts.roles import Role
from backoffice.admission.fair_line import FairLine
from backoffice.app import create_app
from backoffice.cli import _listen
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.serving.server import Server, make_server
from backoffice.settings import Settings
from tests.host.backoffice.serving.wire import PATIENCE_S, Wire
from tests.host.backoffice.support import HandClock, make_user

ROOM = 60
Result = TypeVar("Result")


@dataclass
class Office:
    """A running server."""

    app: FastAPI
    server: Server
    port: int
    loop: asyncio.AbstractEventLoop

    @property
    def context(self) -> Context:
        found: Context = self.app.state.context
        return found

    def line(self, name: str) -> FairLine:
        found: FairLine = self.app.state.lines[name]
        return found

    def wire(self, source: str = "127.0.0.1", receive_bytes: int = 0) -> Wire:
        return Wire(self.port, source, receive_bytes)

    def on_loop(self, work: Callable[[], Result]) -> Result:
        """Do it where the server does its work."""

        async def do() -> Result:
            return work()

        return asyncio.run_coroutine_threadsafe(do(), self.loop).result(PATIENCE_S)

    def wait_until(self, so: Callable[[], bool]) -> None:
        """Until it is so, as seen between two turns of the server's loop; at most the client's patience."""
        end = threading.Event()

        async def look() -> None:
            while not so() and not end.is_set():
                await asyncio.sleep(0)

        try:
            asyncio.run_coroutine_threadsafe(look(), self.loop).result(PATIENCE_S)
        finally:
            end.set()

    def later(self, seconds: float) -> None:
        """The server looks after its connections as it would so many seconds from now."""
        self.on_loop(lambda: self.server.look(self.loop.time() + seconds))

    def log_in(self, login: str) -> str:
        """The cookie of a user."""
        with transaction(self.context.engine) as session:
            user = repository.user_by_login(session, login)
            assert user is not None
            token = service.open_login_session(session, user, 3600, self.context.clock())
        return f"{COOKIE}={token}"


@pytest.fixture
def office(settings: Settings, clock: HandClock) -> Iterator[Office]:
    app = create_app(settings, clock)
    listener = _listen(settings.model_copy(update={"port": 0}))
    port = listener.getsockname()[1]
    server = make_server(app, listener, room=ROOM)
    ready: Future[asyncio.AbstractEventLoop] = Future()

    async def serve() -> None:
        ready.set_result(asyncio.get_running_loop())
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    found = Office(app, server, port, ready.result(PATIENCE_S))
    found.wait_until(lambda: server.started)
    make_user(found.context, "boss", Role.ADMINISTRATOR)
    yield found
    server.should_exit = True
    thread.join(PATIENCE_S)
