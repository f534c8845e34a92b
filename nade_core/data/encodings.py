"""In which encoding the letters of a text are: by its mark, by its zeros, as UTF-8, else by which letters it would hold."""

import codecs
import re

from ..messages import N_

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WIDE = (("utf-16-le", b"\n\0"), ("utf-16-be", b"\0\n"))  # the end of a line, two bytes a letter
COMMON = {  # of two bytes a letter: the first bytes of what is common, in the order in which they are tried
    "cp949": ("euc-kr", range(0xB0, 0xC9)),  # Hangul of KS X 1001
    "cp932": ("cp932", (0x82, 0x83, *range(0x88, 0x98))),  # kana, and the common kanji of JIS X 0208
    "gb18030": ("gb2312", range(0xB0, 0xD8)),  # the common characters of GB 2312
    "big5": ("big5", range(0xA4, 0xC7)),  # the common characters of Big5
}
MOST = 0.85  # of the letters beyond ASCII, which are common ones in the right encoding
ASCII, FIRST_LATIN, LAST_LATIN = set(map(chr, range(128))), "\u0100", "\u023f"
SOME = 1 << 16  # bytes that are looked at
GUESSED = N_(
    "Nothing says in which encoding the letters are: they were read as {encoding}. If names look wrong, save it as UTF-8."
)


def encoding_of(content: bytes) -> tuple[str, bool]:
    """The encoding of a text, and whether it is a guess that may be wrong."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return encoding, False
    if wide := _wide(content[:SOME]):
        return wide, False
    try:
        return ("cp949", True) if _is_hangul(content.decode("utf-8"), content) else ("utf-8", False)
    except UnicodeDecodeError as error:
        part = _lines_from(content, error.start)
        found = two_bytes(part)
        return found or _western(part), True


def _is_hangul(letters: str, content: bytes) -> bool:
    """Whether what is UTF-8 by chance is Hangul: "Ű" for "키", words of rare Latin letters alone."""
    beyond = set() if letters.isascii() else set(letters[:SOME]) - ASCII
    if not beyond or max(beyond) > LAST_LATIN or min(beyond) < FIRST_LATIN:
        return False
    words = [word for word in re.findall(r"[^\W\d_]+", letters[:SOME]) if not word.isascii()]
    return not any(set(word) & ASCII for word in words) and two_bytes(content) == "cp949"


def _lines_from(content: bytes, place: int) -> bytes:
    """Some whole lines, from that which holds this place."""
    start = content.rfind(b"\n", 0, place) + 1
    part = content[start : start + SOME]
    return part[: part.rfind(b"\n") + 1] or part


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of its ASCII letters is zero, that of the ends of its lines too."""
    zeros = start.count(0)
    if 20 * zeros < len(start) or not zeros:
        return None
    pairs = {start[i : i + 2] for i in range(0, len(start), 2)}
    found = [encoding for encoding, end in WIDE if end in pairs]
    if not found and 4 * zeros >= len(start) >= 4:
        found = ["utf-16-be" if start[::2].count(0) > start[1::2].count(0) else "utf-16-le"]
    return found[0] if len(found) == 1 else None


def two_bytes(content: bytes) -> str | None:
    """The East Asian encoding in which nearly all letters beyond ASCII are common ones; None where there is none."""
    return next((encoding for encoding in COMMON if _share(content, encoding) > MOST), None)


def _share(content: bytes, encoding: str) -> float:
    """The share of common letters among those beyond ASCII, were the text in that encoding.

    A Western letter and the ASCII one after it may look as one of these: alone they prove nothing.
    """
    try:
        letters = [letter for letter in content.decode(encoding) if letter > "\x7f" and letter.isalpha()]
    except UnicodeDecodeError:
        return 0
    narrow, firsts = COMMON[encoding]
    found = [raw for letter in letters if len(raw := letter.encode(narrow, "ignore")) == 2 and raw[0] in firsts]
    proven = sum(raw[1] > 0x7F for raw in found)
    return len(found) / len(letters) if proven > (encoding != "cp949") and 4 * proven >= len(found) else 0


def _western(content: bytes) -> str:
    """One byte a letter: what ISO 8859-1 leaves for controls, Windows uses for more letters."""
    if not any(0x80 <= byte < 0xA0 for byte in content):
        return "latin-1"
    try:
        content.decode("cp1252")
        return "cp1252"
    except UnicodeDecodeError:
        return "latin-1"
