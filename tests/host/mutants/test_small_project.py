"""The tool on a project of two files: what a run says is what is so."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.mutants.play import Play
from tools.mutants.reach import Reach, Recorder, add
from tools.mutants.results import Results, digest_of_project
from tools.mutants.sites import Site
from tools.mutants.trying import Fate, Witnesses, try_site
from tools.mutants.workshop import Workshop

TILL = '''\
"""A till."""

LOG = []


def pay(paid, price):
    if paid < price:
        raise ValueError("too little")
    LOG.append(paid)
    return True


def wait(left):
    while left:
        left -= 1
    return "done"


def never_called(a):
    return not a
'''
TESTS = """\
import pytest

from till import pay, wait


def test_refused():
    with pytest.raises(ValueError, match="too little"):
        pay(1, 2)


def test_paid():
    assert pay(2, 1)


def test_wait():
    assert wait(3) == "done"
"""
CRITICAL = '[[group]]\nname = "till"\nfloor = 0.9\nmodules = ["till.py"]\n'
ENTRY = """
[[equivalent]]
module = "till.py"
function = "{function}"
operator = "{operator}"
line = '{line}'
reason = "Nobody reads it."
"""
APPEND = ENTRY.format(function="pay", operator="DropEffect", line="LOG.append(paid)")
STALE = ENTRY.format(function="pay", operator="DropEffect", line="LOG.append(price)")


@dataclass
class Shop:
    """The small project and what a run over it said."""

    root: Path
    said: list[str]

    def play(self, equivalents: str = "") -> int:
        """A run over all sites but those of the endless loop."""
        critical, reviewed = self.root.parent / "critical.toml", self.root.parent / "equivalent.toml"
        critical.write_text(CRITICAL)
        reviewed.write_text(equivalents)
        self.said.clear()
        play = Play(
            jobs=1,
            at_least=100,
            root=self.root,
            packages=(),
            critical=critical,
            equivalents=reviewed,
            say=self.said.append,
        )
        return play.run()

    @property
    def verdict(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.said[-1])
        return found

    @property
    def tried(self) -> int:
        """How many mutants the run had to try."""
        return int(next(line for line in self.said if "mutants," in line).split()[2])


def lay_out(root: Path, till: str) -> None:
    (root / "tests").mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    (root / "till.py").write_text(till)
    (root / "tests" / "test_till.py").write_text(TESTS)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """After one run."""
    root = tmp_path_factory.mktemp("shop") / "s"
    lay_out(root, TILL.replace("    while left:\n        left -= 1\n", ""))
    made = Shop(root, [])
    assert made.play() == 1
    return made


def survivors(shop: Shop) -> dict[str, str]:
    """What each survivor's report says, by operator."""
    found = [text for text in shop.said if text.startswith("survived: ")]
    return {text.split(", ")[1].split()[0]: text for text in found}


def test_what_a_test_notices_is_killed_and_the_rest_is_reported(shop: Shop) -> None:
    shop.play()
    assert set(survivors(shop)) == {
        "DropEffect",
        "core/ReplaceUnaryOperator_Delete_Not",
        "core/ReplaceComparisonOperator_Lt_LtE",
    }
    killed, survived = shop.verdict["killed"], shop.verdict["survived"]
    assert (survived, shop.verdict["floors_missed"]) == (3, ["till.py"])
    assert isinstance(killed, int)
    assert killed >= 3
    assert shop.verdict["mutants"] == killed + 3
    assert shop.verdict["score"] == round(killed / (killed + 3), 4)


def test_a_survivor_is_shown_as_a_diff_with_the_tests_that_ran(shop: Shop) -> None:
    shop.play()
    dropped = survivors(shop)["DropEffect"]
    assert "-    LOG.append(paid)\n+    pass\n" in dropped
    assert "tests/test_till.py::test_paid" in dropped
    assert "tests/test_till.py::test_refused" in dropped
    assert "no test enters this place" not in dropped


def test_an_equivalent_is_counted_as_such(shop: Shop) -> None:
    before = shop.verdict
    assert shop.play(APPEND) == 1
    assert (shop.verdict["equivalent"], shop.verdict["survived"], shop.verdict["killed"]) == (1, 2, before["killed"])
    assert "DropEffect" not in survivors(shop)
    shop.play()


def test_an_equivalent_whose_line_has_changed_is_stale(shop: Shop) -> None:
    shop.play(STALE)
    assert shop.verdict["equivalent"] == 0
    assert [line for line in shop.said if line.startswith("stale: till.py pay")]
    shop.play()
    assert not [line for line in shop.said if line.startswith("stale: ")]


def test_a_run_goes_on_where_it_was(shop: Shop) -> None:
    shop.play()
    verdict = shop.verdict
    assert shop.tried == 0
    file = next((shop.root / "build/mutants/results").iterdir())
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:-2]) + lines[-2][:40])  # as if it had been killed while it wrote
    shop.play()
    assert shop.tried == 2
    assert shop.verdict == verdict


def test_the_checkout_itself_is_never_changed(shop: Shop) -> None:
    assert {path.name for path in shop.root.iterdir()} == {"tests", "pyproject.toml", "till.py", "build"}
    assert "_entered" not in (shop.root / "till.py").read_text()


def test_a_changed_test_is_recorded_anew_and_its_results_with_it(shop: Shop, tmp_path: Path) -> None:
    lay_out(tmp_path / "s", TILL.replace("    while left:\n        left -= 1\n", ""))
    other = Shop(tmp_path / "s", [])
    before = digest_of_project(other.root)
    tests = other.root / "tests" / "test_till.py"
    tests.write_text(TESTS + "\n\ndef test_log():\n    import till\n    assert pay(7, 7) and till.LOG[-1] == 7\n")
    assert digest_of_project(other.root) != before
    other.play()
    assert set(survivors(other)) == {"core/ReplaceUnaryOperator_Delete_Not"}


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """The project with the loop; as Play keeps it."""
    lay_out(tmp_path / "s", TILL)
    return tmp_path / "s"


def recorded(root: Path) -> Reach:
    reach = Reach()
    with Workshop(root, root / "build/mutants/recorder-0", ()) as workshop:
        found, sets = Recorder(workshop, ["till.py"]).record("tests/test_till.py")
        add(reach, "tests/test_till.py", found, sets)
    return reach


def test_the_map_knows_which_test_enters_which_function(bench: Path) -> None:
    reach = recorded(bench)
    test = "tests/test_till.py::test_"
    assert set(reach.tests_of("till.py", "pay")) == {test + "refused", test + "paid"}
    assert set(reach.tests_of("till.py", "wait")) == {test + "wait"}
    assert set(reach.tests_of("till.py", "never_called")) == {test + "refused", test + "paid", test + "wait"}


def test_a_mutant_that_never_ends_counts_as_killed(bench: Path) -> None:
    site = Site("till.py", "DropAssignment", 0, "wait", 15, "left -= 1")
    with Workshop(bench, bench / "build/mutants/worker-0", ()) as workshop:
        trial = try_site(workshop, Witnesses(recorded(bench)), site, grace_s=3)
        assert trial.fate is Fate.LATE
        assert (workshop.copy / "till.py").read_text() == TILL


def test_what_a_test_leaves_behind_is_ended(bench: Path) -> None:
    number = bench / "number"
    (bench / "tests" / "test_leaves.py").write_text(
        "import subprocess, pathlib\n\n\ndef test_leaves():\n"
        "    left = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        f"    pathlib.Path({str(number)!r}).write_text(str(left.pid))\n"
    )
    with Workshop(bench, bench / "build/mutants/worker-0", ()) as workshop:
        assert workshop.run(["tests/test_leaves.py"], 60).passed
        with pytest.raises(ProcessLookupError):
            os.kill(int(number.read_text()), 0)


def test_a_test_that_fails_without_a_change_is_no_witness(bench: Path) -> None:
    reach = recorded(bench)
    tests = bench / "tests" / "test_till.py"
    tests.write_text(
        TESTS.replace("assert pay(2, 1)", "assert not pay(2, 1)").replace("pay(1, 2)", "raise ValueError('too little')")
    )
    site = Site("till.py", "DropCheck", 0, "pay", 7, "if paid < price:")
    with Workshop(bench, bench / "build/mutants/worker-0", ()) as workshop:
        trial = try_site(workshop, Witnesses(reach), site)
    assert trial.fate is Fate.SURVIVED
    assert trial.tests == ["tests/test_till.py::test_refused"]


def test_results_of_another_state_are_not_used(tmp_path: Path, bench: Path) -> None:
    before = digest_of_project(bench)
    (bench / "till.py").write_text(TILL + "\n")
    assert digest_of_project(bench) != before
    site = Site("till.py", "DropCheck", 0, "pay", 7, "if paid < price:")
    assert site not in Results(tmp_path / "results" / "none.jsonl")
