"""The template environments, one for each language."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backoffice.web import assets
from backoffice.web.i18n import LANGUAGES, translator
from backoffice.web.views import address

TEMPLATE_FOLDER = Path(__file__).parent / "templates"
EXTENSIONS = ("jinja2.ext.i18n",)


@cache
def environment(language: str) -> Environment:
    """Templates that speak this language. A name that a template misspells is an error, not an empty place."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATE_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=EXTENSIONS,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    words = translator(language)
    made.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        address=address,
        languages=LANGUAGES,
        language=language,
        html_language=words.html_language,
        static=assets.static_path(),
        vega=f"/assets/{assets.vega_name()}",
    )
    return made
