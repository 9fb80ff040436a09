"""Each operator does to a few lines what its words say, and nothing else."""

import pytest

from tools.mutants.operators import NAMES
from tools.mutants.sites import mutated, sites

# operator, a function's body before, after; the first position is taken.
CASES = [
    ("NegateCondition", "if a or b:\n  g()", "if not (a or b):\n  g()"),
    ("NegateCondition", "while a:\n  g()", "while not (a):\n  g()"),
    ("NegateCondition", "return b if a else c", "return b if not (a) else c"),
    ("DropCheck", "if a:\n  raise E", "if False:\n  raise E"),
    ("DropCheck", "if a:\n  return", "if False:\n  return"),
    ("DropCall", "self.check(a)  # why", "pass  # why"),
    ("DropCall", "await g()", "pass"),
    ("DropEffect", "session.commit()", "pass"),
    ("DropEffect", "file.flush()", "pass"),
    ("DropAssignment", "self.a = b", "pass"),
    ("DropAssignment", "a[b] = c", "pass"),
    ("DropAssignment", "a += b", "pass"),
    ("SwapEffects", "relay.off()\nself.end = a", "self.end = a\nrelay.off()"),
    ("SwapEffects", "a()\n# why\nb()", "b()\n# why\na()"),
    ("DropTerm", "return a and b and c", "return a and b"),
    ("DropFirstTerm", "return a or b or c", "return b or c"),
    ("DropFilter", "return q.where(a).order_by(b)", "return q.order_by(b)"),
    ("DropCriterion", "return q.where(a, b)", "return q.where(a)"),
    ("AcceptTag", "return equal(a, b)", "return True"),
    ("AcceptTag", "if not hmac.compare_digest(a, b):\n  g()", "if not True:\n  g()"),
    ("SwapConstant", "a(ONE)\nb(TWO)", "a(TWO)\nb(TWO)"),
    ("SwapConstant", "a(kinds.ONE)\nb(kinds.TWO)\nc(NONE)", "a(kinds.TWO)\nb(kinds.TWO)\nc(NONE)"),
    ("core/ReplaceComparisonOperator_Lt_LtE", "return a < b", "return a <= b"),
    ("core/ReplaceComparisonOperator_LtE_Lt", "return a <= b", "return a < b"),
    ("core/ReplaceComparisonOperator_Gt_GtE", "return a > b", "return a >= b"),
    ("core/ReplaceComparisonOperator_GtE_Gt", "return a >= b", "return a > b"),
    ("core/ReplaceComparisonOperator_Eq_NotEq", "return a == b", "return a != b"),
    ("core/ReplaceComparisonOperator_NotEq_Eq", "return a != b", "return a == b"),
    ("core/ReplaceComparisonOperator_Is_IsNot", "return a is b", "return a is not b"),
    ("core/ReplaceComparisonOperator_IsNot_Is", "return a is not b", "return a is b"),
    ("core/ReplaceBinaryOperator_Add_Sub", "return a + b", "return a - b"),
    ("core/ReplaceBinaryOperator_Sub_Add", "return a - b", "return a + b"),
    ("core/ReplaceBinaryOperator_BitAnd_BitOr", "return a & b", "return a | b"),
    ("core/ReplaceBinaryOperator_BitOr_BitAnd", "return a | b", "return a & b"),
    ("core/ReplaceBinaryOperator_Mul_FloorDiv", "return a * b", "return a // b"),
    ("core/ReplaceBinaryOperator_FloorDiv_Mul", "return a // b", "return a * b"),
    ("core/ReplaceBinaryOperator_LShift_RShift", "return a << b", "return a >> b"),
    ("core/ReplaceBinaryOperator_Mod_Add", "return a % b", "return a + b"),
    ("core/ReplaceTrueWithFalse", "return True", "return False"),
    ("core/ReplaceFalseWithTrue", "return False", "return True"),
    ("core/ReplaceAndWithOr", "return a and b", "return a or b"),
    ("core/ReplaceOrWithAnd", "return a or b", "return a and b"),
    ("core/ReplaceBreakWithContinue", "while a:\n  break", "while a:\n  continue"),
    ("core/ReplaceContinueWithBreak", "while a:\n  continue", "while a:\n  break"),
    ("core/ReplaceUnaryOperator_Delete_Not", "return not a", "return a"),
    ("core/NumberReplacer", "return 7", "return 8"),
    ("core/ZeroIterationForLoop", "for a in b:\n  g()", "for a in []:\n  g()"),
]


def function(body: str) -> str:
    return "def f():\n" + "".join(f"  {line}\n" for line in body.splitlines())


@pytest.mark.parametrize(("name", "before", "after"), CASES)
def test_an_operator_does_what_its_words_say(name: str, before: str, after: str) -> None:
    source = function(before)
    site = next(site for site in sites("m.py", source) if site.operator == name)
    changed = mutated(source, site)
    assert changed is not None
    assert [line.split() for line in changed.splitlines()] == [line.split() for line in function(after).splitlines()]


def test_every_operator_is_shown_above() -> None:
    assert {name for name, _, _ in CASES} == set(NAMES)


# operator and a function's body that offers it nothing.
NOTHING = [
    ("DropCheck", "if a:\n  g()\n  raise E"),
    ("DropCheck", "if a:\n  return\nelse:\n  g()"),
    ("DropCall", "session.commit()"),
    ("DropCall", "a = g()"),
    ("DropEffect", "g()"),
    ("DropAssignment", "a = b"),
    ("SwapEffects", "g()\na = b\ng()"),
    ("DropCriterion", "return q.where(a)"),
    ("SwapConstant", "a(ONE)\nb(kinds.TWO)"),
    ("core/NumberReplacer", "a: Annotated[int, 3] = b"),
]


@pytest.mark.parametrize(("name", "body"), NOTHING)
def test_an_operator_leaves_the_rest_alone(name: str, body: str) -> None:
    assert name not in {site.operator for site in sites("m.py", function(body))}


def test_each_filter_of_a_query_can_go() -> None:
    source = function("return q.where(a == b).join(c).where(d)")
    changed = [mutated(source, site) for site in sites("m.py", source) if site.operator == "DropFilter"]
    assert changed == [function("return q.join(c).where(d)"), function("return q.where(a == b).join(c)")]


def test_a_site_names_its_function_line_and_text() -> None:
    source = "LIMIT = 3\n\n\nclass A:\n    def b(self, n: int = 2) -> None:\n        def c():\n            n.flush()\n"
    found = {(site.function, site.operator, site.line, site.text) for site in sites("m.py", source)}
    assert found == {
        ("<module>", "core/NumberReplacer", 1, "LIMIT = 3"),
        ("A.b", "core/NumberReplacer", 5, "def b(self, n: int = 2) -> None:"),
        ("A.b", "DropEffect", 7, "n.flush()"),
    }


def test_what_would_not_compile_is_no_mutant() -> None:
    """cosmic-ray takes the lone star for a multiplication too."""
    source = "def f(a, *, b):\n    return a * b\n"
    operator = "core/ReplaceBinaryOperator_Mul_FloorDiv"
    changed = [mutated(source, site) for site in sites("m.py", source) if site.operator == operator]
    assert changed == [None, source.replace("a * b", "a // b")]
