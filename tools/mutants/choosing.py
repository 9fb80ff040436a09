"""Which of the possible changes are tried: few, but every function and all kinds of mistake, by seed."""

import random
from collections import Counter
from collections.abc import Callable

from tools.mutants.sites import Site


def choose(sites: list[Site], seed: int, at_least: int, works: Callable[[Site], bool]) -> list[Site]:
    """Of one module's sites: one for each function, of the kind that was chosen least so far, and more up to at_least.

    The choice depends on nothing but the module's text and the seed, so that a change elsewhere moves nothing.
    """
    rest = sorted(sites, key=lambda site: (site.line, site.operator, site.occurrence))
    if not rest:
        return []
    random.Random(f"{seed} {rest[0].module}").shuffle(rest)  # noqa: S311 (a sample, no secret)
    chosen: list[Site] = []
    used: Counter[str] = Counter()

    def take(among: list[Site]) -> bool:
        for site in sorted(among, key=lambda one: used[one.operator]):  # stable: by chance among equals
            rest.remove(site)
            if works(site):
                chosen.append(site)
                used[site.operator] += 1
                return True
        return False

    for function in dict.fromkeys(site.function for site in rest):
        take([site for site in rest if site.function == function])
    while len(chosen) < at_least and take(list(rest)):
        pass
    return chosen


def sample(modules: list[str], seed: int, count: int) -> list[str]:
    """So many of the modules."""
    return random.Random(f"{seed} sample").sample(modules, min(count, len(modules)))  # noqa: S311
