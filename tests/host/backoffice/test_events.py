"""Live events: after the commit or not at all, bounded, and only what one may see."""

import asyncio
import json
import re
from functools import partial

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from backoffice.accounts.access import COOKIE
from backoffice.accounts.roles import Role, Viewer
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.errors import NotLoggedIn
from backoffice.events import endpoints
from backoffice.events.broker import BACKLOG_EVENTS, Broker, Event, Subscription
from backoffice.events.login_key import login_key
from backoffice.events.moment import MOMENT_MAX_CHARS
from tests.host.backoffice.machines import Machine, add_institution, add_machine, post
from tests.host.backoffice.support import ORIGIN, HandClock, log_in, make_user

CLINIC = Viewer(1, "clinic", "Clinic", Role.INSTITUTION, frozenset({1}))
OTHER_CLINIC = Viewer(3, "other", "Other", Role.INSTITUTION, frozenset({2}))
MARK = Event("mark")
STAFF = Viewer(2, "staff", "Staff", Role.INVESTOR, None)


async def waiting(broker: Broker, subscription: Subscription) -> list[Event]:
    """Every event that was published so far."""
    broker.publish([MARK])
    found: list[Event] = []
    while (item := await subscription.next()) is not None and item.event is not MARK:
        found.append(item.event)
    return found


def roll_back(context: Context) -> None:
    with transaction(context.engine) as session:
        context.broker.publish_after_commit(session, Event("two"))
        raise ValueError("no")


def test_events_come_after_the_commit_and_never_after_a_rollback(context: Context) -> None:
    async def scenario() -> list[list[Event]]:
        seen = []
        async with context.broker.subscribe() as subscription:
            with transaction(context.engine) as session:
                context.broker.publish_after_commit(session, Event("one"))
                seen.append(await waiting(context.broker, subscription))
            seen.append(await waiting(context.broker, subscription))
            with pytest.raises(ValueError, match="no"):
                roll_back(context)
            seen.append(await waiting(context.broker, subscription))
        return seen

    assert asyncio.run(scenario()) == [[], [Event("one")], []]


def test_a_slow_listener_loses_the_oldest_and_is_told() -> None:
    async def scenario() -> tuple[int, list[Event]]:
        broker = Broker()
        async with broker.subscribe() as subscription:
            broker.publish(Event("tick", {"n": n}) for n in range(BACKLOG_EVENTS + 2))
            found = await waiting(broker, subscription)
            return subscription.missed, found

    missed, found = asyncio.run(scenario())
    assert missed == 3
    assert [event.data["n"] for event in found] == list(range(3, BACKLOG_EVENTS + 2))


def test_a_stream_shows_what_the_viewer_may_see_and_ends_with_the_server() -> None:
    async def stream(viewer: Viewer) -> list[tuple[str | None, object]]:
        broker = Broker()
        found: list[tuple[str | None, object]] = []
        async for item in endpoints._events(broker, viewer, lambda: viewer):
            found.append((item.event, json.loads(item.data or "")))
            if item.event == "hello":
                broker.publish([Event("debit", {"n": 1}, 1), Event("debit", {"n": 2}, 2), Event("issuing", {"n": 3})])
                broker.close()
        return found[1:]

    assert asyncio.run(stream(CLINIC)) == [("debit", {"n": 1})]
    assert [data for _event, data in asyncio.run(stream(STAFF))] == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_what_happened_between_a_page_and_its_stream_is_told() -> None:
    async def scenario(viewer: Viewer, *happened: Event) -> list[str | None]:
        broker = Broker()
        made_at = broker.moment.seen_by(viewer)
        broker.publish(happened)
        stream = endpoints._events(broker, viewer, lambda: None, since=made_at, check_interval_s=0.0)
        return [item.event async for item in stream]

    assert asyncio.run(scenario(STAFF)) == ["hello"]
    assert asyncio.run(scenario(STAFF, Event("issuing"))) == ["hello", "missed"]
    assert asyncio.run(scenario(CLINIC, Event("debit", {}, 1))) == ["hello", "missed"]
    assert asyncio.run(scenario(CLINIC, Event("issuing"), Event("debit", {}, 2))) == ["hello"]


def test_every_message_says_to_which_moment_it_led() -> None:
    async def scenario() -> list[tuple[str | None, str]]:
        broker, found = Broker(), []
        broker.publish([Event("debit", {}, 1)])
        async for item in endpoints._events(broker, CLINIC, lambda: CLINIC):
            found.append((item.event, str(item.id).split("-")[1]))
            if item.event == "hello":
                broker.publish([Event("debit", {}, 1), Event("issuing"), Event("alert", {}, 2), Event("alert", {}, 1)])
                broker.close()
        return found

    assert asyncio.run(scenario()) == [("hello", "1"), ("debit", "2"), ("alert", "3")]


def test_a_slow_browser_is_told_at_the_moment_up_to_which_it_lost_events() -> None:
    async def scenario() -> list[tuple[str | None, str]]:
        broker, found = Broker(), []
        async for item in endpoints._events(broker, STAFF, lambda: STAFF):
            found.append((item.event, str(item.id).split("-")[1]))
            if item.event == "hello":
                broker.publish(Event("debit") for _ in range(BACKLOG_EVENTS + 1))
                broker.close()
        return found

    found = asyncio.run(scenario())
    assert found[:3] == [("hello", "0"), ("missed", "3"), ("debit", "3")]
    assert found[-1] == ("debit", str(BACKLOG_EVENTS + 1))


def test_moments_of_other_starts_and_other_eyes_cannot_be_compared() -> None:
    broker = Broker()
    epochs = [
        moment.seen_by(viewer).split("-")[0]
        for moment in (broker.moment, Broker().moment)
        for viewer in (STAFF, CLINIC, OTHER_CLINIC)
    ]
    assert len(set(epochs)) == len(epochs)
    broker.publish([Event("debit", {}, 1)])
    assert broker.moment.seen_by(CLINIC) == f"{epochs[1]}-1"
    assert broker.moment.seen_by(OTHER_CLINIC) == f"{epochs[2]}-0"


def test_a_page_knows_the_moment_before_its_first_query(app: FastAPI, context: Context) -> None:
    make_user(context, "boss", Role.ADMINISTRATOR)
    client = log_in(app, "boss")
    before = context.broker.moment.seen_by(STAFF)
    assert f'data-moment="{before}"' in client.get("/").text
    context.broker.publish([Event("debit")])
    assert f'data-moment="{before}"' not in client.get("/").text
    assert client.get(f"/events?since={'0' * (MOMENT_MAX_CHARS + 1)}").status_code == 422


def test_a_stream_is_of_the_login_of_its_page(app: FastAPI, context: Context) -> None:
    make_user(context, "boss", Role.ADMINISTRATOR)
    mine, other = log_in(app, "boss"), log_in(app, "boss")
    key = re.search(r'data-login="([0-9a-f]{16})"', mine.get("/").text)
    assert key is not None
    open_stream = partial(endpoints.stream_events, viewer=STAFF, broker=context.broker, context=context, login=key[1])
    assert asyncio.run(open_stream(client_request(mine))).status_code == 200
    with pytest.raises(NotLoggedIn):
        asyncio.run(open_stream(client_request(other)))
    assert login_key(client_request(mine)) == key[1]
    assert login_key(client_request(other)) != key[1]


def test_a_stream_ends_with_its_login() -> None:
    async def scenario() -> list[str | None]:
        logins: list[Viewer | None] = [STAFF, STAFF, None]
        broker = Broker()
        stream = endpoints._events(broker, STAFF, lambda: logins.pop(0), check_interval_s=0.0)
        return [item.event async for item in stream]

    assert asyncio.run(scenario()) == ["hello", "ping", "ping"]


def test_a_stream_hides_what_its_viewer_may_no_longer_see() -> None:
    async def scenario() -> list[tuple[str | None, str]]:
        viewers: list[Viewer | None] = [CLINIC, OTHER_CLINIC]
        broker = Broker()
        found = []

        def who_now() -> Viewer | None:
            viewer = viewers.pop(0)
            if viewer is OTHER_CLINIC:
                broker.publish([Event("debit", {"n": 1}, 1), Event("debit", {"n": 2}, 2)])
                broker.close()
            return viewer

        async for item in endpoints._events(broker, CLINIC, who_now, check_interval_s=0.0):
            found.append((item.event, str(item.id)[:16]))
        return found

    (_hello, before), (_ping, same), (ping, after), (debit, also) = asyncio.run(scenario())
    assert (ping, debit) == ("ping", "debit")
    assert before == same != after == also


@pytest.mark.parametrize("end", ["logout", "stopped", "expired"])
def test_a_login_that_ended_is_noticed_by_its_stream(app: FastAPI, context: Context, end: str) -> None:
    make_user(context, "boss", Role.ADMINISTRATOR)
    make_user(context, "listener", Role.INVESTOR)
    client = log_in(app, "listener")
    request = client_request(client)
    found = endpoints._who_now(request, context)
    assert found is not None
    if end == "logout":
        assert client.post("/api/v1/logout").status_code == 204
    elif end == "stopped":
        assert log_in(app, "boss").patch(f"/api/v1/users/{found.user_id}", json={"active": False}).status_code == 200
    else:
        assert isinstance(context.clock, HandClock)
        context.clock.now += context.settings.login_lifetime_s
    assert endpoints._who_now(request, context) is None


def client_request(client: TestClient) -> Request:
    """The request with which this browser would listen."""
    cookie = f"{COOKIE}={client.cookies[COOKIE]}"
    return Request({"type": "http", "method": "GET", "path": "/events", "headers": [(b"cookie", cookie.encode())]})


def test_a_logout_ends_the_streams_of_that_login_at_once(app: FastAPI, context: Context) -> None:
    async def still_listening(end: str) -> list[bool]:
        leaving, staying = log_in(app, "boss"), log_in(app, "boss")
        async with (
            context.broker.subscribe(login=login_key(client_request(leaving))) as first,
            context.broker.subscribe(login=login_key(client_request(staying))) as second,
        ):
            assert (await asyncio.to_thread(leaving.post, end, follow_redirects=False)).status_code in (204, 303)
            context.broker.publish([MARK])
            return [await one.next() is not None for one in (first, second)]

    make_user(context, "boss", Role.ADMINISTRATOR)
    for end in ("/logout", "/api/v1/logout"):
        assert asyncio.run(still_listening(end)) == [False, True]


def test_a_logout_of_nobody_ends_no_programs_stream(context: Context, visitor: TestClient) -> None:
    async def still_listening() -> bool:
        async with context.broker.subscribe() as subscription:
            assert (await asyncio.to_thread(visitor.post, "/api/v1/logout")).status_code == 204
            context.broker.publish([MARK])
            return await subscription.next() is not None

    assert asyncio.run(still_listening())


def test_streams_need_a_login(visitor: TestClient) -> None:
    assert visitor.get("/events").status_code == 401


def test_a_report_tells_debits_and_alerts(app: FastAPI, context: Context) -> None:
    machine = add_machine(context, Machine(), add_institution(context))
    machine.exam(500)
    machine.exam(500)
    told: list[Event] = []
    context.broker.publish = lambda events: told.extend(events)  # type: ignore[method-assign]
    with TestClient(app, base_url=ORIGIN) as client:
        assert post(client, machine.report()).status_code == 200
    assert [event.kind for event in told] == ["report", "journal", "debit", "alert"]
    debit = told[2]
    assert (debit.institution_id, debit.data["credit"], debit.data["machine_id"]) == (1, 500, 1)
