"""The authority's room: who waits for the database does not wait in there, so that everybody can look in."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Connection, event

from backoffice.errors import WrongState
from backoffice.issuing import white_job
from backoffice.issuing.schemas import WhiteOrder
from tests.host.backoffice.issuing.shop import ISSUER_PIN, Shop

GLANCE_S = 1


@pytest.fixture
def locked_out(app: FastAPI) -> Iterator[list[str]]:
    """Each transaction at whose beginning somebody else looked into the room and found it locked."""
    found: list[str] = []
    room, engine = app.state.workshop.room, app.state.context.engine
    with ThreadPoolExecutor(1) as somebody_else:

        def look_in(connection: Connection) -> None:
            try:
                somebody_else.submit(room.present).result(GLANCE_S)
            except StillWaiting:
                found.append(str(connection.get_execution_options()))

        event.listen(engine, "begin", look_in)
        yield found
        event.remove(engine, "begin", look_in)


def white_cards(shop: Shop) -> None:
    shop.make_white(quota=100)


def a_machine(shop: Shop) -> None:
    shop.make_machine()


def a_locked_machine(shop: Shop) -> None:
    device, machine_id = shop.make_machine()
    shop.post(f"/machines/{machine_id}/lock", 201, text="")
    device.show(shop.master)
    shop.post("/authority/provision", device_id=shop.device_id(device), machine_id=machine_id)


def a_card_that_is_not_made_blank(shop: Shop) -> None:
    shop.make_white(quota=10)
    shop.master_issuer.show(shop.white)
    shop.refused("/issuing/recover", "card_in_use", device_id=shop.master_issuer_id, reissue=True)


@pytest.mark.parametrize("work", [white_cards, a_machine, a_locked_machine, a_card_that_is_not_made_blank])
def test_no_transaction_is_waited_for_in_the_room(
    master_shop: Shop, locked_out: list[str], work: Callable[[Shop], None]
) -> None:
    work(master_shop)
    assert locked_out == []


def test_credits_that_somebody_else_took_meanwhile_are_not_given_twice(master_shop: Shop, app: FastAPI) -> None:
    """Two orders are signed for the same numbers; one is stored."""
    workshop = app.state.workshop
    user_id = workshop.room.present().user_id
    wanted = WhiteOrder(device_id=master_shop.master_issuer_id, count=2, quota=50, issuer_pin=SecretStr(ISSUER_PIN))
    first, second = (white_job.sign(workshop, user_id, wanted) for _ in range(2))
    with workshop.begin() as session:
        white_job.order(session, first, workshop.now())
    with pytest.raises(WrongState), workshop.begin() as session:
        white_job.order(session, second, workshop.now())
    ranges = [(white["first_credit"], white["quota"]) for white in master_shop.get("/issuing/white")["items"]]
    assert ranges == [(51, 50), (1, 50)]
