"""What is changed: each operator makes one kind of mistake that a person could make.

cosmic-ray has the operators that replace a token. Here are those that it lacks: whole statements, checks, effects,
filters of queries. All work on the text's syntax tree (parso), so one set serves CPython and MicroPython alike.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from cosmic_ray.ast import get_ast  # type: ignore[import-untyped]
from cosmic_ray.operators.operator import Operator  # type: ignore[import-untyped]
from cosmic_ray.plugins import get_operator  # type: ignore[import-untyped]

Span = tuple[tuple[int, int], tuple[int, int]]  # (line from 1, column from 0), twice

EFFECTS: Final = frozenset({"flush", "append", "extend", "commit", "add", "write", "sync", "delete", "remove", "pop"})
FILTERS: Final = frozenset({"where", "filter", "having"})
TAG_CHECKS: Final = frozenset({"equal", "compare_digest", "verify"})
LEAVING: Final = frozenset({"raise_stmt", "return_stmt", "continue_stmt", "break_stmt"})


class _Own(Operator):  # type: ignore[misc]
    """An operator with at most one position a node."""

    def span(self, node: Any) -> Span | None:
        """Where node would be changed, or None."""
        raise NotImplementedError

    def change(self, node: Any) -> Any:
        """The node that takes node's place."""
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        span = self.span(node)
        if span is not None:
            yield span

    def mutate(self, node: Any, _index: int) -> Any:
        return self.change(node)

    @classmethod
    def examples(cls) -> tuple[()]:
        """They are in tests/host/mutants/test_operators.py."""
        return ()


class NegateCondition(_Own):
    """`if x:` becomes `if not (x):`; while and the conditional expression too."""

    def span(self, node: Any) -> Span | None:
        return _span(_condition(node))

    def change(self, node: Any) -> Any:
        condition = _condition(node)
        return _with(node, condition, f" not ({_bare(condition)})")


class DropCheck(_Own):
    """`if x: raise ...` (or return, continue, break) never happens: `if False:`."""

    def span(self, node: Any) -> Span | None:
        if node.type != "if_stmt" or len(node.children) != 4 or not _only_leaves(node.children[3]):
            return None
        return _span(node.children[1])

    def change(self, node: Any) -> Any:
        return _with(node, node.children[1], " False")


class DropCall(_Own):
    """A call whose result nobody takes is not made, unless DropEffect does that."""

    def span(self, node: Any) -> Span | None:
        call = _called(node)
        return _span(node) if call is not None and call not in EFFECTS else None

    def change(self, node: Any) -> Any:
        return _in_place_of(node, "pass")


class DropEffect(DropCall):
    """A flush, an append, a commit and their like is not made."""

    def span(self, node: Any) -> Span | None:
        return _span(node) if _called(node) in EFFECTS else None


class DropAssignment(_Own):
    """What an object or a table would have remembered is not stored: `self.x = y`, `a[k] = v`, `n += 1`."""

    def span(self, node: Any) -> Span | None:
        if node.type != "expr_stmt" or not _is_statement(node) or not _in_function(node):
            return None
        target, sign = node.children[0], node.children[1]
        stored = target.type in {"atom_expr", "power"} and sign.type == "operator" and sign.value == "="
        counted = sign.type == "operator" and sign.value.endswith("=") and sign.value != "="
        return _span(node) if stored or counted else None

    def change(self, node: Any) -> Any:
        return _in_place_of(node, "pass")


class SwapEffects(_Own):
    """Two statements with an effect, one after the other, change places."""

    def span(self, node: Any) -> Span | None:
        later = _next_statement(node)
        if later is None or not (_has_effect(node) and _has_effect(later)):
            return None
        return node.start_pos, later.end_pos

    def change(self, node: Any) -> Any:
        later = _next_statement(node)
        first, second = _bare(node), _bare(later)
        _replace(later, _in_place_of(later, first))
        return _in_place_of(node, second)


class DropTerm(_Own):
    """`a and b and c` loses a term: the last one."""

    def span(self, node: Any) -> Span | None:
        return _span(node.children[-1]) if node.type in {"and_test", "or_test"} else None

    def change(self, node: Any) -> Any:
        return _in_place_of(node, "".join(child.get_code() for child in node.children[:-2]).strip())


class DropFirstTerm(_Own):
    """`a and b and c` loses its first term."""

    def span(self, node: Any) -> Span | None:
        return _span(node.children[0]) if node.type in {"and_test", "or_test"} else None

    def change(self, node: Any) -> Any:
        return _in_place_of(node, "".join(child.get_code() for child in node.children[2:]).strip())


class DropFilter(_Own):
    """A query loses one `.where(...)` (filter, having) with all it holds."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        found = [(node.children[at], node.children[at + 1]) for at in _filters(node)]
        yield from [(name.start_pos, call.end_pos) for name, call in found]

    def mutate(self, node: Any, index: int) -> Any:
        at = _filters(node)[index]
        del node.children[at : at + 2]
        return node


class DropCriterion(_Own):
    """A `.where(a, b)` loses its last criterion."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        found = [node.children[at].children[1].children[-1] for at in _lists_of_criteria(node)]
        yield from [(last.start_pos, last.end_pos) for last in found]

    def mutate(self, node: Any, index: int) -> Any:
        held = node.children[_lists_of_criteria(node)[index]].children[1]
        del held.children[-2:]
        return node


class AcceptTag(_Own):
    """A comparison of tags or a signature's check always agrees."""

    def span(self, node: Any) -> Span | None:
        if node.type not in {"atom_expr", "power"} or len(node.children) < 2:
            return None
        name = _name_before_call(node)
        return _span(node) if name in TAG_CHECKS and not _is_statement(node) else None

    def change(self, node: Any) -> Any:
        return _in_place_of(node, "True")


class SwapConstant(_Own):
    """A named constant gives way to another one that the same module uses: `reasons.A` becomes `reasons.B`."""

    def span(self, node: Any) -> Span | None:
        return _span(node) if _other_constant(node) is not None else None

    def change(self, node: Any) -> Any:
        other = _other_constant(node)
        assert other is not None
        return _in_place_of(node, other)


OWN: Final[dict[str, type[_Own]]] = {
    kind.__name__: kind
    for kind in (
        NegateCondition,
        DropCheck,
        DropCall,
        DropEffect,
        DropAssignment,
        SwapEffects,
        DropTerm,
        DropFirstTerm,
        DropFilter,
        DropCriterion,
        AcceptTag,
        SwapConstant,
    )
}

# cosmic-ray has every pair of comparisons; these are the mistakes that people make.
FROM_COSMIC_RAY: Final = (
    *(f"core/ReplaceComparisonOperator_{pair}" for pair in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Eq_NotEq")),
    *(f"core/ReplaceComparisonOperator_{pair}" for pair in ("NotEq_Eq", "Is_IsNot", "IsNot_Is")),
    *(f"core/ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "BitAnd_BitOr", "BitOr_BitAnd")),
    *(f"core/ReplaceBinaryOperator_{pair}" for pair in ("Mul_FloorDiv", "FloorDiv_Mul", "LShift_RShift", "Mod_Add")),
    *(f"core/Replace{name}" for name in ("TrueWithFalse", "FalseWithTrue", "AndWithOr", "OrWithAnd")),
    *(f"core/Replace{name}" for name in ("BreakWithContinue", "ContinueWithBreak", "UnaryOperator_Delete_Not")),
    "core/NumberReplacer",
    "core/ZeroIterationForLoop",
)


def operator(name: str) -> Operator:
    """Of ours or of cosmic-ray's.

    Raises: KeyError, there is none of that name.
    """
    return OWN[name]() if name in OWN else get_operator(name)()


NAMES: Final = (*OWN, *FROM_COSMIC_RAY)


def _span(node: Any) -> Span | None:
    return None if node is None else (node.start_pos, node.end_pos)


def _bare(node: Any) -> str:
    return str(node.get_code(include_prefix=False))


def _condition(node: Any) -> Any:
    if node.type in {"if_stmt", "while_stmt"}:
        return node.children[1]
    return node.children[2] if node.type == "ternary" or node.type == "test" else None


def _only_leaves(suite: Any) -> bool:
    """The block holds one simple statement, and that leaves."""
    lines = [child for child in suite.children if child.type != "newline"] if suite.type == "suite" else [suite]
    if len(lines) != 1 or lines[0].type != "simple_stmt":
        return False
    statement = lines[0].children[0]
    return statement.type in LEAVING or (
        statement.type == "keyword" and statement.value in {"return", "continue", "break"}
    )


def _is_statement(node: Any) -> bool:
    return node.parent is not None and node.parent.type == "simple_stmt"


def _in_function(node: Any) -> bool:
    while node is not None:
        if node.type == "funcdef":
            return True
        node = node.parent
    return False


def _called(node: Any) -> str | None:
    """The name that a statement calls, when it is a call and nothing else."""
    if not _is_statement(node) or not _in_function(node):
        return None
    if node.type == "atom_expr" and node.children[0].type == "keyword" and node.children[0].value == "await":
        return _name_before_call(node)
    return _name_before_call(node) if node.type in {"atom_expr", "power"} else None


def _name_before_call(node: Any) -> str | None:
    """`b` of `a.b(...)`, also behind await."""
    last = node.children[-1]
    if last.type != "trailer" or last.children[0].value != "(" or len(node.children) < 2:
        return None
    before = node.children[-2]
    name = before.children[-1] if before.type == "trailer" else before
    return str(name.value) if name.type == "name" else None


def _filters(node: Any) -> list[int]:
    """Which children of node are the `.where` of a `.where(...)`."""
    if node.type not in {"atom_expr", "power"}:
        return []
    found = []
    for at, (name, call) in enumerate(pairwise(node.children)):
        if name.type != "trailer" or call.type != "trailer" or name.children[0].value != ".":
            continue
        if name.children[1].value in FILTERS and call.children[0].value == "(" and len(call.children) == 3:
            found.append(at)
    return found


def _lists_of_criteria(node: Any) -> list[int]:
    """Which children of node are the `(a, b)` of a `.where(a, b)`; a comma at the end is no criterion."""
    held = [(at + 1, node.children[at + 1].children[1]) for at in _filters(node)]
    return [
        at
        for at, one in held
        if one.type == "arglist" and len(one.children) > 2 and one.children[-1].type != "operator"
    ]


def _has_effect(node: Any) -> bool:
    return _called(node) is not None or DropAssignment().span(node) is not None


def _next_statement(node: Any) -> Any:
    """The statement on the line after this one, in the same block."""
    if not _is_statement(node) or len(node.parent.children) != 2:
        return None
    line = node.parent
    siblings = line.parent.children
    later = siblings[siblings.index(line) + 1 :][:1]
    return later[0].children[0] if later and later[0].type == "simple_stmt" else None


def _other_constant(node: Any) -> str | None:
    if not _is_constant(node) or not _in_function(node) or _is_attribute_or_keyword(node):
        return None
    own = _bare(node)
    base = own.rpartition(".")[0]
    others = sorted({name for name in _constants(node.get_root_node()) if name.rpartition(".")[0] == base} - {own})
    if not others:
        return None
    later = [name for name in others if name > own]
    return (later or others)[0]


def _is_constant(node: Any) -> bool:
    if node.type == "name":
        return _shouts(node.value)
    if node.type not in {"atom_expr", "power"} or len(node.children) != 2 or node.children[0].type != "name":
        return False
    trailer = node.children[1]
    return trailer.type == "trailer" and trailer.children[0].value == "." and _shouts(trailer.children[1].value)


def _is_attribute_or_keyword(node: Any) -> bool:
    """`A` of `b.A` and of `f(A=1)` is no constant of its own."""
    around = node.parent
    if around.type == "trailer":
        return bool(around.children[0].value == ".")
    return around.type in {"argument", "param"} and around.children[0] is node


def _shouts(name: str) -> bool:
    return name.isupper() and len(name) > 1


@lru_cache(maxsize=4)
def _constants(root: Any) -> frozenset[str]:
    """Every constant that the module's functions use."""
    found = [node for node in _nodes(root) if _is_constant(node) and _in_function(node)]
    return frozenset(_bare(node) for node in found if not _is_attribute_or_keyword(node))


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", ()):
        yield from _nodes(child)


def _in_place_of(node: Any, code: str) -> Any:
    """The code as a node, with the white space and comments that stood before node."""
    made = get_ast(_prefix(node) + code)
    made.parent = node.parent
    return made


def _prefix(node: Any) -> str:
    return str(node.get_first_leaf().prefix)


def _with(node: Any, old: Any, code: str) -> Any:
    node.children[node.children.index(old)] = get_ast(code)
    return node


def _replace(old: Any, new: Any) -> None:
    siblings = old.parent.children
    siblings[next(at for at, child in enumerate(siblings) if child is old)] = new
