"""The API as one person may use it: what ``/openapi.json`` says, by subject, without what this person is refused.

Who may ask is read from the routes themselves: the roles that their dependencies let pass, and whether an API token is
enough (``accounts/tokens.py``). The words are the description's own, in English, as is everything that a program reads.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from backoffice.accounts.access import RequireRole, any_user, optional_viewer
from backoffice.accounts.roles import Role, Viewer
from backoffice.accounts.tokens import token_may

JSON: Final = "application/json"
NESTING_MAX: Final = 4
"""Deeper than any answer of ours; a description that turned in a circle would end here."""
FIRST_STEPS: Final = Path(__file__).with_name("first_steps.sh").read_text()
"""The commands with which everybody begins; docs/api.md has them, too."""
EXAMPLES: Final[Mapping[str, Any]] = {"string": "text", "integer": 1, "number": 1.0, "boolean": True, "null": None}

BOUNDS: Final = (("minimum", "≥"), ("maximum", "≤"), ("minLength", "length ≥"), ("maxLength", "length ≤"))


@dataclass(frozen=True)
class Field:
    """One value that goes in."""

    name: str
    place: str
    """path, query, header or body."""
    kind: str
    required: bool
    words: str


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked."""

    method: str
    path: str
    words: str
    needs_login: bool
    token_enough: bool
    fields: tuple[Field, ...]
    command: str
    """How curl asks it."""
    answer: str
    """An answer's form as JSON, or empty where it has none."""

    @property
    def anchor(self) -> str:
        return f"{self.method.lower()}{self.path.replace('/', '-').replace('{', '').replace('}', '')}"


@dataclass(frozen=True)
class Subject:
    """What belongs together."""

    name: str
    words: str
    operations: tuple[Operation, ...]


def subjects(app: FastAPI, viewer: Viewer) -> list[Subject]:
    """Every subject with something in it that this person may ask, in the order of the description."""
    description = app.openapi()
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in description["tags"]}
    for route in _described(app):
        if (roles := _roles(route.dependant)) is not None and viewer.role not in roles:
            continue
        for method in sorted(route.methods or ()):
            found[str(route.tags[0])].append(_operation(description, route, method))
    words = {tag["name"]: tag["description"] for tag in description["tags"]}
    return [Subject(name, words[name], tuple(operations)) for name, operations in found.items() if operations]


def _described(app: FastAPI) -> Iterator[APIRoute]:
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute) and context.original_route.include_in_schema:
            yield context.original_route


def _calls(dependant: Dependant) -> Iterator[Any]:
    for needed in dependant.dependencies:
        yield getattr(needed.call, "perscan_original", needed.call)  # as it was before routing.py put it off
        yield from _calls(needed)


def _roles(dependant: Dependant) -> set[Role] | None:
    """Who passes every check on the way; None = everybody."""
    demanded = [set(call.roles) for call in _calls(dependant) if isinstance(call, RequireRole)]
    return set.intersection(*demanded) if demanded else None


def _operation(description: Mapping[str, Any], route: APIRoute, method: str) -> Operation:
    told = description["paths"][route.path][method.lower()]
    schemas = description.get("components", {}).get("schemas", {})
    body = _schema(told.get("requestBody", {}))
    needs_login = any(call in (any_user, optional_viewer) for call in _calls(route.dependant))
    token_enough = needs_login and token_may(method, route.path)
    return Operation(
        method,
        route.path,
        told.get("description", ""),
        needs_login,
        token_enough,
        (*_parameters(told), *_body_fields(body, schemas)),
        _command(method, route.path, body, schemas, token_enough if needs_login else None),
        _answer(told, schemas),
    )


def _schema(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = holder.get("content", {}).get(JSON, {}).get("schema", {})
    return found


def _parameters(told: Mapping[str, Any]) -> Iterator[Field]:
    for one in told.get("parameters", []):
        words = one.get("description") or one["schema"].get("description", "")
        yield Field(one["name"], one["in"], _kind(one["schema"]), one.get("required", False), words)


def _body_fields(body: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[Field]:
    whole = _resolved(body, schemas)
    for name, schema in whole.get("properties", {}).items():
        yield Field(name, "body", _kind(schema), name in whole.get("required", ()), schema.get("description", ""))


def _kind(schema: Mapping[str, Any]) -> str:
    """A type with its bounds, in few words."""
    if "anyOf" in schema:
        return " | ".join(_kind(one) for one in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    bounds = [f"{sign} {schema[key]}" for key, sign in BOUNDS if key in schema]
    return " ".join([str(schema.get("type", "any")), *bounds])


def _command(
    method: str, path: str, body: Mapping[str, Any], schemas: Mapping[str, Any], token_enough: bool | None
) -> str:
    """For a shell: $PERSCAN is the server, token.txt and cookies.txt are made as ``FIRST_STEPS`` does."""
    words = ["curl"] if method == "GET" else ["curl", "-X", method]
    if token_enough:
        words += ["-H", "@token.txt"]
    elif token_enough is not None:
        words += ["-b", "cookies.txt"] if method == "GET" else ["-b", "cookies.txt", "-H", '"Origin: $PERSCAN"']
    if body:
        example = json.dumps(_example(body, schemas, only_required=True))
        words += ["-H", "'Content-Type: application/json'", "-d", f"'{example}'"]
    return " ".join([*words, f'"$PERSCAN{path}"'])


def _answer(told: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    for status, answer in told["responses"].items():
        if status.startswith("2") and (schema := _schema(answer)):
            return json.dumps(_example(schema, schemas), indent=2, ensure_ascii=False)
    return ""


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def _example(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], *, only_required: bool = False, depth: int = 0
) -> Any:
    """A value of that form."""
    schema = _resolved(schema, schemas)
    if "anyOf" in schema:
        schema = _resolved(schema["anyOf"][0], schemas)
    if "enum" in schema:
        return schema["enum"][0]
    if "default" in schema:
        return schema["default"]
    if schema.get("type") == "array":
        return [] if depth >= NESTING_MAX else [_example(schema.get("items", {}), schemas, depth=depth + 1)]
    if "properties" in schema and depth < NESTING_MAX:
        wanted = schema.get("required", ()) if only_required else schema["properties"]
        return {name: _example(schema["properties"][name], schemas, depth=depth + 1) for name in wanted}
    if schema.get("type") == "integer":
        return schema.get("minimum", EXAMPLES["integer"])
    return EXAMPLES.get(str(schema.get("type")), {})
