"""Every route belongs to a class, and the classes fit into the threads and connections there are."""

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

import pytest
from fastapi import Depends, params
from fastapi.routing import APIRoute

from backoffice import workshop
from backoffice.admission.classes import (
    CLASSES,
    DESK,
    EVENTS,
    HEALTH,
    LOGIN,
    LOGIN_KNOWN,
    PAGES,
    STATIC,
    UPLINK,
    class_of,
)
from backoffice.app import ROUTERS
from backoffice.db import BACKGROUND_CONNECTIONS, BACKGROUND_THREADS, REQUEST_CONNECTIONS
from backoffice.hashing import PATIENCE_S
from backoffice.routing import WORKER_THREADS
from backoffice.web.assets import static_path, vega_name
from backoffice.web.install import PAGES as PAGE_MODULES
from backoffice.workshop import AtDesk, AtDeskDep, WorkshopDep

STATIONS_AT_MOST = 8
"""Threads of card devices, which use connections, too."""
HASH_S = 0.2
"""One hash, on one core of what a clinic may have."""


def routes() -> Iterator[APIRoute]:
    for router in (*ROUTERS, *(page.router for page in PAGE_MODULES)):
        yield from (route for route in router.routes if isinstance(route, APIRoute))


def example(route: APIRoute) -> str:
    return "/".join("7" if part.startswith("{") else part for part in route.path.split("/"))


def waits_for_cards(route: APIRoute) -> bool:
    """Whether a dependency of it, directly or by another, is the only thing by which one waits at a device."""
    return AtDesk in asked_for(vars(route.endpoint)["perscan_original"])


def asked_for(call: Callable[..., object]) -> Iterator[object]:
    for hint in get_type_hints(call, include_extras=True).values():
        if get_origin(hint) is Annotated:
            given, *notes = get_args(hint)
            yield given
            yield from (found for note in notes for found in below(note))


def below(note: object) -> Iterator[object]:
    if isinstance(note, params.Depends) and inspect.isroutine(note.dependency):
        yield from asked_for(note.dependency)


def test_whoever_has_a_slot_finds_a_thread_and_a_connection() -> None:
    slots = sum(kind.bounds.slots for kind in CLASSES if kind.in_threads)
    assert slots < WORKER_THREADS
    assert slots + STATIONS_AT_MOST <= REQUEST_CONNECTIONS
    assert BACKGROUND_THREADS < BACKGROUND_CONNECTIONS


def test_whoever_has_a_slot_has_a_hash_in_time() -> None:
    """Nothing else bounds who waits for one: in these classes passwords and PINs are asked for, and at the stations."""
    waiting = sum(kind.bounds.slots for kind in (LOGIN, LOGIN_KNOWN, PAGES, DESK)) + STATIONS_AT_MOST
    assert waiting * HASH_S <= PATIENCE_S / 2


@pytest.mark.parametrize("route", list(routes()), ids=lambda route: f"{min(route.methods or ())} {route.path}")
def test_every_route_is_in_the_class_of_what_it_does(route: APIRoute) -> None:
    kind = class_of(min(route.methods or ()), example(route))
    endpoint = vars(route.endpoint)["perscan_original"]
    assert (kind is DESK) == waits_for_cards(route)
    assert (kind in (UPLINK, HEALTH, EVENTS)) == inspect.iscoroutinefunction(endpoint)
    assert kind in CLASSES


def test_the_lint_sees_who_waits_for_a_card_whoever_does_it_for_him() -> None:
    def by_hand(at_desk: AtDeskDep) -> None: ...
    def by_another(reader: Annotated[int, Depends(by_hand)]) -> None: ...
    def not_at_all(workshop: WorkshopDep) -> None: ...

    assert [AtDesk in asked_for(call) for call in (by_hand, by_another, not_at_all)] == [True, True, False]


def test_nobody_waits_at_a_device_in_another_way() -> None:
    """A station's future is waited for in one place."""
    waiting = re.compile(r"\.start\([^()]*\)\.result\(|AtDesk\(")
    found = {path.name for path in Path(workshop.__file__).parent.rglob("*.py") if waiting.search(path.read_text())}
    assert found == {"workshop.py"}


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/api/v1/uplink", UPLINK),
        ("POST", "/api/v1/sms/webhook/delivery", UPLINK),
        ("GET", "/api/v1/sms/kannel/delivery", UPLINK),
        ("GET", "/api/v1/sms", PAGES),
        ("GET", "/health", HEALTH),
        ("GET", "/healthy", PAGES),
        ("GET", "/events", EVENTS),
        ("POST", "/api/v1/login", LOGIN),
        ("POST", "/password", LOGIN),
        ("POST", "/api/v1/setup", LOGIN),
        ("GET", "/login", PAGES),
        ("GET", "/password", PAGES),
        ("POST", "/logout", PAGES),
        ("POST", "/api/v1/logout", PAGES),
        ("GET", f"{static_path()}/js/setup.js", STATIC),
        ("GET", f"/assets/{vega_name()}", STATIC),
        ("GET", "/charts/days.json", STATIC),
        ("POST", "/api/v1/devices/3/cancel", PAGES),
        ("GET", "/api/v1/authority/session", PAGES),
        ("GET", "/nowhere", PAGES),
    ],
)
def test_classes_by_example(method: str, path: str, kind: object) -> None:
    assert class_of(method, path) is kind
