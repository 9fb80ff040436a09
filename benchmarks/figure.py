"""One measured figure, and the table and file that figures become."""

import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """A number with its unit and how it was found. ``goal`` in words, where there is one."""

    group: str
    name: str
    value: float
    unit: str
    method: str
    goal: str = ""
    met: bool | None = None


def show(figures: list[Figure]) -> None:
    """A table for each group, and under it how each figure was found."""
    console = Console()
    for group in dict.fromkeys(figure.group for figure in figures):
        table = Table(title=group, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
        table.add_column("figure")
        table.add_column("value", justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
        table.add_column("goal", no_wrap=True)
        mine = [figure for figure in figures if figure.group == group]
        for figure in mine:
            table.add_row(figure.name, _rounded(figure.value), figure.unit, _goal(figure))
        console.print(table)
        for figure in mine:
            console.print(f"  {figure.name}: {figure.method}", style="dim", soft_wrap=True)
        console.print()


def save(figures: list[Figure], path: Path) -> None:
    """JSON for programs; the machine it was measured on beside the figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    where = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    path.write_text(json.dumps({"measured_on": where, "figures": [asdict(figure) for figure in figures]}, indent=2))


def _rounded(value: float) -> str:
    """Three digits that mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _goal(figure: Figure) -> str:
    if figure.met is None:
        return figure.goal
    return f"{figure.goal}, {'[green]met[/]' if figure.met else '[red]missed[/]'}"
