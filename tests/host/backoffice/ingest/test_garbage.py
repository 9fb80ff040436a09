"""Whatever arrives, the uplink answers with a coded error and stores nothing."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from protocol import cose, keys

from backoffice.context import Context
from tests.host.backoffice.machines import Machine, add_institution, add_machine, post
from tests.host.backoffice.support import ORIGIN

CODES = {"uplink_malformed", "uplink_unknown_machine", "uplink_not_authentic", "uplink_chain_broken", "too_large"}
calm = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def machine(context: Context) -> Machine:
    machine = add_machine(context, Machine(), add_institution(context))
    machine.exam(500)
    return machine


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=ORIGIN) as client:
        yield client


@calm
@given(body=st.binary(max_size=300))
def test_noise(client: TestClient, body: bytes) -> None:
    assert post(client, body).json()["error"]["code"] in CODES


@calm
@given(position=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_one_altered_byte(client: TestClient, machine: Machine, position: int, flip: int) -> None:
    message = bytearray(machine.report())
    message[position % len(message)] ^= flip
    assert post(client, bytes(message)).json()["error"]["code"] in CODES


@calm
@given(payload=st.binary(max_size=200))
def test_a_genuine_seal_around_noise(client: TestClient, machine: Machine, payload: bytes) -> None:
    message = cose.seal(keys.uplink_key(machine.key), b"\0\0\0\1", b"i" * cose.IV_BYTES, payload)
    assert post(client, message).json()["error"]["code"] in CODES


@calm
@given(cut=st.integers(min_value=0))
def test_a_report_cut_short(client: TestClient, machine: Machine, cut: int) -> None:
    message = machine.report()
    assert post(client, message[: cut % len(message)]).json()["error"]["code"] in CODES
