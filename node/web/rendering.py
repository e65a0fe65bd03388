"""Templates made into pages: Jinja2 with autoescape, Chinese texts in the templates, English in a catalogue.

Promises: what is filled in is escaped; a name that a template uses and nobody gives is an error, no blank. Nothing is
compiled before: catalogues are read as they are written (.po) when the node starts.
"""

from __future__ import annotations

import gettext
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from babel.messages.pofile import read_po
from jinja2 import Environment, PackageLoader, StrictUndefined

from node.web.asking import Language

__all__ = ["LOCALE", "STYLE", "STYLE_PATH", "Templates"]

_ROOM: Final = Path(__file__).parent
LOCALE: Final = _ROOM / "locale"
STYLE: Final = (_ROOM / "static" / "tongjie.css").read_bytes()
STYLE_PATH: Final = f"/style.css?v={sha256(STYLE).hexdigest()[:12]}"


class Catalogue(gettext.NullTranslations):
    """English for the Chinese that stands in the templates."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        with path.open("rb") as file:
            self._texts = {message.id: message.string for message in read_po(file) if message.id}

    def gettext(self, message: str) -> str:
        return str(self._texts.get(message) or message)


class Templates:
    """Both languages, ready."""

    def __init__(self) -> None:
        catalogue = Catalogue(LOCALE / "en" / "LC_MESSAGES" / "web.po")
        self._of: dict[Language, Environment] = {
            "zh": _environment(gettext.NullTranslations()),
            "en": _environment(catalogue),
        }
        for made in self._of.values():
            for template in made.list_templates(extensions=["html"]):
                made.get_template(template)  # compiled now: then no page waits for it

    def render(self, template: str, language: Language, /, **values: Any) -> bytes:
        """The page as UTF-8."""
        page = self._of[language].get_template(template)
        return page.render(language=language, style=STYLE_PATH, **values).encode("utf-8", "replace")


def _environment(translations: gettext.NullTranslations) -> Environment:
    made = Environment(
        loader=PackageLoader("node.web"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    i18n: Any = made
    i18n.install_gettext_translations(translations, newstyle=True)
    return made
