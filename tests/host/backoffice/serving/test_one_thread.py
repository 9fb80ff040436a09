"""A request's dependencies, its endpoint and the end of what they opened run in one thread, in order."""

import threading
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from backoffice.app import ROUTERS
from backoffice.routing import OneThreadRoute, Router
from backoffice.web.install import PAGES

seen: list[tuple[str, int]] = []


def note(words: str) -> None:
    seen.append((words, threading.get_ident()))


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


async def setting() -> int:
    note("loop")
    return 7


def opened(number: Annotated[int, Depends(setting)]) -> Iterator[int]:
    note("open")
    try:
        yield number
    except ValueError:
        note("rolled back")
        raise
    finally:
        note("close")


OpenedDep = Annotated[int, Depends(opened, scope="function")]


def allowed(who: str = "") -> str:
    note("allowed")
    if who == "nobody":
        raise PermissionError
    return who


AllowedDep = Annotated[str, Depends(allowed)]


class Role:
    """A dependency that is an object."""

    def __call__(self, who: AllowedDep) -> str:
        note("role")
        return who.upper()


def app_of(router: APIRouter) -> TestClient:
    app = FastAPI()
    app.include_router(router)
    return TestClient(app, raise_server_exceptions=False)


def test_one_thread_does_it_all_in_order_and_each_thing_once() -> None:
    router = Router()

    @router.get("/x", dependencies=[Depends(Role())])
    def read(number: OpenedDep, who: AllowedDep, also: Annotated[int, Depends(opened)]) -> dict[str, Any]:
        note("endpoint")
        return {"number": number, "who": who, "also": also}

    assert app_of(router).get("/x?who=me").json() == {"number": 7, "who": "me", "also": 7}
    assert [words for words, _ in seen] == ["loop", "allowed", "role", "open", "endpoint", "close"]
    threads = {thread for words, thread in seen if words != "loop"}
    assert len(threads) == 1
    assert threads != {seen[0][1]}


def test_what_was_opened_hears_of_a_failure() -> None:
    router = Router()

    @router.get("/x")
    def fail(_number: OpenedDep) -> None:
        raise ValueError

    assert app_of(router).get("/x").status_code == 500
    assert [words for words, _ in seen] == ["loop", "open", "rolled back", "close"]


def test_who_may_not_ask_hears_that_and_not_what_was_wrong_with_the_question() -> None:
    router = Router()

    @router.get("/x")
    def read(_who: AllowedDep, _number: OpenedDep, n: int) -> None:
        raise AssertionError(n)

    client = app_of(router)
    assert client.get("/x?who=me&n=many").status_code == 422
    assert client.get("/x?who=nobody&n=many").status_code == 500
    assert client.get("/x?who=nobody").status_code == 500


def test_a_coroutine_gets_what_its_dependencies_found_after_they_ended() -> None:
    router = Router()

    @router.get("/x")
    async def read(who: AllowedDep) -> str:
        note("endpoint")
        return who

    assert app_of(router).get("/x?who=me").json() == "me"
    assert [words for words, _ in seen] == ["allowed", "endpoint"]


def test_a_coroutine_that_would_hold_something_open_is_refused() -> None:
    router = Router()

    async def endpoint(number: OpenedDep) -> int:
        return number

    async def through_another(number: Annotated[int, Depends(middle)]) -> int:
        return number

    for made in (endpoint, through_another):
        with pytest.raises(TypeError, match="may not hold"):
            router.add_api_route("/x", made)


def middle(number: OpenedDep) -> int:
    return number


def test_a_coroutine_cannot_depend_on_what_runs_in_the_thread() -> None:
    async def later(who: AllowedDep) -> str:
        return who

    def endpoint(who: Annotated[str, Depends(later)]) -> str:
        return who

    with pytest.raises(TypeError, match="cannot wait"):
        Router().add_api_route("/x", endpoint)


def test_the_description_is_that_of_the_endpoint() -> None:
    router = Router()

    @router.get("/x")
    def read_x(number: OpenedDep, limit: int = 5) -> list[int]:
        """Words."""
        return [number, limit]

    operation = app_of(router).get("/openapi.json").json()["paths"]["/x"]["get"]
    assert (operation["summary"], operation["description"]) == ("Read X", "Words.")
    assert [parameter["name"] for parameter in operation["parameters"]] == ["limit"]


@pytest.mark.parametrize("router", [*ROUTERS, *(page.router for page in PAGES)], ids=lambda found: str(found.prefix))
def test_every_route_of_the_back_office_is_one_of_these(router: APIRouter) -> None:
    routes = [route for route in router.routes if isinstance(route, APIRoute)]
    assert routes
    assert [route.path for route in routes if not isinstance(route, OneThreadRoute)] == []
