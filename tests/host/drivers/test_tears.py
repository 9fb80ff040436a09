"""A card torn away at every point of every operation that writes, and what the same call makes of it afterwards.

The one loss that cannot be helped is a card torn inside the write of a sector trailer whose access bits change: it
must be reported as damaged, and nothing else may ever be.
"""

from typing import Any

import pytest
from protocol import classic as layout

from emulator.cards.classic import ClassicCard
from emulator.errors import HostError
from emulator.faults import Phase, TearPoint
from tests.host.drivers.bench import READ_KEY, WRITE_KEY, Bench
from tests.host.drivers.records import record_of

UID = bytes.fromhex("01020304")
MARK = "c3" * 16
FRACTIONS = (0.04, 0.5, 0.998)  # hardly begun, half done, and so nearly done that all may look right
WRITE_DATA_BYTES = 18


class Attempt:
    """One card on one bench: a call that may be torn, and the card put back."""

    def __init__(self, bench: Bench, image: bytes | None = None, seed: int = 0) -> None:
        self.bench = bench
        self.card = ClassicCard(UID, seed=seed)
        if image is not None:
            self.card.load(image)
        self.first_frame = 0

    def run(self, method: str, point: TearPoint | None = None, **params: Any) -> str:
        """ "" or the reason why it failed. Leaves the card off the reader."""
        self.bench.put(self.card)
        field = self.bench.board.field
        self.first_frame = field.frame_count
        if point is not None:
            field.tear(TearPoint(self.first_frame + point.frame, point.phase, point.fraction))
        try:
            self.bench.call("open")
            self.bench.call(method, **params)
            return ""
        except HostError as error:
            return error.reason
        finally:
            field.tears.clear()
            self.bench.take(self.card)

    def classify(self) -> tuple[str, bool]:
        self.bench.put(self.card)
        self.bench.call("open")
        kind, _, unfinished = self.bench.call("classify")
        self.bench.take(self.card)
        return kind, unfinished


def points(
    bench: Bench, method: str, image: bytes | None, samples: int | None = None, **params: Any
) -> list[TearPoint]:
    """Every place where an undisturbed run can be torn: before and after each frame, inside each write.

    Or so many samples, spread evenly; thrice as many inside writes, because that is where it hurts.
    """
    whole = Attempt(bench, image)
    assert whole.run(method, **params) == ""
    log = [entry for entry in bench.board.field.frames if entry.number >= whole.first_frame]
    phases: tuple[Phase, ...] = ("before", "after")
    frames = [TearPoint(entry.number - whole.first_frame, phase) for entry in log for phase in phases]
    starts = [e.number - whole.first_frame for e in log if e.direction == "reader" and len(e.data) == WRITE_DATA_BYTES]
    writes = [TearPoint(number, "inside_write", fraction) for number in starts for fraction in FRACTIONS]
    if samples is None:
        return frames + writes
    return frames[:: len(frames) // samples] + writes[:: max(1, len(writes) // (3 * samples))]


def hurt(card: ClassicCard) -> bool:
    """A trailer holds half-written or undecided bits: the sector is locked, or opens by chance at best."""
    trailers = range(7, 64, 4)
    return any(block in card.weak_blocks for block in trailers) or not _openable(card)


def _openable(card: ClassicCard) -> bool:
    """Every trailer has a key that somebody knows: the factory's A, or the write key as B."""
    for block in range(7, 64, 4):
        trailer = bytes(card.blocks[block])
        factory = trailer[:6] == layout.FACTORY_KEY and layout.decode_access(trailer[6:9])[3] == layout.TRAILER_FACTORY
        ours = trailer[10:] == bytes.fromhex(WRITE_KEY) and layout.decode_access(trailer[6:9])[3] == layout.TRAILER_B
        if not (factory or ours):
            return False
    return True


@pytest.mark.parametrize(("kind", "samples"), [("one_time", None), ("white", 7), ("batch", 6)])
def test_personalising_torn_anywhere_is_finished_next_time(reader: Bench, kind: str, samples: int | None) -> None:
    params: dict[str, Any] = {
        "kind": kind,
        "record": record_of(kind).hex(),
        "read_key": READ_KEY,
        "write_key": WRITE_KEY,
    }
    damaged = 0
    for seed, point in enumerate(points(reader, "personalise", None, samples, **params)):
        attempt = Attempt(reader, seed=seed)
        attempt.run("personalise", point, **params)
        state, unfinished = attempt.classify()
        assert state in ("blank", "torn", kind, "foreign"), point
        result = attempt.run("personalise", **params)
        if result == "damaged":
            assert point.phase == "inside_write", point
            assert hurt(attempt.card), point
            damaged += 1
            continue
        assert result == "", point
        assert attempt.classify() == (kind, False), point
        assert not attempt.card.weak_blocks, point
        reader.put(attempt.card)
        reader.call("open")
        assert reader.call("read_record", kind=kind, read_key=READ_KEY) == record_of(kind).hex(), point
        if kind != "white":
            assert reader.call("burn_state", kind=kind, mark=MARK, read_key=READ_KEY) == "fresh", point
        else:
            assert reader.call("drawn", read_key=READ_KEY) == 1000
        reader.take(attempt.card)
        del unfinished
    assert damaged > 0  # the enumeration does reach into the trailers


@pytest.mark.parametrize(("kind", "samples"), [("one_time", 30), ("white", 6)])
def test_erasing_torn_anywhere_is_finished_next_time(reader: Bench, kind: str, samples: int | None) -> None:
    made = Attempt(reader)
    made.run("personalise", kind=kind, record=record_of(kind).hex(), read_key=READ_KEY, write_key=WRITE_KEY)
    image = made.card.image()
    params: dict[str, Any] = {"kind": kind, "write_key": WRITE_KEY}
    for seed, point in enumerate(points(reader, "erase", image, samples, **params)):
        attempt = Attempt(reader, image, seed)
        torn = attempt.run("erase", point, **params)
        if attempt.classify() == ("blank", False) and torn == "":
            continue
        result = attempt.run("erase", **params)
        if result == "damaged":
            assert point.phase == "inside_write", point
            assert hurt(attempt.card), point
            continue
        if result == "wrong_card":  # torn after its very last write: nothing is left to do
            assert attempt.classify() == ("blank", False), point
            continue
        assert result == "", point
        assert attempt.classify() == ("blank", False), point


@pytest.mark.parametrize(("kind", "key"), [("one_time", WRITE_KEY), ("batch", READ_KEY)])
def test_burning_torn_anywhere_is_finished_next_time(reader: Bench, kind: str, key: str) -> None:
    made = Attempt(reader)
    made.run("personalise", kind=kind, record=record_of(kind).hex(), read_key=READ_KEY, write_key=WRITE_KEY)
    image = made.card.image()
    params: dict[str, Any] = {"kind": kind, "access_key": key, "mark": MARK}
    for seed, point in enumerate(points(reader, "burn", image, **params)):
        attempt = Attempt(reader, image, seed)
        attempt.run("burn", point, **params)
        assert attempt.classify()[0] == kind, point
        assert attempt.run("burn", **params) == "", point
        reader.put(attempt.card)
        reader.call("open")
        assert reader.call("burn_state", kind=kind, mark=MARK, read_key=READ_KEY) == "mine", point
        assert reader.call("read_record", kind=kind, read_key=READ_KEY) == record_of(kind).hex(), point
        reader.take(attempt.card)


def test_a_torn_draw_never_goes_back(reader: Bench) -> None:
    made = Attempt(reader)
    made.run("personalise", kind="white", record=record_of("white").hex(), read_key=READ_KEY, write_key=WRITE_KEY)
    assert made.run("draw", write_key=WRITE_KEY, next_credit=1100) == ""
    image = made.card.image()
    params: dict[str, Any] = {"write_key": WRITE_KEY, "next_credit": 1200}
    for seed, point in enumerate(points(reader, "draw", image, **params)):
        attempt = Attempt(reader, image, seed)
        attempt.run("draw", point, **params)
        reader.put(attempt.card)
        reader.call("open")
        assert reader.call("drawn", read_key=READ_KEY) in (1100, 1200), point
        reader.take(attempt.card)
        assert attempt.run("draw", **params) == "", point
        attempt.card.leak()
        reader.put(attempt.card)
        reader.call("open")
        for _ in range(3):  # weak bits come out anew each time
            assert reader.call("drawn", read_key=READ_KEY) == 1200, point
        reader.take(attempt.card)
