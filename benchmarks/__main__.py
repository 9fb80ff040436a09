"""`python -m benchmarks`: every figure, as a table and in build/bench/bench.json."""

from pathlib import Path

from benchmarks import ingest, pages, tap, uplink, waiting, wire
from benchmarks.figure import save, show

RESULT = Path("build/bench/bench.json")


def main() -> None:
    figures = [figure for part in (tap, waiting, uplink, wire, ingest, pages) for figure in part.figures()]
    show(figures)
    save(figures, RESULT)
    print(f"also in {RESULT}")


if __name__ == "__main__":
    main()
