"""What the demonstration says on the terminal: one line a happening, the time in front, colour where it helps."""

import time

from rich.console import Console
from rich.table import Table

PROGRESS_EVERY = 10
MARKS = {"step": "[bold cyan]{0}[/]", "good": "[green]{0}[/]", "bad": "[yellow]{0}[/]", "plain": "{0}"}


class Narrator:
    """Speaks to a person; `result` alone is for programs."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._began_s = time.monotonic()

    def title(self, words: str) -> None:
        self._console.rule(f"[bold]{words}[/]", align="left")

    def step(self, number: int, words: str) -> None:
        self._line("step", f"Step {number:2}  {words}")

    def detail(self, words: str) -> None:
        self._console.print(f"              {words}", style="dim")

    def good(self, words: str) -> None:
        self._line("good", f"✓ {words}")

    def refused(self, words: str) -> None:
        self._line("bad", f"✗ {words}")

    def plain(self, words: str) -> None:
        self._line("plain", words)

    def table(self, title: str, rows: list[tuple[str, str]]) -> None:
        table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
        for left, right in rows:
            table.add_row(left, right)
        self._console.print(table)

    def grid(self, headings: list[str], rows: list[list[str]]) -> None:
        """A table with headings; numbers stand to the right."""
        table = Table(box=None, padding=(0, 1))
        for place, heading in enumerate(headings):
            table.add_column(heading, justify="right" if place else "left")
        for row in rows:
            table.add_row(*row)
        self._console.print(table)

    def error(self, words: str) -> None:
        self._console.print(words, style="bold red")

    def progress(self, what: str, done: int, of: int) -> None:
        """Now and then, of work that takes long."""
        if done and done % PROGRESS_EVERY == 0:
            self.detail(f"{done} of {of} {what}")

    def log(self, text: str) -> None:
        """What a program said before things went wrong."""
        self._console.print(text, style="dim", markup=False)

    def result(self, line: str) -> None:
        """One line, unadorned, for whoever reads it by program."""
        print(line, flush=True)

    def _line(self, mark: str, words: str) -> None:
        elapsed_s = time.monotonic() - self._began_s
        self._console.print(f"[dim]{elapsed_s:7.1f} s[/]  " + MARKS[mark].format(words))
