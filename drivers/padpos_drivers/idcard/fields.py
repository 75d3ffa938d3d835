"""Strict reading of single fields of a text block.

Every failure is a :class:`CardUnreadable` that names the field. No error is raised while another
is being handled: Python would keep the first one, and with it the bytes of the card.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Final

from padpos_drivers.idcard.document import Sex
from padpos_drivers.idcard.errors import CardUnreadable
from padpos_drivers.idcard.layouts import Span
from padpos_drivers.idcard.number import parse_date

Block = bytes | bytearray
_PADDING: Final = " \0"
_NO_END: Final = "长期"


def padded_text(block: Block, span: Span, name: str) -> str:
    """Return the text of one span without its padding (U+0020 or U+0000 at the end).

    Characters outside the BMP and private-use ones pass, since rare names need them; half a
    surrogate pair and control characters (a NUL inside the text, say) do not.
    """
    raw = bytes(block[span.offset : span.offset + span.length])
    text = raw.decode("utf-16-le", errors="surrogatepass").rstrip(_PADDING)
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise CardUnreadable(f"{name} field")
    return text


class FieldReader:
    """Reads the fields of one block by the names of one layout."""

    def __init__(self, block: Block, layout: Mapping[str, Span]) -> None:
        self._block = block
        self._layout = layout

    def optional(self, name: str) -> str | None:
        """Return the text of a field, or None when it is blank."""
        return padded_text(self._block, self._layout[name], _spoken(name)) or None

    def text(self, name: str) -> str:
        """Return the text of a field that must not be blank."""
        text = self.optional(name)
        if text is None:
            raise CardUnreadable(f"{_spoken(name)} field")
        return text

    def matching(self, name: str, pattern: str) -> str:
        """Return the text of a field that must match the whole of a pattern."""
        text = self.text(name)
        if not re.fullmatch(pattern, text):
            raise CardUnreadable(f"{_spoken(name)} field")
        return text

    def name_in_two_parts(self) -> str:
        """Return a name whose end lies in ``name_rest``; a blank at the seam belongs to it."""
        both = bytearray()
        for part in ("name", "name_rest"):
            span = self._layout[part]
            both += self._block[span.offset : span.offset + span.length]
        text = padded_text(both, Span(0, len(both)), "name")
        both[:] = bytes(len(both))
        if not text:
            raise CardUnreadable("name field")
        return text

    def sex(self) -> Sex:
        """Return the sex code (GB/T 2261.1)."""
        return Sex(self.matching("sex", "[0129]"))

    def day(self, name: str) -> date:
        """Return a date that must exist in the calendar."""
        day = parse_date(self.text(name))
        if day is None:
            raise CardUnreadable(f"{_spoken(name)} date field")
        return day

    def end_day(self, name: str) -> date | None:
        """Return a date, or None for 长期."""
        return None if self.text(name) == _NO_END else self.day(name)


def _spoken(name: str) -> str:
    return name.replace("_", " ")
