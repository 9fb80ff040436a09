"""What is secret in an order lies sealed: in no file of the database does it stand in the clear, new or old."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from fastapi import FastAPI
from fastapi.testclient import TestClient
from protocol import cbor, results, uplink

from backoffice import migrations
from backoffice.app import create_app
from backoffice.context import Context
from backoffice.db import file_version, make_engine, set_file_version, transaction
from backoffice.keyring import Keyring
from backoffice.models import MachineCommand
from backoffice.scrubbing import SCRUBBED, scrub
from backoffice.settings import Settings
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.backoffice.support import HandClock
from tests.host.backoffice.test_commands import answer, order

WIFI, APN, SIM = "a clinic's own Wi-Fi", "apn pass phrase", "86420975"
SECRETS = {"wifi_password": WIFI, "apn_password": APN, "sim_pin": SIM}
SEALED_ORDERS = "0008"
SETTINGS = {"wifi_ssid": "Clinic", "apn": "internet", **SECRETS}


@pytest.fixture
def machine(administrator: TestClient, context: Context) -> Machine:
    return add_machine(context, Machine(), add_institution(context))


def files_of(settings: Settings) -> bytes:
    """Every byte of the database and its log, as a thief finds them while the server runs."""
    paths = sorted(settings.database_path.parent.glob(settings.database_path.name + "*"))
    assert paths
    return b"".join(path.read_bytes() for path in paths)


def in_the_clear(settings: Settings) -> list[str]:
    content = files_of(settings)
    return [secret for secret in SECRETS.values() if secret.encode() in content]


def test_no_secret_of_an_order_ever_reaches_a_file(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    wanted = order(administrator, "settings", settings=SETTINGS)
    assert b"Clinic" in files_of(context.settings), "the test looks where orders are"
    assert in_the_clear(context.settings) == []
    machine.write(1)
    (sent,) = machine.send(administrator).commands
    assert sent.args == [SETTINGS]
    assert in_the_clear(context.settings) == []
    answer(machine, sent, results.DONE)
    machine.send(administrator, len(machine.entries))
    assert in_the_clear(context.settings) == []
    with transaction(context.engine) as session:
        row = session.get_one(MachineCommand, wanted["id"])
        assert (row.state, row.sealed) == ("done", None)


def test_nor_does_one_reach_the_api_or_a_page(administrator: TestClient, machine: Machine) -> None:
    order(administrator, "settings", settings=SETTINGS)
    for path in ("/api/v1/machines/1/commands", "/machines/1", "/api/v1/alerts", "/api/v1/machines/1"):
        shown = administrator.get(path)
        assert shown.status_code == 200, path
        assert [secret for secret in SECRETS.values() if secret in shown.text] == [], path


def test_the_same_secret_is_not_ordered_twice_and_another_is(administrator: TestClient, machine: Machine) -> None:
    order(administrator, "settings", settings=SETTINGS)
    again = administrator.post("/api/v1/machines/1/settings", json={"settings": SETTINGS})
    assert again.json()["error"]["code"] == "already_exists"
    order(administrator, "settings", settings={**SETTINGS, "wifi_password": "another one"})
    order(administrator, "settings", settings={"wifi_password": "***"})
    machine.write(1)
    carried = machine.send(administrator).commands
    another = {**SETTINGS, "wifi_password": "another one"}
    assert [sent.args for sent in carried] == [[SETTINGS], [another], [{"wifi_password": "***"}]]


def test_stars_are_a_password_like_any_other(administrator: TestClient, machine: Machine) -> None:
    """What a person sees of both orders is the same."""
    for password in ("a real one", "***"):
        order(administrator, "settings", settings={"wifi_password": password})
    machine.write(1)
    carried = machine.send(administrator).commands
    assert [sent.args for sent in carried] == [[{"wifi_password": "a real one"}], [{"wifi_password": "***"}]]


def test_an_order_that_cannot_be_opened_fails_alone(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    """Another keyring, or a row that was moved: the report is stored and answered all the same."""
    first = order(administrator, "settings", settings=SETTINGS)
    order(administrator, "set-time")
    with transaction(context.engine) as session:
        session.get_one(MachineCommand, first["id"]).sealed = b"\x01\x01" + bytes(60)
    machine.exam(500)
    ack = machine.send(administrator)
    assert ack.ack_seq == len(machine.entries)
    assert [sent.kind for sent in ack.commands] == [uplink.SET_TIME]
    found = {row["id"]: row for row in administrator.get("/api/v1/machines/1/commands").json()["items"]}
    assert (found[first["id"]]["state"], found[first["id"]]["result"]) == ("failed", "unreadable")


def test_a_damaged_order_holds_up_no_report(administrator: TestClient, context: Context, machine: Machine) -> None:
    first = order(administrator, "set-time")
    with transaction(context.engine) as session:
        row = session.get_one(MachineCommand, first["id"])
        row.kind, row.args = uplink.SETTINGS, b"\xff\xff"
    machine.exam(500)
    ack = machine.send(administrator)
    assert (ack.ack_seq, [sent.args for sent in ack.commands]) == (len(machine.entries), [[]])


def test_an_order_is_sealed_for_its_machine_and_number(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    first = order(administrator, "settings", settings=SETTINGS)
    with transaction(context.engine) as session:
        row = session.get_one(MachineCommand, first["id"])
        assert row.sealed is not None
        assert cbor.decode(context.keyring.open(f"order:1:{row.id}", row.sealed)) == [SETTINGS]


# What earlier releases left


@pytest.fixture
def old(settings: Settings) -> Callable[[str, bytes], None]:
    """Orders as the release before stored them, in a database that it left."""
    engine = make_engine(settings)
    set_file_version(engine, 0)

    def insert(state: str, args: bytes) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO machine_command (machine_id, kind, args, state, result, created_at, sent_count) "
                "VALUES (1, ?, ?, ?, '', 1, 0)",
                (uplink.SETTINGS, args, state),
            )

    with engine.begin() as connection:
        columns = "id, name, role, state, epoch, unique_id, report_interval_s, registered_at, firmware, transport"
        values = "1, 'Old', 'swipe', 'active', 1, '', 3600, 1, '', 'wifi'"
        more = "sms_number, reader_reinits, pending_entries, switch_reason"
        connection.exec_driver_sql(f"INSERT INTO machine ({columns}, {more}) VALUES ({values}, '', 0, 0, '')")  # noqa: S608
    return insert


def test_the_first_start_seals_old_orders_and_the_file_forgets_them(
    settings: Settings, clock: HandClock, old: Callable[[str, bytes], None]
) -> None:
    for state in ("queued", *("sent",) * 60):
        old(state, cbor.encode([SETTINGS]))
    old("done", cbor.encode([{**SETTINGS, **dict.fromkeys(SECRETS, "***")}]))
    engine = make_engine(settings)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")  # which is how SQLite comes, but not from Debian
    with engine.begin() as connection:  # gone from the row once it was answered, not from the file
        connection.exec_driver_sql("UPDATE machine_command SET args = x'80', state = 'done' WHERE state = 'sent'")
    engine.dispose()
    assert in_the_clear(settings) == [WIFI, APN, SIM]
    app = create_app(settings, clock)
    assert in_the_clear(settings) == []
    with transaction(app.state.context.engine) as session:
        row = session.get_one(MachineCommand, 1)
        assert cbor.decode(app.state.context.keyring.open("order:1:1", row.sealed or b"")) == [SETTINGS]
        assert cbor.decode(row.args) == [{**SETTINGS, **dict.fromkeys(SECRETS, "***")}]
    assert file_version(app.state.context.engine) == SCRUBBED
    app.state.context.close()


def test_what_a_reader_held_up_is_done_at_the_next_start(
    settings: Settings, old: Callable[[str, bytes], None], tmp_path: Path
) -> None:
    old("queued", cbor.encode([SETTINGS]))
    keyring = Keyring.load_or_create(settings.keyring_path)
    engine, reader = make_engine(settings), make_engine(settings)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")  # of the engine's one connection
    with reader.connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM machine_command").all()
        scrub(engine, keyring)
        assert file_version(engine) == 0
    scrub(engine, keyring)
    assert file_version(engine) == SCRUBBED
    assert in_the_clear(settings) == []
    engine.dispose()
    reader.dispose()


def test_a_step_back_sends_no_stars(settings: Settings, app: FastAPI, administrator: TestClient) -> None:
    add_machine(app.state.context, Machine(), add_institution(app.state.context))
    first = order(administrator, "settings", settings=SETTINGS)
    with app.state.context.engine.connect() as connection:
        config = migrations.configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, f"{SEALED_ORDERS}-1")
        found = connection.exec_driver_sql("SELECT state FROM machine_command WHERE id = ?", (first["id"],)).scalar()
        assert found == "cancelled"
        command.upgrade(config, "head")
        connection.commit()
