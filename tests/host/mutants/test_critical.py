"""The reviewed lists name what exists, and miss nothing that asks for whose things somebody may see."""

import re
from pathlib import Path

import pytest

from tools.mutants.choosing import choose, sample
from tools.mutants.critical import ListError, count_functions, read_critical
from tools.mutants.equivalents import read_equivalents, stale
from tools.mutants.play import ROOT
from tools.mutants.sites import mutated, sites

SCOPED = re.compile(r"\binstitution_ids\b|\bvisible\b")
FLOOR = 0.9
LEAST_MUTANTS = 600
LIST = '[[group]]\nname = "g"\nfloor = 0.5\nmodules = [{modules}]\n[tests]\nleft_out = [{tests}]\n'


def test_every_module_with_a_scope_is_critical() -> None:
    floors = read_critical(ROOT).floors
    scoped = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "backoffice").rglob("*.py")
        if SCOPED.search(path.read_text()) and count_functions(path.read_text())
    }
    assert len(scoped) > 20
    assert scoped - floors.keys() == set()


def test_floors_are_high_and_the_list_is_long() -> None:
    floors = read_critical(ROOT).floors
    assert min(floors.values()) >= FLOOR
    assert sum(count_functions((ROOT / module).read_text()) for module in floors) > LEAST_MUTANTS


def test_no_reviewed_equivalent_is_stale() -> None:
    reviewed = read_equivalents()
    modules = {one.module for one in reviewed}
    known = [site for module in modules for site in sites(module, (ROOT / module).read_text())]
    assert stale(reviewed, known) == []


@pytest.mark.parametrize(("modules", "tests"), [('"gone.py"', ""), ('"till.py"', '"tests/test_gone.py"')])
def test_a_name_of_nothing_is_refused(modules: str, tests: str, tmp_path: Path) -> None:
    (tmp_path / "till.py").write_text("def f():\n    return 1\n")
    (tmp_path / "list.toml").write_text(LIST.format(modules=modules, tests=tests))
    with pytest.raises(ListError, match="names no"):
        read_critical(tmp_path, tmp_path / "list.toml")


def test_an_equivalent_without_a_reason_is_refused(tmp_path: Path) -> None:
    entry = '[[equivalent]]\nmodule = "a"\nfunction = "f"\noperator = "DropCall"\nline = "g()"\nreason = "{reason}"\n'
    (tmp_path / "e.toml").write_text(entry.format(reason="Nothing reads it."))
    assert len(read_equivalents(tmp_path / "e.toml")) == 1
    (tmp_path / "e.toml").write_text(entry.format(reason=" "))
    with pytest.raises(ListError):
        read_equivalents(tmp_path / "e.toml")


def test_the_choice_covers_every_function_and_varies_by_seed() -> None:
    module = "firmware/exams.py"
    source = (ROOT / module).read_text()
    every = sites(module, source)
    chosen = choose(every, 1, 30, lambda site: mutated(source, site) is not None)
    assert len(chosen) == len(set(chosen)) == 30
    assert {site.function for site in chosen} == {site.function for site in every}
    assert len({site.operator for site in chosen}) > 10
    assert chosen == choose(every, 1, 30, lambda site: mutated(source, site) is not None)
    assert chosen != choose(every, 2, 30, lambda site: mutated(source, site) is not None)


def test_a_change_that_does_not_work_is_not_chosen() -> None:
    every = sites("m.py", "def f(a):\n    return a < 3\n")
    bound = next(site for site in every if "Lt_LtE" in site.operator)
    assert bound not in choose(every, 1, 9, lambda site: site != bound)
    assert len(choose(every, 1, 9, lambda site: site != bound)) == len(every) - 1


def test_a_sample_is_of_different_modules() -> None:
    modules = [f"{number}.py" for number in range(50)]
    assert len(set(sample(modules, 1, 20))) == 20
    assert sample(modules, 1, 20) != sample(modules, 2, 20)
    assert sorted(sample(modules, 1, 99)) == sorted(modules)
