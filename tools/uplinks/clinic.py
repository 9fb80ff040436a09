"""The clinic: a swipe machine with the real firmware in virtual time, its box of cards, what its journal ever said."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from emulator.cards.classic import ClassicCard
from emulator.checkers.journal_on_flash import read_journal
from emulator.device import Board
from emulator.kit import BatchOrder, TestAuthority, blank_machine, tap
from emulator.kit.machines import MODEM_HEAP_WORDS_K, await_service, provision
from emulator.world import World
from tools.demo.errors import DemoFailed
from tools.demo.sides import Told
from tools.uplinks.office import BATCH, EPOCH, FIRST_CREDIT, INSTITUTION, MACHINE
from tools.uplinks.scenario import Visit

CARRIED_MS: Final = 10_000
EXAM_S: Final = 600
REPORT_S: Final = 900


@dataclass
class Clinic:
    """Everything on the machine's side of the link."""

    world: World
    machine: Board
    authority: TestAuthority
    order: BatchOrder
    began_us: int
    cards: list[ClassicCard] = field(default_factory=list)
    told: Told = field(default_factory=Told)

    @classmethod
    def open(
        cls,
        world: World,
        authority: TestAuthority,
        debits: int,
        prepare: Callable[[Board], None],
        settings: dict[str, object],
    ) -> "Clinic":
        """The factory and the batch card: the machine is ready for its first patient. ``prepare`` = what is plugged
        into the board before it is told what it is."""
        order = authority.batch(BATCH, FIRST_CREDIT, debits, MACHINE, EPOCH, INSTITUTION)
        machine = blank_machine(world, heap_words_k=MODEM_HEAP_WORDS_K)
        prepare(machine)
        everything = {"exam_s": EXAM_S, "report_s": REPORT_S, **settings}
        provision(machine, authority, "swipe", MACHINE, EPOCH, INSTITUTION, everything)
        _carry_to_the_clinic(machine)
        clinic = cls(world, machine, authority, order, world.now_us)
        _must_grant(tap(machine, authority.batch_card(order))["reason"])
        clinic.look()
        return clinic

    @property
    def elapsed_s(self) -> int:
        """Virtual seconds since the machine was ready."""
        return (self.world.now_us - self.began_us) // 1_000_000

    def receive(self, visit: Visit) -> None:
        """One patient, from waiting to the end of the exam."""
        self.world.run_for(visit.gap_ms)
        card = self.authority.one_time_card(self.order, visit.credit)
        self.cards.append(card)
        _must_grant(tap(self.machine, card)["reason"])
        self.world.run_for(visit.exam_ms)
        self.machine.host.call("swipe.end")
        self.look()

    def look(self) -> None:
        """Note what the journal says now: it forgets what was acknowledged."""
        self.told.note(read_journal(self.machine.flash.image()))

    def pending(self) -> int:
        """Entries that the machine believes are not at the back office yet."""
        return int(self.machine.host.call("status")["journal"]["pending"])

    def await_delivery(self, looks: int, wait: Callable[[], None]) -> bool:
        """Until the machine knows that everything arrived; ``wait`` = what passes between two looks."""
        for _ in range(looks):
            self.look()
            if not self.pending():
                self.look()
                return True
            wait()
        return False


def _carry_to_the_clinic(machine: Board) -> None:
    machine.power_off()
    machine.world.run_for(CARRIED_MS)
    machine.power_on()
    await_service(machine)


def _must_grant(reason: str) -> None:
    if reason != "granted":
        raise DemoFailed(f"the machine refuses a good card: {reason}")
