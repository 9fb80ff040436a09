"""Words in the reader's language.

Templates and Python mark every sentence with gettext. English is the source; every other language is one catalog,
`locale/<language>/LC_MESSAGES/backoffice.po`, read at start: no compiled file is kept beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.core import negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

LOCALE_FOLDER = Path(__file__).parent / "locale"
DOMAIN = "backoffice"
LANGUAGES: Mapping[str, str] = {"en": "English", "zh_Hans": "简体中文"}
LANGUAGE_COOKIE = "language"
# Browsers ask for a country, catalogs are written for a script.
_ALIASES = {"zh": "zh_Hans", "zh_cn": "zh_Hans", "zh_sg": "zh_Hans", "zh_hans": "zh_Hans", "zh_hans_cn": "zh_Hans"}


def mark(message: str) -> str:
    """Mark a sentence for the catalog without translating it yet (gettext's N_)."""
    return message


@dataclass(frozen=True)
class Translator:
    """The sentences of one language; what is not in its catalog stays English."""

    language: str
    catalog: Catalog

    @property
    def locale(self) -> Locale:
        return Locale.parse(self.language)

    @property
    def html_language(self) -> str:
        return self.language.replace("_", "-")

    def gettext(self, message: str) -> str:
        found = self.catalog.get(message)
        return found.string if found and isinstance(found.string, str) and found.string else message

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        found = self.catalog.get(singular)
        if found is None or not isinstance(found.string, tuple | list) or not all(found.string):
            return singular if number == 1 else plural
        return str(found.string[_plural_index(self.catalog, number)])


def _plural_index(catalog: Catalog, number: int) -> int:
    # English and Chinese are all we ship: two forms, or one.
    return 0 if catalog.num_plurals == 1 or number == 1 else 1


def catalog_path(language: str) -> Path:
    return LOCALE_FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def translator(language: str) -> Translator:
    path = catalog_path(language)
    if not path.exists():
        return Translator(language, Catalog(locale=language))
    with path.open("rb") as file:
        return Translator(language, read_po(file, locale=language, domain=DOMAIN))


def choose_language(wanted: str | None, accept_language: str) -> str:
    """The language that was asked for, else the best one that the browser accepts, else English."""
    if wanted is not None and wanted in LANGUAGES:
        return wanted
    accepted = [part.split(";")[0].strip().replace("-", "_") for part in accept_language.split(",")][:10]
    named = [_ALIASES.get(code.lower(), code) for code in accepted if code and code != "*"]
    return negotiate_locale(named, list(LANGUAGES)) or "en"
