"""A run as a whole: bring the map up to date, choose, try in several copies at once, judge."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from tools.mutants import reach as reaches
from tools.mutants.choosing import choose, sample
from tools.mutants.critical import LIST, read_critical
from tools.mutants.equivalents import LIST as EQUIVALENTS
from tools.mutants.equivalents import Equivalent, read_equivalents, stale
from tools.mutants.report import judge, show
from tools.mutants.results import Results, digest_of_project
from tools.mutants.sites import Site, mutated, sites
from tools.mutants.trying import GRACE_S, Fate, Trial, Witnesses, try_site
from tools.mutants.workshop import PACKAGES, Workshop

ROOT: Final = Path(__file__).resolve().parents[2]
AT_LEAST: Final = 4  # mutants of a module, where it can be changed so often
SAMPLED: Final = 40  # modules, one mutant each
SAMPLE_MINUTES: Final = 4.5  # then no mutant is begun any more
WHOLE_MINUTES: Final = 88.0
Work = TypeVar("Work")


class Play:
    """One run over a checkout (or over a small project of a test)."""

    def __init__(
        self,
        seed: int = 1,
        jobs: int = 2,
        only: list[str] | None = None,
        sample: bool = False,
        at_least: int = AT_LEAST,
        grace_s: float = GRACE_S,
        packages: Sequence[str] = PACKAGES,
        root: Path = ROOT,
        critical: Path = LIST,
        equivalents: Path = EQUIVALENTS,
        say: Callable[[str], None] = lambda line: print(line, flush=True),
    ) -> None:
        self._seed, self._jobs, self._only, self._sample = seed, jobs, only or [], sample
        self._at_least, self._grace_s = at_least, grace_s
        self._root, self._say, self._packages = root, say, packages
        self._folder = root / "build" / "mutants"
        self._critical = read_critical(root, critical)
        self._equivalents = read_equivalents(equivalents)

    def record(self, anew: bool = False) -> int:
        """Record the test files that the map does not know as they are now, or all.

        Raises: WorkshopError.
        """
        path = self._folder / "reach.json"
        known = reaches.Reach() if anew else reaches.load(path)
        known.files = {file: one for file, one in known.files.items() if file in self._critical.test_files}
        files = reaches.stale(known, self._root, self._critical.test_files)
        if files:
            self._say(f"recording what {len(files)} test files enter")
            lock = threading.Lock()

            def with_marks(workshop: Workshop) -> Callable[[str], None]:
                recorder = reaches.Recorder(workshop, self._critical.floors)

                def one(file: str) -> None:
                    found, sets = recorder.record(file)
                    with lock:
                        reaches.add(known, file, found, sets)
                        reaches.save(known, path)
                        self._say(f"{file}: {len(found.tests)} tests")

                return one

            self._share_out(files, "recorder", with_marks, lambda: False)
        return 0

    def run(self) -> int:
        """Ends with the report; the process's exit code.

        Raises: WorkshopError, ListError.
        """
        self.record()
        began = time.monotonic()
        minutes = SAMPLE_MINUTES if self._sample else WHOLE_MINUTES
        chosen = self._choose()
        reviewed = [site for site in chosen if any(one.covers(site) for one in self._equivalents)]
        results = Results(self._folder / "results" / f"{digest_of_project(self._root)}.jsonl")
        witnesses = Witnesses(reaches.load(self._folder / "reach.json"))
        left = [site for site in chosen if site not in reviewed and site not in results]
        self._say(f"{len(chosen)} mutants, {len(left)} of them to try")

        def trying(workshop: Workshop) -> Callable[[Site], None]:
            def one(site: Site) -> None:
                trial = try_site(workshop, witnesses, site, self._grace_s)
                results.add(trial)
                self._say(f"{trial.fate:8} {trial.seconds:6.1f} s  {site.module}:{site.line} {site.operator}")

            return one

        self._share_out(left, "worker", trying, lambda: time.monotonic() - began > minutes * 60)
        trials = results.of([site for site in chosen if site not in reviewed])
        trials += [Trial(site, Fate.EQUIVALENT) for site in reviewed]
        verdict = judge(trials, self._critical.floors, self._stale(), len(chosen) - len(trials))
        show(verdict, trials, self._say)
        return verdict.code

    def _choose(self) -> list[Site]:
        """Of the modules that were asked for; a whole run begins with a mutant of each, then the next of each."""
        modules = [one for one in self._critical.floors if not self._only or any(part in one for part in self._only)]
        if self._sample:
            modules = sample(modules, self._seed, SAMPLED)
        found = [self._choose_in(module, 1 if self._sample else None) for module in modules]
        rounds = max(map(len, found), default=0)
        return [each[at] for at in range(rounds) for each in found if at < len(each)]

    def _choose_in(self, module: str, most: int | None) -> list[Site]:
        source = (self._root / module).read_text(encoding="utf-8")
        return choose(self._sites(module), self._seed, self._at_least, lambda site: mutated(source, site) is not None)[
            :most
        ]

    def _stale(self) -> list[Equivalent]:
        modules = {one.module for one in self._equivalents if (self._root / one.module).is_file()}
        return stale(self._equivalents, [site for module in modules for site in self._sites(module)])

    def _sites(self, module: str) -> list[Site]:
        return sites(module, (self._root / module).read_text(encoding="utf-8"))

    def _share_out(
        self,
        work: Sequence[Work],
        name: str,
        prepare: Callable[[Workshop], Callable[[Work], None]],
        over: Callable[[], bool],
    ) -> None:
        """Each thread has a copy of its own and takes the next piece; the first exception ends them all."""
        pieces: queue.SimpleQueue[Work] = queue.SimpleQueue()
        for piece in work:
            pieces.put(piece)
        failures: list[BaseException] = []

        def labour(number: int) -> None:
            try:
                with Workshop(self._root, self._folder / f"{name}-{number}", self._packages) as workshop:
                    do = prepare(workshop)
                    while not failures and not over():
                        do(pieces.get_nowait())
            except queue.Empty:
                pass
            except BaseException as error:  # noqa: BLE001 (raised again in the thread that waits)
                failures.append(error)

        threads = [threading.Thread(target=labour, args=(number,)) for number in range(min(self._jobs, len(work)))]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt as error:
            failures.append(error)
            for thread in threads:
                thread.join()
        if failures:
            raise failures[0]
