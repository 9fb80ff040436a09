"""The back office as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

from anyio import to_thread
from fastapi import APIRouter, FastAPI

from backoffice import data_files, http_errors, migrations, scrubbing
from backoffice.accounts.caller import device_of
from backoffice.accounts.endpoints import router as accounts
from backoffice.admission.heads import HeadBounds
from backoffice.admission.middleware import Admission, open_lines
from backoffice.admission.unread import UnreadBodies
from backoffice.alerts import watch
from backoffice.alerts.endpoints import router as alerts
from backoffice.authority.endpoints import router as authority
from backoffice.cards.endpoints import router as cards
from backoffice.clock import Clock, system_clock
from backoffice.commands.endpoints import router as commands
from backoffice.context import Context
from backoffice.db import BACKGROUND_THREADS, Database
from backoffice.devices.endpoints import router as devices
from backoffice.events.broker import Broker
from backoffice.events.endpoints import router as events
from backoffice.health.endpoints import router as health
from backoffice.ingest.endpoints import router as ingest
from backoffice.ingest.service import Ingest
from backoffice.institutions.endpoints import router as institutions
from backoffice.issuing.endpoints import router as issuing
from backoffice.issuing.lifecycle import open_workshop
from backoffice.keyring import Keyring
from backoffice.machines.endpoints import router as machines
from backoffice.origin import OriginGuard
from backoffice.request_log import RequestLog
from backoffice.routing import WORKER_THREADS
from backoffice.settings import Settings
from backoffice.sms import worker as sms_worker
from backoffice.sms.endpoints import router as sms
from backoffice.sms.gateway import SmsGateway
from backoffice.supervision import Workers
from backoffice.usage.endpoints import router as usage
from backoffice.web.install import install as install_pages

ROUTERS: list[APIRouter] = [
    ingest,
    sms,
    accounts,
    institutions,
    machines,
    commands,
    usage,
    alerts,
    authority,
    devices,
    cards,
    issuing,
    events,
    health,
]
"""One router a domain. Routes are tried in this order, so the busiest comes first."""

TAGS = [
    {"name": "accounts", "description": "Users, logins, API tokens and agents."},
    {"name": "institutions", "description": "Medical institutions."},
    {"name": "machines", "description": "Swipe machines and card issuers, and their journals."},
    {"name": "commands", "description": "Orders for machines, carried by the answers to their reports."},
    {"name": "uplink", "description": "Where machines report: sealed reports in, sealed acknowledgements out."},
    {"name": "sms", "description": "Short messages: what the platform hands in, and the traffic of each day."},
    {"name": "usage", "description": "Debits: by day, institution and machine, and exams in doubt."},
    {"name": "alerts", "description": "What a person should look at, worst first."},
    {"name": "authority", "description": "The master card, the authority's session, initialisation of devices."},
    {"name": "devices", "description": "Devices that are plugged into this server."},
    {"name": "cards", "description": "Every card, its history and where a credit comes from."},
    {"name": "issuing", "description": "White, batch and one-time cards in bulk."},
    {"name": "events", "description": "What happens, while it happens."},
    {"name": "health", "description": "Is the back office well?"},
]


def create_app(settings: Settings | None = None, clock: Clock = system_clock) -> FastAPI:
    """Make the application: opens the keyring, brings the database to its newest shape, wires the domains."""
    context = make_context(settings or Settings.from_environment(), clock)
    app = FastAPI(
        title="Perscan back office",
        version="0.1.0",
        openapi_tags=TAGS,
        lifespan=_lifespan,
        docs_url=None,  # these pages load scripts from elsewhere, which the Content-Security-Policy rightly refuses:
        redoc_url=None,  # web/pages/api.py has the same without any
    )
    app.state.context = context
    app.state.workshop = open_workshop(context)
    http_errors.install(app)
    app.state.lines = open_lines()
    app.add_middleware(Admission, lines=app.state.lines, device_of=partial(device_of, keyring=context.keyring))
    app.add_middleware(RequestLog)
    app.add_middleware(OriginGuard, public_origin=context.settings.public_origin)
    app.add_middleware(HeadBounds)  # before anything that reads a head
    app.add_middleware(UnreadBodies)  # around all that may answer early
    for router in ROUTERS:
        app.include_router(router)
    install_pages(app)
    return app


def make_context(settings: Settings, clock: Clock = system_clock) -> Context:
    """The parts without the web: what the command line uses too."""
    data_files.both_are_new(settings)  # or both are there: one alone is refused
    keyring = Keyring.load_or_create(settings.keyring_path)
    database = Database.open(settings)
    migrations.upgrade(database.requests)
    scrubbing.scrub(database.requests, keyring)
    broker = Broker()
    workers = Workers()
    ingest = Ingest(database, keyring, broker, clock, workers)
    sms_gateway = SmsGateway(settings, database.background, keyring, broker, ingest, clock, workers)
    return Context(settings, database, keyring, clock, broker, ingest, sms_gateway, workers)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    context: Context = app.state.context
    to_thread.current_default_thread_limiter().total_tokens = WORKER_THREADS
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(BACKGROUND_THREADS, "background"))
    context.ingest.writer.start()
    background = [*watch.start(context), *sms_worker.start(context.sms)]
    try:
        yield
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await asyncio.to_thread(app.state.workshop.close)
        await asyncio.to_thread(context.close)
