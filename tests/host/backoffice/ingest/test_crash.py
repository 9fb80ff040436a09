"""The server dies by SIGKILL: nothing that was acknowledged is lost, nothing that is sent again counts twice."""

import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx2
import pytest
from protocol import uplink

from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.ingest import repository
from backoffice.settings import Settings
from tests.host.backoffice.ingest.servers import SERVE, STALLING, running
from tests.host.backoffice.machines import Machine, add_institution, add_machine

TIMEOUT_S = 30


@pytest.fixture
def machine(context: Context) -> Iterator[Machine]:
    """A machine that the servers know; this process lets go of the database."""
    machine = add_machine(context, Machine(), add_institution(context))
    context.engine.dispose()
    yield machine
    context.close()


def post(address: str, message: bytes) -> httpx2.Response:
    return httpx2.post(f"{address}/api/v1/uplink", content=message, timeout=TIMEOUT_S)


def stored(context: Context, machine: Machine) -> dict[int, bytes]:
    with transaction(context.engine, READ) as session:
        return repository.stored_macs(session, machine.machine_id, machine.epoch, 0, 0xFFFFFFFF)


def debits(context: Context, credits_: list[int]) -> int:
    with transaction(context.engine, READ) as session:
        return len(repository.usages_of_credits(session, credits_))


def post_and_be_cut_off(address: str, message: bytes) -> None:
    with pytest.raises(httpx2.TransportError):
        post(address, message)


def test_killed_between_commit_and_ack(settings: Settings, context: Context, machine: Machine) -> None:
    machine.exam(500)
    message = machine.report()
    with running(settings, STALLING) as server:
        sender = threading.Thread(target=post_and_be_cut_off, args=(server.address, message))
        sender.start()
        server.wait_for_line("committed")
        server.kill()
        sender.join(TIMEOUT_S)
    assert stored(context, machine) == dict(enumerate(machine.macs, 1))
    with running(settings, SERVE) as server:
        answer = post(server.address, message)
    assert uplink.open_ack(machine.key, message, answer.content).ack_seq == 4
    assert debits(context, [500]) == 1


def test_killed_again_and_again_while_a_machine_reports(settings: Settings, context: Context, machine: Machine) -> None:
    """The machine forgets what was acknowledged and repeats the rest; servers are killed while they work."""
    rounds, reports_per_round = 3, 8
    credits_ = list(range(500, 500 + rounds * (reports_per_round + 1)))
    unused = iter(credits_)
    acked = 0
    for _ in range(rounds):
        with running(settings, SERVE) as server:
            for _ in range(reports_per_round):
                machine.exam(next(unused))
                message = machine.report(acked + 1)
                acked = uplink.open_ack(machine.key, message, post(server.address, message).content).ack_seq
                assert acked == len(machine.entries)
            machine.exam(next(unused))
            killer = threading.Thread(target=server.kill)
            killer.start()
            with suppress(httpx2.TransportError):  # cut off or answered: the machine reports these entries again
                post(server.address, machine.report(acked + 1))
            killer.join()
        assert set(range(1, acked + 1)) <= set(stored(context, machine))
    with running(settings, SERVE) as server:
        message = machine.report(acked + 1)
        assert uplink.open_ack(machine.key, message, post(server.address, message).content).ack_seq == len(machine.macs)
    assert stored(context, machine) == dict(enumerate(machine.macs, 1))
    assert debits(context, credits_) == len(credits_)
