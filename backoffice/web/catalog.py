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
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, known, width=120, omit_header=False, sort_output=True, include_lineno=False, no_location=True)
    return known


def untranslated(catalog: Catalog) -> list[str]:
    """The sentences that still have no translation."""
    return [str(message.id) for message in catalog if message.id and not _complete(message.string)]


def _complete(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, "lacks", len(untranslated(update(name))))
