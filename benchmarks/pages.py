"""What a page costs when the office has two million exams, against the same page with a twentieth of them.

Both offices have the same institutions and machines; what differs is how long they have been in use. A page whose cost
does not depend on that has the ratio 1. Both are asked in turn within one run, so that the host's weather falls on
both; of the times of each the median counts.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi.testclient import TestClient

from backoffice.accounts import repository
from backoffice.accounts.access import COOKIE
from backoffice.accounts.service import open_login_session
from backoffice.app import create_app
from backoffice.db import transaction
from backoffice.keyring import Keyring
from backoffice.settings import Settings
from benchmarks.figure import Figure
from benchmarks.volume import NOW, Volume, database

KEPT = Path("build/bench")
MUCH, LITTLE = Volume(2_000_000), Volume(100_000)
GROWTH = "Pages: two million exams against a hundred thousand"
WEIGHT = "Pages at two million exams, against a page without a list"
GROWTH_MAX = 2.0
ROUNDS = 7
ORIGIN = "http://localhost"
NOTHING = "/password"
SEEN = {
    "admin": (
        "/",
        "/?days=90",
        "/institutions",
        "/institutions/7",
        "/machines",
        "/machines?presence=silent",
        "/machines/42",
        "/machines/42?kind=8",
        "/usage",
        "/usage?institution=7",
        "/usage?machine=42",
        "/usage?since=2026-10-01&until=2026-10-31",
        "/usage/9000",
        "/issuing",
        "/issuing?state=active",
        "/issuing/12",
        "/cards",
        "/cards?institution=7",
        "/cards?state=failed",
        "/cards?batch=12&state=used",
        "/alerts",
        "/alerts?state=cleared",
        "/sms",
        "/sms?state=refused",
        "/api/v1/usage",
        "/api/v1/cards?level=batch",
        "/api/v1/issuing/jobs?state=done",
        "/api/v1/issuing/batch",
        "/api/v1/issuing/stock",
        "/api/v1/alerts?show=all",
        "/api/v1/machines/42/journal",
        "/api/v1/machines/42/commands",
        "/api/v1/sms/days",
    ),
    "agent": ("/", "/institutions", "/usage", "/cards", "/alerts"),
    "clinic": ("/", "/usage", "/cards", "/alerts"),
}


@dataclass(frozen=True)
class Office:
    """A back office and the browser of each of its users."""

    browsers: dict[str, TestClient]

    def time_ms(self, login: str, path: str) -> float:
        """What one look costs, in CPU time: that of the server and of the client that asks it."""
        began_ns = time.process_time_ns()
        answer = self.browsers[login].get(path)
        took_ns = time.process_time_ns() - began_ns
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:200]!r}")
        return took_ns / 1_000_000


def figures() -> list[Figure]:
    with ExitStack() as stack:
        much, little = (stack.enter_context(_office(volume)) for volume in (MUCH, LITTLE))
        looked = [_look(much, little, login, path) for login, paths in SEEN.items() for path in paths]
        nothing = _look(much, little, "admin", NOTHING).much_ms
    return [_growth(look) for look in looked] + [_weight(look, nothing) for look in looked]


@dataclass(frozen=True)
class Look:
    """One page, looked at in both offices."""

    login: str
    path: str
    much_ms: float
    little_ms: float

    @property
    def name(self) -> str:
        return f"{self.path} ({self.login})"


def _look(much: Office, little: Office, login: str, path: str) -> Look:
    pairs = [(much.time_ms(login, path), little.time_ms(login, path)) for _ in range(ROUNDS + 1)][1:]
    return Look(login, path, *(statistics.median(times) for times in zip(*pairs, strict=True)))


def _growth(look: Look) -> Figure:
    ratio = look.much_ms / look.little_ms
    method = f"CPU time, in turn in one process, median of {ROUNDS}: {look.much_ms:.1f} ms / {look.little_ms:.1f} ms"
    return Figure(GROWTH, look.name, ratio, "times", method, f"below {GROWTH_MAX:g}", ratio < GROWTH_MAX)


def _weight(look: Look, nothing_ms: float) -> Figure:
    return Figure(WEIGHT, look.name, look.much_ms / nothing_ms, "times", f"{look.much_ms:.1f} ms / {nothing_ms:.1f} ms")


@contextmanager
def _office(volume: Volume) -> Iterator[Office]:
    path = database(KEPT, volume).resolve()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite:///{path}",
            keyring_path=Path(folder) / "keyring.json",
            cache_path=Path(folder),
            log_level="error",
        )
        Keyring.load_or_create(settings.keyring_path)  # the database that is kept has no machines' keys
        app = create_app(settings, lambda: NOW)
        context = app.state.context
        browsers = {}
        for login in SEEN:
            with transaction(context.engine) as session:
                user = repository.user_by_login(session, login)
                if user is None:
                    raise RuntimeError(f"nobody is called {login}")
                token = open_login_session(session, user, 3600, NOW)
            browsers[login] = TestClient(app, base_url=ORIGIN, cookies={COOKIE: token})
        yield Office(browsers)
        context.close()
