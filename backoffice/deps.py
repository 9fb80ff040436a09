"""What endpoints ask for: the shared parts, and the request's one transaction.

    def read_x(session: SessionDep, viewer: ViewerDep, page: PageDep) -> Page[XRead]: ...

Those that only look something up are coroutines: FastAPI would send plain functions to a thread.

``SessionDep`` is one transaction around the endpoint: committed before the answer is sent, rolled back when it raises.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session

from backoffice.context import Context
from backoffice.db import READ, WRITE, transaction
from backoffice.events.broker import Broker
from backoffice.settings import Settings

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MOMENT_KEY = "perscan_moment"


def get_context(request: Request) -> Context:
    """The running back office."""
    context: Context = request.app.state.context
    return context


async def _context(request: Request) -> Context:
    return get_context(request)


ContextDep = Annotated[Context, Depends(_context)]


@contextmanager
def dated(context: Context, mode: str) -> Iterator[Session]:
    """A transaction of which a page can be made that knows its moment."""
    moment = context.broker.moment  # before the first query: what comes after it may not be in the answer
    with transaction(context.engine, mode) as session:
        session.info[MOMENT_KEY] = moment
        yield session


def get_session(request: Request, context: ContextDep) -> Iterator[Session]:
    """The request's transaction."""
    with dated(context, READ if request.method in SAFE_METHODS else WRITE) as session:
        yield session


async def get_settings(context: ContextDep) -> Settings:
    """The settings."""
    return context.settings


async def get_broker(context: ContextDep) -> Broker:
    """The broker of live events."""
    return context.broker


async def get_now(context: ContextDep) -> int:
    """Now, as unix seconds."""
    return context.clock()


# The transaction ends before the answer is sent: an answer that says "stored" is true.
SessionDep = Annotated[Session, Depends(get_session, scope="function")]
SettingsDep = Annotated[Settings, Depends(get_settings)]
BrokerDep = Annotated[Broker, Depends(get_broker)]
NowDep = Annotated[int, Depends(get_now)]
