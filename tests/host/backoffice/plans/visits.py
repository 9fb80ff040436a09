"""Every page and every list of the application, and the addresses at which it is asked.

The routes are taken from the application itself, and so are their filters: a new page is visited without being named
here. A filter or a number in an address for which there is no example below fails the test.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import combinations, product
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel
from pydantic.fields import FieldInfo

NOT_VISITED = {
    "/events": "a stream that does not end; tests/host/backoffice/test_events.py",
    "/charts/{name}.json": "a description without figures; it asks the database nothing",
    "/assets/{name}": "a file that is made once; it asks the database nothing",
    "/api/v1/sms/kannel/delivery": "the platform's door, for its own tests: one row by its key",
}

IN_PATH = {
    "machine_id": ("1002",),
    "code": ("1",),
    "usage_id": ("3700",),
    "job_id": ("1",),
    "card_id": ("10",),
    "credit": ("2031",),
    "institution_id": ("1",),
    "device_id": ("1",),
    "user_id": ("1",),
    "agent_id": ("1",),
    "alert_id": ("1",),
    "command_id": ("1",),
    "batch_id": ("1002",),
}
IN_QUERY = {
    "limit": ("500",),
    "cursor": ("50",),
    "older_than": ("1795000000-50",),
    "newer_than": ("1795000000-50",),
    "worse_than": ("2-1795000000-3",),
    "better_than": ("2-1795000000-3",),
    "after": ("1",),
    "before": ("3",),
    "offset": ("50",),
    "older": ("5",),
    "last": ("7", "1"),
    "below": ("400",),
    "days": ("7",),
    "institution": ("2",),
    "institution_id": ("2",),
    "institution_code": ("2",),
    "machine": ("1002",),
    "machine_id": ("1002",),
    "batch": ("1002",),
    "batch_id": ("1002",),
    "epoch": ("1",),
    "kind": ("3",),
    "uid": ("0803ea0001",),
    "level": ("one_time", "batch"),
    "presence": ("silent", "present"),
    "role": ("swipe",),
    "state": ("written", "used", "failed", "torn", "running", "refused", "queued"),
    "problem": ("invalid_input",),
    "setting": ("apn",),
    "to": ("/",),
    "next": ("/",),
}
CURSORS = {
    "/api/v1/usage": ("1795000000-50",),
    "/api/v1/usage-by/{by}": ("740000",),
    "/api/v1/in-doubt": ("1795000000-1002-2051",),
    "/api/v1/alerts": ("2-1795000000-3",),
    "/api/v1/machines/{machine_id}/journal": ("1-400",),
    "/api/v1/sms": ("1795000000-1-3",),
    "/sms": ("1795000000-1-3",),
}
"""Of as many numbers as the list is sorted by; one where nothing is said."""
BY_TYPE = {"date": ("2026-11-01",), "bool": ("true", "false")}
MOMENTS = ("since", "until", "first_day", "last_day")
Words = Mapping[str, tuple[str, ...]]
Queries = Callable[[Words], Iterator[dict[str, str]]]
ALTERNATIVES = re.compile(r"^\^\((\w+(?:\|\w+)*)\)\??\$$")


@dataclass(frozen=True)
class Examples:
    """What stands in addresses: numbers that exist in the world that is visited."""

    in_path: Words
    in_query: Words


OF_THE_SMALL_WORLD = Examples(IN_PATH, IN_QUERY)
"""That of tests/host/backoffice/web/seed.py."""


@dataclass(frozen=True)
class Visit:
    """One address of one route."""

    route: str
    path: str


def visits(app: FastAPI, examples: Examples = OF_THE_SMALL_WORLD, queries: Queries | None = None) -> Iterator[Visit]:
    """Every GET route: bare, with each filter alone, with every two, and with all of them; or as ``queries`` says."""
    queries = queries or every_query
    for route in pages(app):
        if route.path not in NOT_VISITED:
            for path, query in product(_paths(route, examples.in_path), queries(_filters(route, examples.in_query))):
                yield Visit(route.path, f"{path}?{urlencode(query)}" if query else path)


def pages(app: FastAPI) -> list[APIRoute]:
    """Every GET route of ours."""
    found = [context.original_route for context in iter_route_contexts(app.routes)]
    return [route for route in found if isinstance(route, APIRoute) and "GET" in (route.methods or ())]


def one_at_a_time(filters: Words) -> Iterator[dict[str, str]]:
    """No filter, each value of each alone."""
    yield {}
    for name, values in filters.items():
        for value in values:
            yield {name: value}


def every_query(filters: Words) -> Iterator[dict[str, str]]:
    """No filter, each value of each alone, every two filters, all at once."""
    yield from one_at_a_time(filters)
    for first, second in combinations(filters, 2):
        yield {first: filters[first][0], second: filters[second][0]}
    if len(filters) > 2:
        yield {name: values[0] for name, values in filters.items()}


def _paths(route: APIRoute, known: Words) -> list[str]:
    """Its addresses: where one of a few words stands in it, one for each word."""
    fields = {field.alias: field.field_info for field in route.dependant.path_params}
    names = list(route.param_convertors)
    words = [_examples(route, name, fields[name], known) for name in names]
    return [route.path_format.format(**dict(zip(names, chosen, strict=True))) for chosen in product(*words)]


def _filters(route: APIRoute, known: Words) -> dict[str, tuple[str, ...]]:
    return {name: _examples(route, name, info, known) for name, info in _query_fields(route.dependant)}


def _query_fields(dependant: Dependant) -> Iterator[tuple[str, FieldInfo]]:
    """What an address may carry behind its question mark; a model there stands for its fields."""
    for field in dependant.query_params:
        models = [kind for kind in _kinds(field.field_info.annotation) if issubclass(kind, BaseModel)]
        if models:
            yield from models[0].model_fields.items()
        elif not field.field_info.deprecated:  # what is deprecated is refused
            yield field.alias, field.field_info
    for below in dependant.dependencies:
        yield from _query_fields(below)


def _examples(route: APIRoute, name: str, info: FieldInfo, known: Words) -> tuple[str, ...]:
    for kind in _kinds(info.annotation):
        if issubclass(kind, Enum):
            return tuple(str(member.value) for member in kind)
        if kind.__name__ in BY_TYPE:
            return BY_TYPE[kind.__name__]
    for hint in info.metadata:
        if found := ALTERNATIVES.match(str(getattr(hint, "pattern", ""))):
            return tuple(found[1].split("|"))
    if name in MOMENTS:
        return ("1795000000",)
    if name in ("cursor", "older_than") and route.path in CURSORS:
        return CURSORS[route.path]
    if name not in known:
        raise AssertionError(f"{route.path}: give an example of {name} in {__name__}")
    return known[name]


def _kinds(annotation: Any) -> list[type]:
    """The types that an annotation allows."""
    parts = getattr(annotation, "__args__", None)
    if parts:
        return [kind for part in parts for kind in _kinds(part)]
    return [annotation] if isinstance(annotation, type) else []
