"""A clinic in a few lines: swipe machines with the real firmware that wake up initialised, and what was counted."""

from dataclasses import dataclass, field
from typing import Any

from fastapi.testclient import TestClient
from protocol import journal, keys
from protocol.journal import Entry

from backoffice.context import Context
from emulator.cards.classic import ClassicCard
from emulator.checkers.journal_on_flash import read_journal
from emulator.device import Board
from emulator.flash import Flash
from emulator.kit import BatchOrder, TestAuthority, swipe_machine, tap
from emulator.kit.machines import HEAP_WORDS_K, await_service
from emulator.world import World
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.system.wire import Wire
from tools.issued import IssuedBatch

BATCH, FIRST, COUNT = 7, 1000, 100
INSTITUTION = 10
SEED = 1
PATIENCE_MS = 120_000


@dataclass
class Prepared:
    """Flash images of machines that were provisioned and initialised once; the tests wake boards from them."""

    authority: TestAuthority
    wire: Wire
    order: BatchOrder
    images: dict[tuple[int, bool], bytes] = field(default_factory=dict)

    def image(self, machine_id: int, *, with_batch: bool = True) -> bytes:
        wanted = (machine_id, with_batch)
        if wanted not in self.images:
            self.images[wanted] = self._make(machine_id, with_batch=with_batch)
        return self.images[wanted]

    def _make(self, machine_id: int, *, with_batch: bool) -> bytes:
        settings: dict[str, object] = {"server_host": "127.0.0.1", "server_port": self.wire.port, "report_s": 60}
        with World(seed=SEED) as world:
            machine = swipe_machine(world, self.authority, "swipe", machine_id, INSTITUTION, settings)
            if with_batch:
                order = (
                    self.order if machine_id == 1 else self.authority.batch(BATCH + machine_id, machine_id=machine_id)
                )
                assert tap(machine, self.authority.batch_card(order))["reason"] == "granted"
            return machine.flash.image()


@dataclass
class Clinic:
    """A world with machines of one authority."""

    world: World
    prepared: Prepared

    @property
    def authority(self) -> TestAuthority:
        return self.prepared.authority

    @property
    def order(self) -> BatchOrder:
        """Of machine 1."""
        return self.prepared.order

    def machine(self, machine_id: int = 1, *, with_batch: bool = True, online: bool = False) -> Board:
        """Awake; `online` machines report as soon as they have something to say."""
        return self.wake(f"machine {machine_id}", self.prepared.image(machine_id, with_batch=with_batch), online=online)

    def wake(self, name: str, image: bytes, *, online: bool = False) -> Board:
        board = self.world.board(name, flash=Flash(image, SEED), heap_words_k=HEAP_WORDS_K)
        board.network.up = online
        board.power_on()
        await_service(board)
        return board

    def card(self, credit: int = FIRST) -> ClassicCard:
        return self.authority.one_time_card(self.order, credit)


def reason(machine: Board, card: ClassicCard) -> str:
    return str(tap(machine, card)["reason"])


def exam(machine: Board, card: ClassicCard) -> None:
    """From the tap to the end."""
    assert reason(machine, card) == "granted"
    machine.host.call("swipe.end")


def journal_of(machine: Board, kind: int) -> list[Entry]:
    """As it stands on the flash, read from outside."""
    return read_journal(machine.flash.image()).of(kind)


def debited(machine: Board) -> list[int]:
    """Credits, by the flash."""
    return [entry.credit for entry in journal_of(machine, journal.DEBIT)]


@dataclass
class Office:
    """The real back office, with an administrator's browser; the machines' reports reach it over the wire."""

    context: Context
    browser: TestClient
    wire: Wire
    authority: TestAuthority

    def register(self, *machine_ids: int) -> None:
        institution_id = add_institution(self.context)
        for machine_id in machine_ids:
            machine = Machine(machine_id, 1, self.authority.machine_key(machine_id))
            order = BATCH if machine_id == 1 else BATCH + machine_id
            batch = IssuedBatch(order, FIRST, COUNT, machine_id, 1, INSTITUTION)
            add_machine(self.context, machine, institution_id, batch)

    def get(self, path: str, **params: str | int | bool) -> Any:
        answer = self.browser.get(f"/api/v1{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def usage(self, **wanted: str | int | bool) -> list[int]:
        return sorted(row["credit"] for row in self.get("/usage", **wanted)["items"])

    def alerts(self) -> dict[str, int]:
        return {item["kind"]: item["count"] for item in self.get("/alerts")["items"]}

    def post_report(self, message: bytes) -> tuple[int, str]:
        """Status and error code."""
        answer = self.browser.post("/api/v1/uplink", content=message, headers={"Content-Type": "application/cose"})
        return answer.status_code, "" if answer.status_code == 200 else str(answer.json()["error"]["code"])

    def stored(self, machine_id: int = 1) -> int:
        states = self.get(f"/machines/{machine_id}/journal-state")
        return int(states[0]["contiguous_seq"]) if states else 0


def all_reported(machine: Board, timeout_ms: int = PATIENCE_MS) -> None:
    """Until the machine knows that the back office has everything."""
    machine.host.call("uplink.now")

    def done() -> bool:
        told = machine.host.notifications
        return any(message["method"] == "uplink" and message["params"]["pending"] == 0 for message in told)

    machine.host.take_notifications("uplink")
    assert machine.world.run_until(done, timeout_ms), machine.host.call("status")["uplink"]


def journal_key(authority: TestAuthority, machine_id: int = 1) -> bytes:
    return keys.journal_key(authority.machine_key(machine_id))
