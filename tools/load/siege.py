"""The course of a load: an idle server, an ordinary day, one kind of attack after the other, all of them at once, and
then time for what is under way.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from tools.demo.errors import DemoFailed
from tools.demo.say import Narrator
from tools.demo.server import Server
from tools.load import address
from tools.load.crew import Crew
from tools.load.figures import Phase, sentence, words_of
from tools.load.gauge import Gauge
from tools.load.honest.machines import Machines
from tools.load.honest.pages import Pages
from tools.load.honest.prober import Prober
from tools.load.hostile.attack import Attack
from tools.load.hostile.kinds import KINDS
from tools.load.hostile.loot import Loot
from tools.load.ledger import Ledger, Stretch, percentile
from tools.load.office import ADMINISTRATOR, Office, make_ready
from tools.load.records import HEALTH, PAGE, Message
from tools.load.scale import Scale
from tools.load.verdict import Evidence, stored

TELL_EVERY_S: Final = 5.0
LOOK_EVERY_S: Final = 0.5
BEGIN_MAX_S: Final = 30.0
SPARE_S: Final = 60.0
RAMP: Final = 0.1
"""Of a phase: until all attackers have begun."""
IDLE: Final = "idle"
EVERYDAY: Final = "everyday"
STORM: Final = "all at once"


@dataclass
class Siege:
    """One server, everybody around it, and what they tell."""

    say: Narrator
    scale: Scale
    kinds: Sequence[str]
    seed: int
    server: Server
    crew: Crew
    ledger: Ledger = field(default_factory=Ledger)
    phases: list[Phase] = field(default_factory=list)

    def run(self) -> Evidence:
        """The whole of it. Raises DemoFailed, Died."""
        office = make_ready(self.server, self.scale, self._seconds, self.seed)
        self.say.good(f"The back office is ready: {len(office.identities)} machines, their cards, their people")
        self.ledger.note(office.overheard_reports)
        self._gauge = Gauge(office.pid)
        self._gauge.lap_mb()
        self.crew.start("prober", Prober(office.target), self._seconds)
        idle = self._phase(IDLE, "nobody is there but whoever watches its health", self.scale.idle_s)
        self._start_honest(office)
        self._phase(EVERYDAY, "machines report, people look at pages", self.scale.everyday_s)
        began_s = time.monotonic()
        self._attacks(office)
        besieged = Stretch(began_s, time.monotonic())
        self._settle()
        return self._evidence(office, idle, besieged)

    @property
    def _seconds(self) -> float:
        """So long at most does anybody live."""
        return self.scale.seconds(len(self.kinds)) + SPARE_S

    def _start_honest(self, office: Office) -> None:
        scale = self.scale
        sources = [address.of_machine(place, scale.machines) for place in range(scale.machines)]
        last_s = time.monotonic() + scale.everyday_s + len(self.kinds) * scale.phase_s + scale.storm_s
        machines = Machines(office.target, office.identities, sources, scale.exam_every_s, self.seed, last_s)
        self.crew.start("machines", machines, self._seconds)
        self.crew.start("pages", Pages(office.target, office.people, self.seed), self._seconds)

    def _attacks(self, office: Office) -> None:
        loot = Loot(office.target, office.low, office.changers, ADMINISTRATOR, office.overheard, self.seed)
        for kind in self.kinds:
            self._attack(loot, kind, KINDS[kind].words, [kind], self.scale.phase_s)
            self.say.detail(words_of(self.ledger.deeds[kind]))
        if len(self.kinds) > 1:
            self._attack(loot, STORM, "every kind together", self.kinds, self.scale.storm_s)

    def _attack(self, loot: Loot, name: str, words: str, kinds: Sequence[str], seconds: float) -> None:
        for kind in kinds:
            self.crew.start(kind, Attack(kind, self.scale.hostile, loot, seconds * RAMP), self._seconds)
        self._phase(name, words, seconds, kinds)

    def _phase(self, name: str, words: str, seconds: float, attackers: Sequence[str] = ()) -> Stretch:
        self.say.title(f"{name}: {words}")
        self._take(self.crew.await_all(time.monotonic() + BEGIN_MAX_S))
        answered, begin_s = self.ledger.answered, time.monotonic()
        files = self._hear(begin_s + seconds)
        self._take(self.crew.stop(*attackers))
        stretch = Stretch(begin_s, time.monotonic())
        self.phases.append(Phase(name, stretch, self._gauge.lap_mb(), files, self.ledger.answered - answered))
        self.say.plain(sentence(self.ledger, self.phases[-1]))
        return stretch

    def _hear(self, until_s: float) -> int:
        """Until then; the most files that the server had open."""
        files, tell_s = 0, time.monotonic() + TELL_EVERY_S
        while (now_s := time.monotonic()) < until_s:
            self._take(self.crew.hear(min(until_s, now_s + LOOK_EVERY_S)))
            files = max(files, self._gauge.files)
            if not self.server.alive:
                raise DemoFailed("the server has ended:\n" + self.server.log_text())
            if now_s > tell_s:
                tell_s += TELL_EVERY_S
                self.say.detail(f"{self.ledger.unacknowledged} reports under way, {files} files open")
        return files

    def _take(self, parcels: Iterable[list[Message]]) -> None:
        for parcel in parcels:
            self.ledger.note(parcel)

    def _settle(self) -> None:
        """What is under way gets the time that every report has."""
        self.say.title("The attackers are gone: what is under way arrives")
        end_s = time.monotonic() + self.scale.settle_s
        while self.ledger.unacknowledged and (now_s := time.monotonic()) < end_s:
            self._hear(min(end_s, now_s + LOOK_EVERY_S))
        self._take(self.crew.stop("machines", "pages", "prober"))
        self.say.plain(f"{len(self.ledger.reports)} reports written, {self.ledger.unacknowledged} not acknowledged")

    def _evidence(self, office: Office, idle: Stretch, besieged: Stretch) -> Evidence:
        ledger, now_s = self.ledger, time.monotonic()
        frozen = [phase.name for phase in self.phases if not ledger.works(PAGE, phase.stretch)]
        return Evidence(
            reports=list(ledger.reports.values()),
            stored=stored(office.database),
            end_s=now_s,
            health_idle_ms=percentile(ledger.took_ms(HEALTH, idle), 99),
            health_ms=percentile(ledger.took_ms(HEALTH, besieged), 99),
            health_failures=ledger.failures(HEALTH, besieged).total(),
            report_ms=percentile(ledger.reports_ms(besieged, now_s), 99),
            peak_mb=self._gauge.peak_mb,
            frozen=frozen,
            troubles=[f"{trouble.who}: {trouble.words}" for trouble in ledger.troubles],
        )
