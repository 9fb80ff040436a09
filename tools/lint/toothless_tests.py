"""Tests that cannot fail: whatever the program does, they pass. Rules, read from the source of every test:

1. a test asserts something: itself, or in a function or a method of the tests that it calls, through however many;
2. not every assertion stands in a loop that may have nothing to go over: one is outside, or the loop goes over what is
   written there, or over a constant of the file;
3. no assertion is decided by a constant: `... or True`, `... if found else True`, `len(x) >= 0`, `x == x`;
4. no text is said to be missing that stands nowhere else, in no program and in no test: nobody would put it there;
5. what an assertion throws is not caught: no bare `except`, no `Exception`, no `AssertionError` that is not raised
   again or kept;
6. our own code is not replaced: no `mock`, and of our modules only CONSTANTS (times, limits, addresses) are set.

"Asserts" is `assert`, `pytest.raises`, `pytest.fail`, Playwright's `expect`, `raise AssertionError`, `raise_for_status`
and `check_returncode`. A method is known by its name alone.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

ASSERTING = ("raises", "fail", "expect", "raise_for_status", "check_returncode")
OURS = ("backoffice", "benchmarks", "client", "emulator", "tools", "protocol", "gsm")
SOURCES = ("backoffice", "benchmarks", "client", "docs", "emulator", "firmware", "shared", "tests", "tools")
SPOKEN = (".py", ".html", ".js", ".mjs", ".css", ".po", ".md", ".json", ".txt", ".sh", ".toml")
"""Files in which a text may stand."""
QUOTES = "'\""
CATCHES_ALL = ("Exception", "BaseException", "AssertionError")
OF_ITS_INPUT = ("enumerate", "zip", "sorted", "reversed", "list", "tuple", "set", "range", "product", "chain", "count")
"""What goes over something as long as what it is given."""
FIXED_METHODS = ("items", "keys", "values", "splitlines", "split")

Function = ast.FunctionDef | ast.AsyncFunctionDef
Name = tuple[str, str]
"""File and function, or METHOD and method."""
METHOD = ""
ASSERTION = ("", "assert")


@dataclass(frozen=True)
class Module:
    """One file of the tests."""

    path: Path
    tree: ast.Module
    imported: dict[str, str]
    """Local name -> dotted name."""

    def functions(self) -> Iterator[Function]:
        """Functions and methods at any depth."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def tests(self) -> Iterator[Function]:
        """What pytest, or the runner on MicroPython, would call."""
        classes = (node.body for node in self.tree.body if isinstance(node, ast.ClassDef) and node.name[:4] == "Test")
        for node in chain(self.tree.body, *classes):
            if isinstance(node, Function) and node.name.startswith("test"):
                yield node

    def at(self, node: ast.AST, words: str) -> str:
        """A finding."""
        return f"{self.path}:{getattr(node, 'lineno', 0)}: {words}"


def findings(root: Path) -> list[str]:
    """Every breach below ``root`` (a checkout), as "file:line: words"."""
    modules = [_read(path) for path in sorted((root / "tests").rglob("*.py"))]
    asserting, fixed = _leading_to_assertions(modules), _written_by(modules)
    spoken = _everything_that_is_said(root)
    found: list[str] = []
    for module in modules:
        constants = _constants(module) | fixed
        for test in module.tests():
            found += _without_assertion(module, test, asserting)
            found += _only_in_idle_loops(module, test, asserting, constants)
        found += _decided_by_a_constant(module)
        found += _missing_nowhere(module, spoken)
        found += _swallowed(module)
        found += _replaced(module)
    return found


def _read(path: Path) -> Module:
    tree = ast.parse(path.read_text())
    imported: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            imported |= {alias.asname or alias.name: alias.name for alias in node.names}
    return Module(path, tree, imported)


# Who asserts.


def _leading_to_assertions(modules: Iterable[Module]) -> set[Name]:
    """Functions and methods of the tests that assert, themselves or by what they call."""
    called: dict[Name, set[Name]] = {}
    for module in modules:
        methods = {method for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef) for method in node.body}
        for function in module.functions():
            name = (METHOD if function in methods else module.path.stem, function.name)
            names = _called(module, function) | ({ASSERTION} if _asserts_itself(function) else set())
            called.setdefault(name, set()).update(names)
    asserting = {ASSERTION}
    while more := {name for name, names in called.items() if names & asserting} - asserting:
        asserting |= more
    return asserting


def _called(module: Module, node: ast.AST) -> set[Name]:
    """What is called below a node, or handed on to be called."""
    calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
    handed = (value for call in calls for value in (*call.args, *(word.value for word in call.keywords)))
    found = {_name_of(module, call.func) for call in calls}
    given = {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
    return found | {
        _name_of(module, value) for value in handed if isinstance(value, ast.Name) and value.id not in given
    }


def _name_of(module: Module, node: ast.expr) -> Name:
    """A function by its file and name, a method by its name alone; what a program of ours does is no assertion."""
    if _last_name(node) in ASSERTING:
        return ASSERTION
    place = node.value if isinstance(node, ast.Attribute) else node
    dotted = module.imported.get(place.id, "") if isinstance(place, ast.Name) else ""
    if dotted.split(".")[0] in OURS:
        return ("a program's", _last_name(node))
    if isinstance(node, ast.Attribute):
        return (dotted.split(".")[-1] or METHOD, node.attr)
    return (dotted.split(".")[-2] if "." in dotted else module.path.stem, dotted.split(".")[-1] or _last_name(node))


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _asserts_itself(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Assert) or _raises_an_assertion(part) for part in ast.walk(node))


def _raises_an_assertion(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise) and node.exc is not None and "AssertionError" in ast.unparse(node.exc)


def _without_assertion(module: Module, test: Function, asserting: set[Name]) -> Iterator[str]:
    if not (_asserts_itself(test) or _called(module, test) & asserting):
        yield module.at(test, f"{test.name} asserts nothing")


# Loops.


def _written_by(modules: Iterable[Module]) -> set[str]:
    """Functions of the tests that give back what they write down."""
    found: set[str] = set()
    for module in modules:
        for function in module.functions():
            given = [
                part.value for part in ast.walk(function) if isinstance(part, ast.Return) and part.value is not None
            ]
            if given and all(isinstance(value, ast.List | ast.Tuple | ast.Dict) for value in given):
                found |= {f"{function.name}()"} if all(_is_fixed(value, set()) for value in given) else set()
    return found


def _constants(module: Module) -> set[str]:
    """Names that a file gives to something it writes down, and that is not empty."""
    found: set[str] = set()
    for node in module.tree.body:
        found |= _named(node, found)
    return found


def _named(node: ast.AST, fixed: set[str]) -> set[str]:
    """The names that a statement gives to something fixed."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None or not _is_fixed(node.value, fixed):
        return set()
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _only_in_idle_loops(module: Module, test: Function, asserting: set[Name], constants: set[str]) -> Iterator[str]:
    fixed = constants | _written_in(test, constants)
    if any(_is_certain(module, statement, asserting, fixed) for statement in test.body):
        return
    if _asserts_itself(test) or _called(module, test) & asserting:
        yield module.at(test, f"{test.name} asserts only in loops that may have nothing to go over")


def _written_in(test: Function, constants: set[str]) -> set[str]:
    """The same of names within a test; what pytest hands it, it hands as it stands in the parameters."""
    found = {argument.arg for argument in test.args.args}
    for node in ast.walk(test):
        found |= _named(node, constants | found)
    return found


def _is_certain(module: Module, node: ast.AST, asserting: set[Name], fixed: set[str]) -> bool:
    """Whether a statement asserts something each time."""
    if isinstance(node, ast.For | ast.AsyncFor):
        begins = _called(module, node.iter) & asserting
        return bool(begins) or (
            _is_fixed(node.iter, fixed) and any(_is_certain(module, x, asserting, fixed) for x in node.body)
        )
    if isinstance(node, Function | ast.ClassDef):
        return False
    below = [
        part for part in ast.iter_child_nodes(node) if isinstance(part, ast.stmt | ast.excepthandler | ast.match_case)
    ]
    if below and not isinstance(node, ast.expr):
        begins = {name for part in ast.iter_child_nodes(node) if part not in below for name in _called(module, part)}
        return bool(begins & asserting) or any(_is_certain(module, part, asserting, fixed) for part in below)
    return _asserts_itself(node) or bool(_called(module, node) & asserting)


def _is_fixed(node: ast.expr, fixed: set[str]) -> bool:
    """Whether it is written down, and is not nothing."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return bool(node.elts)
    if isinstance(node, ast.Dict):
        return bool(node.keys)
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.Name):
        return node.id in fixed or node.id[:1].isupper()  # a class is an enumeration; a constant of another file
    if isinstance(node, ast.Attribute):
        return node.attr[:1].isupper()
    if isinstance(node, ast.BinOp):
        return _is_fixed(node.left, fixed) or _is_fixed(node.right, fixed)
    if isinstance(node, ast.Subscript):
        return _is_fixed(node.value, fixed)
    if isinstance(node, ast.Call):
        name = _last_name(node.func)
        if isinstance(node.func, ast.Attribute) and name in FIXED_METHODS:
            return _is_fixed(node.func.value, fixed)
        if f"{name}()" in fixed:
            return True
        return name in OF_ITS_INPUT and all(_is_fixed(argument, fixed) for argument in node.args[-1:])
    comprehension = node.generators[0] if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp) else None
    return comprehension is not None and not comprehension.ifs and _is_fixed(comprehension.iter, fixed)


# Assertions that say nothing.


def _decided_by_a_constant(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assert) and _is_always_true(node.test):
            yield module.at(node, f"holds whatever happens: {ast.unparse(node.test)}")


def _is_always_true(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.Tuple):
        return bool(node.elts)
    if isinstance(node, ast.IfExp):
        return _is_always_true(node.body) or _is_always_true(node.orelse)
    if isinstance(node, ast.BoolOp):
        parts = (_is_always_true(value) for value in node.values)
        return any(parts) if isinstance(node.op, ast.Or) else all(parts)
    return isinstance(node, ast.Compare) and len(node.ops) == 1 and _compares_nothing(node)


def _compares_nothing(node: ast.Compare) -> bool:
    left, operator, right = ast.unparse(node.left), node.ops[0], ast.unparse(node.comparators[0])
    if isinstance(operator, ast.GtE):
        return left.startswith("len(") and right == "0"
    return isinstance(operator, ast.Eq | ast.Is | ast.LtE) and left == right and "(" not in left


def _everything_that_is_said(root: Path) -> list[str]:
    files = (path for folder in SOURCES for path in sorted((root / folder).rglob("*")) if path.suffix in SPOKEN)
    return [path.read_text(errors="replace") for path in files]


def _missing_nowhere(module: Module, spoken: list[str]) -> Iterator[str]:
    for node in ast.walk(module.tree):
        text = _said_to_be_missing(node)
        if text and sum(said.count(text) for said in spoken) < 2:
            yield module.at(node, f"is missing everywhere, so also here: {text!r}")


def _said_to_be_missing(node: ast.AST) -> str:
    """The text of ``assert "text" not in something``."""
    test = node.test if isinstance(node, ast.Assert) else None
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotIn) and isinstance(test.left, ast.Constant):
        return test.left.value if isinstance(test.left.value, str) else ""
    return ""


# Assertions that are lost, and code that is not ours any more.


def _swallowed(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if _drops_everything(node):
            yield module.at(node, "swallows what an assertion throws")


def _drops_everything(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        return _catches_all(node.type) and not _goes_on(node)
    return isinstance(node, ast.Call) and _last_name(node.func) == "suppress" and any(map(_catches_all, node.args))


def _catches_all(caught: ast.expr | None) -> bool:
    return caught is None or any(_last_name(part) in CATCHES_ALL for part in ast.walk(caught))


def _goes_on(handler: ast.ExceptHandler) -> bool:
    """It is thrown again, or kept for who looks at it."""
    return handler.name is not None or any(isinstance(part, ast.Raise) for part in ast.walk(handler))


def _replaced(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and "mock" in re.split(r"\W+", ast.unparse(node)):
            yield module.at(node, "stands in for code: use the real part")
        elif isinstance(node, ast.Call) and _last_name(node.func) == "setattr":
            name = _function_of_ours(module, node.args)
            if name:
                yield module.at(node, f"stands in for our own {name}")


def _function_of_ours(module: Module, arguments: list[ast.expr]) -> str:
    """The dotted name of what ``monkeypatch.setattr`` replaces, if it is no constant of one of our modules."""
    target = arguments[0] if arguments else None
    if isinstance(target, ast.Constant):
        dotted = str(target.value)
    elif isinstance(target, ast.Name) and target.id in module.imported:
        dotted = f"{module.imported[target.id]}.{ast.unparse(arguments[1]).strip(QUOTES)}"
    else:
        return ""
    return dotted if dotted.split(".")[0] in OURS and not dotted.split(".")[-1].strip("_").isupper() else ""
