"""Write docs/settings.md from the code: python -m tools.docs.settings [--check]"""

import sys
from inspect import signature
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from tools.docs.source import table, write_or_check

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [path for path in (str(ROOT / "shared"), str(ROOT)) if path not in sys.path]

from backoffice.settings import PREFIX, Settings  # noqa: E402 (the folders are known only now)

DOCUMENT = ROOT / "docs" / "settings.md"

INTRODUCTION = """# Settings

Every setting of the back office is an environment variable. None is a secret: secrets lie in files of their own, or are
typed by a person. A value that makes no sense stops the start, with its name. [operations.md](operations.md) says which
of them a server needs. This file is generated from `backoffice/settings.py` by `make docs`; `make lint` compares them.
"""


def document() -> str:
    rows: list[tuple[object, ...]] = [
        (f"`{PREFIX}{name.upper()}`", _default(field), _words(name, field))
        for name, field in Settings.model_fields.items()
    ]
    return INTRODUCTION + "\n" + table(("setting", "default", "meaning"), rows) + "\n"


def _words(name: str, field: FieldInfo) -> str:
    if not field.description:
        raise ValueError(f"the setting {name} has no docstring")
    return " ".join(field.description.split())


def _default(field: FieldInfo) -> str:
    make: Any = field.default_factory
    if make is None:
        return f"`{str(field.default).lower()}`" if field.default not in ("", None) else ""
    if not signature(make).parameters:
        return "the user's own folder"
    return f"`{make({'data_path': Path(f'${PREFIX}DATA_PATH')})}`"


def main(arguments: list[str]) -> int:
    return write_or_check(DOCUMENT, document(), "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
