"""`python -m emulator.enumerate`: exit code 0 when every invariant held at every point."""

import argparse
import sys
import time

from emulator.enumerate.outcome import Tally
from emulator.enumerate.run import SCENARIOS, enumerate_all, report


def main() -> int:
    parser = argparse.ArgumentParser(description="Tear and cut one debit, one batch card and one issue everywhere.")
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], help="all, unless some are named")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="a sample: only every n-th point")
    wanted = parser.parse_args()
    if min(wanted.jobs, wanted.every) < 1:
        parser.error("--jobs and --every count from 1")
    began_s = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - began_s:6.1f} s  {words}", flush=True)

    tallies = enumerate_all(wanted.scenarios or list(SCENARIOS), wanted.seed, wanted.jobs, say, wanted.every)
    for line in report(tallies):
        print(line, flush=True)
    return 0 if Tally.total(tallies.values()).whole else 1


if __name__ == "__main__":
    sys.exit(main())
