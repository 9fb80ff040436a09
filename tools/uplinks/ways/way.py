"""What every way has: a stage to stand on, settings for the machine, and a count of what it carried."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from emulator.device import Board
from emulator.world import World
from tools.uplinks.clinic import Clinic
from tools.uplinks.office import Office
from tools.uplinks.verdict import Carried

LONG_PLAY_DEBITS: Final = 100
LOOK_MS: Final = 5_000
OUTAGE_MS: Final = 45_000  # how long a killed server is dead


@dataclass
class Stage:
    """What a way finds when it begins. ``tell`` = say something to whoever watches."""

    world: World
    office: Office
    debits: int
    tell: Callable[[str], None]

    def kills(self, planned: tuple[int, ...]) -> tuple[int, ...]:
        """A short play has few messages: it has room for the first kill only."""
        return planned if self.debits >= LONG_PLAY_DEBITS else planned[:1]

    def server_died(self) -> None:
        """Tell, and have somebody start it again."""
        self.tell("the server was killed between commit and answer")
        self.world.at(OUTAGE_MS, self.office.start)


class Way:
    """One way. Made once for a run; close() gives back what it opened."""

    name: ClassVar[str] = ""
    story: ClassVar[str] = ""
    looks_max: ClassVar[int] = 1_440  # of LOOK_MS: two hours

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def settings(self) -> dict[str, object]:
        """Of the machine, at its initialisation."""
        raise NotImplementedError

    def office_settings(self) -> dict[str, str]:
        """PERSCAN_* variables of the server."""
        return {}

    def prepare(self, machine: Board) -> None:
        """The board is wired and has no power yet."""

    def ready(self, _clinic: Clinic) -> None:
        """The machine is provisioned, the server runs."""

    def after(self, debits: int, of: int) -> None:
        """So many debits have been made."""

    def wait(self) -> None:
        """All debits are made; some are not delivered yet."""
        self.stage.world.run_for(LOOK_MS)

    def finish(self) -> None:
        """Everything has been delivered: what was held back comes now."""

    def carried(self) -> Carried:
        raise NotImplementedError

    def findings(self) -> list[str]:
        """What of this way's own plan did not come true."""
        return []

    @property
    def kills(self) -> tuple[int, int]:
        """Wanted and done."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go."""
