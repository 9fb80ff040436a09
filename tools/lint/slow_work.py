"""Slow work inside a lock: where the back office would hash, sign, render a page, or wait for a device or the network
while others wait for the lock that it holds.

A hash takes as long as storing ten reports, and SQLite has one write lock. Rules, read from the source:

1. what hashes (``SLOW``) is called nowhere but in its own module: it is handed to the hashing line
   (backoffice/hashing.py), which bounds how many there are at once;
2. nothing that leads there, through however many functions, stands inside a ``with`` that opens a transaction;
3. nothing that leads there gets a session: no ``Session`` and no dependency that brings one, directly or by another;
4. what signs, renders or waits stands inside no transaction that writes: neither in its ``with`` nor in an endpoint
   that changes something and has the request's session; what signs or waits gets no session as an argument, also not
   in a lambda;
5. inside the authority's room (``room.use``) nothing leads to a transaction, to a claim on a device, or to waiting.

"Leads" goes through functions and methods of a module, named or handed on; what is called on an object is known by the
object's usual name (``RECEIVERS``).
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

SLOW = {
    "backoffice.accounts.secrets": ("hash_password", "is_right"),
    "backoffice.authority.sealing": ("seal", "open_"),
}
"""What hashes. Whatever else computes a memory-hard function has to be named here: rule 1 finds the libraries, too."""
SIGNING = {"backoffice.authority.signing": ("sign", "public_key")}
WAITING = {"time": ("sleep",), "urllib.request": ("urlopen",)}
PAGES = {"backoffice.web.page": ("render",)}
RECEIVERS = {"issuer": (), "platform": ("send",), "at_desk": ("do",), "desk": ("ask", "rest", "page")}
"""Devices, the network, and people with cards, by what they are called; an empty list means every method."""
ROOM = "use"
SAFE_METHODS = ("get", "head")
SLOW_LIBRARIES = ("argon2", "cryptography.hazmat.primitives.kdf.argon2", "cryptography.hazmat.primitives.kdf.scrypt")
TRANSACTIONS = ("transaction", "dated", "write_connection", "begin", "reading", "_begin")
SESSION_TYPES = ("Session", "SessionDep")

Name = tuple[str, str]
"""Module and function."""


@dataclass
class Function:
    """One function, and the functions that it names."""

    name: Name
    mentions: set[Name]
    opens: bool
    """Whether it opens a transaction itself."""


@dataclass
class Module:
    """One file: its functions, and what its names stand for."""

    name: str
    path: Path
    tree: ast.Module
    names: dict[str, str] = field(default_factory=dict)
    """Local name -> dotted name."""


def findings(root: Path) -> list[str]:
    """Every breach below ``root`` (a checkout), as "file:line: words"."""
    modules = [_read(root, path) for path in sorted((root / "backoffice").rglob("*.py"))]
    functions = [function for module in modules for function in _functions(module)]
    slow = _leading_to(_names(SLOW), functions)
    away = _leading_to(_names(WAITING) | _received(functions), functions)
    waiting = away | _leading_to(_names(SIGNING), functions)
    opening = _leading_to({function.name for function in functions if function.opens}, functions)
    bringing = _bringing_sessions(modules)
    found: list[str] = []
    for module in modules:
        found += _past_the_line(module)
        found += _inside_transactions(module, slow)
        found += _with_sessions(module, slow, bringing)
        found += _waiting_to_write(module, waiting | _leading_to(_names(PAGES), functions), bringing)
        found += _handed_sessions(module, waiting)
        found += _in_the_room(module, away | opening)
    return found


def _names(sets: Mapping[str, Iterable[str]]) -> set[Name]:
    return {(module, name) for module, names in sets.items() for name in names}


def _received(functions: list[Function]) -> set[Name]:
    """Every call on a device or the network that is made anywhere."""
    return {name for function in functions for name in function.mentions if name[0].startswith("<")}


def _read(root: Path, path: Path) -> Module:
    parts = path.relative_to(root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    module = Module(name, path, ast.parse(path.read_text()))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            module.names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            module.names |= {alias.asname or alias.name: alias.name for alias in node.names}
    for function in _functions_of(module.tree):
        module.names.setdefault(function.name, f"{name}.{function.name}")
    return module


def _functions_of(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions and methods; one inside another is part of that."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from _functions_of(node)


def _functions(module: Module) -> Iterator[Function]:
    for node in _functions_of(module.tree):
        opens = any(isinstance(part, ast.With) and _is_transaction(part) for part in ast.walk(node))
        yield Function((module.name, node.name), set(_mentions(module, node)), opens)


def _mentions(module: Module, node: ast.AST) -> Iterator[Name]:
    """Every function of a module that is named below a node: called, or handed on to be called."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield _split(module.names.get(part.id, ""))
        elif isinstance(part, ast.Attribute):
            yield _split(_dotted(module, part))
            yield _on_receiver(part)


def _dotted(module: Module, node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return module.name if node.id == "self" else module.names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(module, node.value)}.{node.attr}"
    return ""


def _on_receiver(node: ast.Attribute) -> Name:
    """A method of something that is known by its name: ("<issuer>", "write"), or nothing."""
    receiver = ast.unparse(node.value).split(".")[-1]
    methods = RECEIVERS.get(receiver)
    return (f"<{receiver}>", node.attr) if methods is not None and (not methods or node.attr in methods) else ("", "")


def _split(dotted: str) -> Name:
    module, _dot, name = dotted.rpartition(".")
    return module, name


def _leading_to(slow: set[Name], functions: list[Function]) -> set[Name]:
    """The slow ones, and whatever names one that leads to them."""
    while True:
        more = {function.name for function in functions if function.mentions & slow} - slow
        if not more:
            return slow
        slow = slow | more


def _past_the_line(module: Module) -> Iterator[str]:
    if module.name in SLOW:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _is_slow(_split(_dotted(module, node.func))):
            yield f"{module.path}:{node.lineno}: past the hashing line: {ast.unparse(node.func)}"
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(SLOW_LIBRARIES):
            yield f"{module.path}:{node.lineno}: hashes without being named: {node.module}"
        elif isinstance(node, ast.Import) and any(alias.name.startswith(SLOW_LIBRARIES) for alias in node.names):
            yield f"{module.path}:{node.lineno}: hashes without being named: {ast.unparse(node)}"


def _is_slow(name: Name) -> bool:
    return name[1] in SLOW.get(name[0], ())


def _inside_transactions(module: Module, slow: set[Name]) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.With | ast.AsyncWith) and _is_transaction(node):
            for name in _named_in(module, node.body) & slow:
                yield f"{module.path}:{node.lineno}: hashes inside a transaction: {name[1]}"


def _waiting_to_write(module: Module, waiting: set[Name], bringing: set[str]) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if _writes(node) or _changes_something(node, bringing):
            for name in _named_in(module, _under_the_lock(node)) & waiting:
                yield f"{module.path}:{node.lineno}: others wait to write meanwhile: {name[1]}"


def _handed_sessions(module: Module, waiting: set[Name]) -> Iterator[str]:
    """Functions and lambdas that somebody else calls with his session."""
    for node in ast.walk(module.tree):
        if _is_handed_a_session(node):
            for name in _named_in(module, ast.iter_child_nodes(node)) & waiting:
                yield f"{module.path}:{node.lineno}: has somebody's session meanwhile: {name[1]}"


def _is_handed_a_session(node: ast.AST) -> TypeGuard[ast.FunctionDef | ast.Lambda]:
    if isinstance(node, ast.FunctionDef):
        return any(_words(argument.annotation) & {"Session"} for argument in _arguments(node))
    return isinstance(node, ast.Lambda) and any(argument.arg == "session" for argument in node.args.args)


def _writes(node: ast.AST) -> TypeGuard[ast.With]:
    return isinstance(node, ast.With) and _is_transaction(node) and not _only_reads(node)


def _in_the_room(module: Module, kept_out: set[Name]) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.With) and any(_calls(item.context_expr, (ROOM,)) for item in node.items):
            for name in _named_in(module, node.body) & kept_out:
                yield f"{module.path}:{node.lineno}: the authority's room is held meanwhile: {name[1]}"
            if len(node.items) > 1 or any(_calls(part, (*TRANSACTIONS, "claim")) for part in _parts_of(node.body)):
                yield f"{module.path}:{node.lineno}: the authority's room is held meanwhile"


def _named_in(module: Module, nodes: Iterable[ast.AST]) -> set[Name]:
    return {name for node in nodes for name in _mentions(module, node)}


def _parts_of(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        yield from ast.walk(node)


def _under_the_lock(node: ast.With | ast.FunctionDef) -> Iterator[ast.AST]:
    """What an endpoint reads in a transaction of its own comes before its session's first use, so before the lock."""
    for part in node.body:
        if not (isinstance(node, ast.FunctionDef) and isinstance(part, ast.With) and _only_reads(part)):
            yield part


def _only_reads(node: ast.With) -> bool:
    return any(_calls(item.context_expr, ("reading",)) or "READ" in ast.unparse(item) for item in node.items)


def _changes_something(node: ast.AST, bringing: set[str]) -> TypeGuard[ast.FunctionDef]:
    if not isinstance(node, ast.FunctionDef):
        return False
    calls = [ast.unparse(made.func) for made in node.decorator_list if isinstance(made, ast.Call)]
    methods = {call.split(".")[1] for call in calls if call.startswith("router.")} - set(SAFE_METHODS)
    return bool(methods) and any(_words(argument.annotation) & bringing for argument in _arguments(node))


def _is_transaction(node: ast.With | ast.AsyncWith) -> bool:
    return any(_opens(item.context_expr) for item in node.items)


def _opens(expression: ast.expr) -> bool:
    return _calls(expression, TRANSACTIONS)


def _calls(node: ast.AST, names: Iterable[str]) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in names


def _with_sessions(module: Module, slow: set[Name], bringing: set[str]) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (module.name, node.name) in slow:
            for argument in _arguments(node):
                if _words(argument.annotation) & bringing:
                    yield f"{module.path}:{node.lineno}: {node.name} hashes, and has a session by {argument.arg}"


def _arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def _words(annotation: ast.expr | None) -> set[str]:
    return {part.id for part in ast.walk(annotation) if isinstance(part, ast.Name)} if annotation else set()


def _bringing_sessions(modules: list[Module]) -> set[str]:
    """Words in an annotation that bring a session: itself, dependencies that ask for one, what holds one."""
    needs: dict[str, set[str]] = {}
    for module in modules:
        for node in module.tree.body:
            for name, words in _needs(node):
                needs.setdefault(name, set()).update(words)
    bringing = set(SESSION_TYPES)
    while True:
        more = {name for name, words in needs.items() if words & bringing} - bringing
        if not more:
            return bringing
        bringing |= more


def _needs(node: ast.stmt) -> Iterator[tuple[str, set[str]]]:
    """What a module's name depends on: a dependency's function, its alias, a class with its fields and its call."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name, set().union(*(_words(argument.annotation) for argument in _arguments(node)))
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and "Depends" in _words(node.value):
        yield node.targets[0].id, _words(node.value)
    elif isinstance(node, ast.ClassDef):
        for part in node.body:
            if isinstance(part, ast.AnnAssign):
                yield node.name, _words(part.annotation)
            elif isinstance(part, ast.FunctionDef) and part.name in ("__init__", "__call__"):
                yield node.name, set().union(*(_words(argument.annotation) for argument in _arguments(part)))
