"""What a tap takes on the board: card detected to relay on, part by part.

The world's virtual clock holds what the hardware takes (air, EEPROM, buses, flash, waits) and nothing of what the
interpreter takes; that is counted in reference loops (interpreter.py), less the emulator's seam. Ordinary taps
take the same work, give or take a few per cent, so the quick ones count: whatever the host does only adds.
"""

import statistics
from dataclasses import dataclass, replace

from benchmarks.figure import Figure
from benchmarks.interpreter import ESP32_LOOP_MS, METHOD, loop_us, one_core, spread
from emulator import wiring
from emulator.calibration import SeamCost, measure_seam, undisturbed
from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.kit import TestAuthority, swipe_machine, tap
from emulator.kit.authority import CARD_WRITE_US
from emulator.kit.machines import await_service
from emulator.rf import FrameLog
from emulator.world import World

GROUP = "One tap of a one-time card on MIFARE Classic, card detected to relay on"
SPI_TRANSACTION_US = 28
WARM_UP_TAPS = 3
TAPS = 25
RUNS = 4
GOAL_MS = 300
SEED = 1


@dataclass(frozen=True)
class Moment:
    """Everything that counts, read at once."""

    now_us: int
    airtime_us: int
    writes: int
    spi_transactions: int
    flash_us: int
    cpu_us: int
    requests: int  # of the seam, and what a board only told
    outputs: int


@dataclass(frozen=True)
class Tap:
    """One tap, in milliseconds."""

    air: float
    eeprom: float
    spi: float
    flash: float
    waits: float
    cpu_us: int  # of the host, the seam included
    requests: int
    outputs: int
    interpreter: float = 0.0

    @property
    def total(self) -> float:
        return self.air + self.eeprom + self.spi + self.flash + self.waits + self.interpreter


def figures() -> list[Figure]:
    runs = [measure() for _ in range(RUNS)]
    interpreter = undisturbed_ms(runs)
    taps = [replace(tap, interpreter=interpreter) for tap in runs[0]]
    total = statistics.median(tap.total for tap in taps)
    over = f"{min(tap.total for tap in taps):.0f} to {max(tap.total for tap in taps):.0f} ms over {len(taps)} taps"
    apart = spread([undisturbed_ms([run]) for run in runs])
    parts = [
        ("air", "RF airtime", "frames of both sides at 106 kbit/s, (9n+3) x 9.44 us"),
        ("eeprom", "card writes", f"EEPROM writes x {CARD_WRITE_US / 1000:.0f} ms"),
        ("spi", "SPI transactions", f"count x {SPI_TRANSACTION_US} us"),
        ("flash", "journal on flash", "NOR page programs and sector erases, data sheet's typical times"),
        ("waits", "frame delays and guard times", "the rest of the virtual time"),
        ("interpreter", "interpreter", f"{METHOD}, less the seam; of all taps of {RUNS} runs, {apart}"),
    ]
    rows = [
        Figure(GROUP, name, statistics.median(getattr(tap, key) for tap in taps), "ms", method)
        for key, name, method in parts
    ]
    goal = f"at most {GOAL_MS} ms"
    rows.append(Figure(GROUP, "total", total, "ms", f"median; {over}", goal, total <= GOAL_MS))
    worst = max(tap.flash for tap in taps)
    rows.append(Figure(GROUP, "worst flash share", worst, "ms", "an erase on the way, if any tap had one"))
    return rows


def undisturbed_ms(runs: list[list[Tap]]) -> float:
    """What the interpreter takes of a tap that nothing disturbed."""
    return undisturbed([tap.interpreter for run in runs for tap in run])


@one_core()
def measure(count: int = TAPS) -> list[Tap]:
    """Tap after tap on one machine, as on a working day."""
    seam = measure_seam()
    authority = TestAuthority(SEED)
    batch = authority.batch()
    with World(seed=SEED) as world:
        board = swipe_machine(world, authority)
        tap(board, authority.batch_card(batch))
        board.power_off()
        board.watch_turns = True
        board.power_on()
        await_service(board)
        taps = []
        for number in range(WARM_UP_TAPS + count):
            card = authority.one_time_card(batch, batch.first_credit + number)
            taps.append(_one_tap(board, card))
            board.host.call("swipe.end")
            world.run_for(5_000)
        loop = loop_us(board)
    return [_with_interpreter(tap, loop, seam) for tap in taps[WARM_UP_TAPS:]]


def _with_interpreter(tap: Tap, loop: float, seam: SeamCost) -> Tap:
    loops = tap.cpu_us / loop - seam.of(tap.requests, tap.outputs)
    return replace(tap, interpreter=loops * ESP32_LOOP_MS)


def _one_tap(board: Board, card: ClassicCard) -> Tap:
    moments: list[Moment] = []

    def detected(frame: FrameLog) -> None:
        if frame.uid == card.uid and not moments:
            moments.append(_read(board, card))

    def relay(level: bool) -> None:
        moved(level)
        if level:
            moments.append(_read(board, card))

    moved = board.pins.listeners[wiring.RELAY]
    board.pins.listeners[wiring.RELAY] = relay
    board.field.on_frame.append(detected)
    answer = tap(board, card)
    board.field.on_frame.remove(detected)
    board.pins.listeners[wiring.RELAY] = moved
    assert answer["reason"] == "granted", answer
    return _between(moments[0], moments[-1])


def _between(begin: Moment, end: Moment) -> Tap:
    air = (end.airtime_us - begin.airtime_us) / 1000
    eeprom = (end.writes - begin.writes) * CARD_WRITE_US / 1000
    spi = (end.spi_transactions - begin.spi_transactions) * SPI_TRANSACTION_US / 1000
    flash = (end.flash_us - begin.flash_us) / 1000
    elapsed = (end.now_us - begin.now_us) / 1000
    return Tap(
        air,
        eeprom,
        spi,
        flash,
        max(0.0, elapsed - air - eeprom - spi - flash),
        end.cpu_us - begin.cpu_us,
        end.requests - begin.requests,
        end.outputs - begin.outputs,
    )


def _read(board: Board, card: ClassicCard) -> Moment:
    return Moment(
        board.world.now_us,
        board.field.airtime_us,
        card.writes,
        board.counters.spi_transactions,
        board.flash.counters.busy_us,
        board.cpu_us,
        board.counters.requests,
        board.counters.outputs,
    )
