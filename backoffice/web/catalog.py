"""For translators: collects every sentence, and tells which ones a language lacks.

python -m backoffice.web.catalog zh_Hans      brings the language's catalog up to date
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from backoffice.web.i18n import DOMAIN, catalog_path

SOURCE = Path(__file__).parent
METHODS = [("templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
OPTIONS = {"templates/**.html": {"extensions": "jinja2.ext.i18n", "trim_blocks": "true", "silent": "false"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None, "say": None, "plural": (1, 2)}


def collect() -> Catalog:
    """Every sentence that pages may say."""
    found = Catalog(domain=DOMAIN, project="Perscan", copyright_holder="the Perscan authors", charset="utf-8")
    for file, _line, message, _comments, _context in extract_from_dir(
        SOURCE, METHODS, OPTIONS, KEYWORDS, strip_comment_tags=True
    ):
        found.add(message, locations=[(file, 0)])
    return found


def update(language: str) -> Catalog:
    """The language's catalog with every sentence of today in it; new ones are empty, old ones are dropped."""
    path = catalog_path(language)
    known = Catalog(locale=language, domain=DOMAIN)
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale=language, domain=DOMAIN)
    known.update(collect(), no_fuzzy_matching=True)
    known.obsolete.clear()
    return known


def write(language: str, catalog: Catalog) -> None:
    """Put the language's catalog in its place. No dates in it: the same sentences are the same file."""
    path = catalog_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    head = f'# Perscan, the pages of the back office.\nmsgid ""\nmsgstr ""\n{_header(language)}\n'
    with path.open("wb") as file:
        file.write(head.encode())
        write_po(file, catalog, width=120, omit_header=True, sort_output=True, no_location=True)


def _header(language: str) -> str:
    plural = "nplurals=1; plural=0;" if language.startswith("zh") else "nplurals=2; plural=(n != 1);"
    lines = (f"Language: {language}", "Content-Type: text/plain; charset=utf-8", f"Plural-Forms: {plural}")
    return "".join(f'"{line}\\n"\n' for line in lines)


def untranslated(catalog: Catalog) -> list[str]:
    """The sentences that still have no translation."""
    return [str(message.id) for message in catalog if message.id and not _complete(message.string)]


def _complete(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        catalog = update(name)
        write(name, catalog)
        print(name, "lacks", len(untranslated(catalog)))
