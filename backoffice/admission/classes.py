"""Classes of routes, and what each may take: slots, places in line, patience, bytes of a body.

Requests of one class wait for their like alone: pages may be as busy as they want, a report finds its slot. The classes
that work in threads have fewer slots, all together, than there are threads and connections, so that whoever has a slot
never waits for either.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from backoffice.admission.fair_line import Bounds

KIB = 1024


@dataclass(frozen=True)
class RouteClass:
    """Routes that wait for each other."""

    name: str
    bounds: Bounds
    body_bytes: int
    in_threads: bool = True
    """Whether a slot stands for a worker thread and a connection; the others work in the event loop."""
    streams: bool = False
    """The answer is endless, or as long as its reader takes: the slot is for its beginning."""
    machines: bool = False
    """Who asks are machines, many of them behind one address, and it is never their own fault."""


UPLINK = RouteClass("uplink", Bounds(64, 2000, 20), 16 * KIB, in_threads=False, machines=True)
HEALTH = RouteClass("health", Bounds(16, 200, 5), 1 * KIB, in_threads=False)
LOGIN = RouteClass("login", Bounds(3, 200, 10), 8 * KIB)
"""What has a password in it, from strangers: slots are few, since whoever has one may want a hash."""
LOGIN_KNOWN = RouteClass("login_known", Bounds(3, 200, 10), 8 * KIB)
"""The same, from devices on which somebody has got in before (``Admission``): no crowd of strangers stands there."""
EVENTS = RouteClass("events", Bounds(2, 200, 10), 1 * KIB, streams=True)
FILES = RouteClass("files", Bounds(2, 50, 10), 1 * KIB, streams=True)
"""Files of any length: their pieces are made by threads of their own (``Context.file_makers``)."""
DESK = RouteClass("desk", Bounds(6, 30, 10), 64 * KIB)
"""Waits for people and cards, minutes if need be."""
STATIC = RouteClass("static", Bounds(3, 400, 10), 1 * KIB)
PAGES = RouteClass("pages", Bounds(3, 400, 10), 64 * KIB)
"""Pages and the API: all the rest. Few at a time: they compute, and what computes takes turns with the event loop."""

CLASSES = (UPLINK, HEALTH, LOGIN, LOGIN_KNOWN, EVENTS, FILES, DESK, STATIC, PAGES)

_NUMBER = "[0-9]{1,20}"
_RULES: tuple[tuple[RouteClass, str, Iterable[str]], ...] = (
    (UPLINK, "", ("/api/v1/uplink", "/api/v1/sms/webhook(/delivery)?", "/api/v1/sms/kannel(/delivery)?")),
    (HEALTH, "", ("/health",)),
    (LOGIN, "POST", ("/(login|password|setup)", "/api/v1/(login|password|setup)")),
    (EVENTS, "", ("/events",)),
    (FILES, "", (r"/usage\.csv",)),
    (
        DESK,
        "POST",
        (
            "/api/v1/authority/(master|session|provision)",
            f"/api/v1/devices/{_NUMBER}/(hello|service-card|service-card/format)",
            "/api/v1/issuing/(verify|recover)",
            "/authority/open",
            "/service-card(/make)?",
        ),
    ),
    (STATIC, "", ("/(static|assets|charts)/.*",)),
)
_COMPILED = [(kind, method, re.compile("|".join(paths))) for kind, method, paths in _RULES]


def class_of(method: str, path: str) -> RouteClass:
    """The class of a request, before anything is known of who makes it."""
    for kind, only_method, paths in _COMPILED:
        if only_method in ("", method) and paths.fullmatch(path):
            return kind
    return PAGES
