"""What the documents are made from: values of the running code, and the comment on the line that declares them."""

import ast
import io
import tokenize
from pathlib import Path
from types import ModuleType


def constants(module: ModuleType, *prefixes: str) -> list[tuple[str, object, str]]:
    """(name, value, comment) of the module's commented constants, in the order of the source."""
    comments = _comments(module)
    found = []
    for node in _tree(module).body:
        if isinstance(node, ast.Assign) and node.end_lineno in comments:
            name = _name(node)
            if name and (not prefixes or name.startswith(prefixes)):
                found.append((name, getattr(module, name), comments[node.end_lineno]))
    return found


def meanings(module: ModuleType, name: str) -> list[str]:
    """The comments behind the elements of a tuple: NAME, or Class.NAME."""
    comments = _comments(module)
    elements = _assigned(_tree(module).body, name.split(".")).elts
    missing = [element.lineno for element in elements if element.end_lineno not in comments]
    if missing:
        raise ValueError(f"{module.__name__}: line {missing[0]} of {name} has no comment")
    return [comments[element.end_lineno or 0] for element in elements]


def law(module: ModuleType) -> str:
    """The paragraph of the module's docstring that starts with "Law:"."""
    paragraphs = (module.__doc__ or "").split("\n\n")
    laws = [paragraph for paragraph in paragraphs if paragraph.strip().startswith("Law:")]
    if len(laws) != 1:
        raise ValueError(f"{module.__name__} has no law")
    text = " ".join(laws[0].strip().removeprefix("Law:").split())
    return "*Law:* " + text[0].upper() + text[1:]


def summary(function: object) -> str:
    return " ".join((getattr(function, "__doc__", "") or "").split())


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def write_or_check(path: Path, text: str, check: bool) -> int:
    """Write the document, or say that the stored one is not what the code says now."""
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return 0
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return 0
    print(f"{path.name} differs from the code: run the generator without --check")
    return 1


def _assigned(body: list[ast.stmt], path: list[str]) -> ast.Tuple:
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name == path[0] and len(path) > 1:
            return _assigned(node.body, path[1:])
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple) and _name(node) == path[0]:
            return node.value
    raise ValueError(f"no tuple {'.'.join(path)}")


def _name(node: ast.Assign) -> str:
    return node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""


def _source(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text(encoding="utf-8")


def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(_source(module))


def _comments(module: ModuleType) -> dict[int | None, str]:
    tokens = tokenize.generate_tokens(io.StringIO(_source(module)).readline)
    # A comment behind code; lines that are only a comment explain something else.
    return {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokens
        if token.type == tokenize.COMMENT and token.line[: token.start[1]].strip()
    }
