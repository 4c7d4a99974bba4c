"""Build the letters of lead reports in `matcher/casework/exports/fonts/` from Noto fonts.

Run once, by hand, when the recipe changes; nothing imports this file at run time::

    apt-get download fonts-noto-core   # Debian 12: version 20201225-1
    dpkg-deb -x fonts-noto-core_20201225-1_all.deb noto
    python tools/build_report_fonts.py noto/usr/share/fonts/truetype/noto

Noto Sans keeps the letters of Latin, Greek and Cyrillic; Noto Sans Devanagari keeps all. Hinting is
dropped. Noto Sans loses the joiners, so that a text of Devanagari is written whole with the letters
of Devanagari. Both are under the SIL Open Font License 1.1; `fonts/OFL.txt` has its text.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Final

from fontTools import subset
from fontTools.ttLib import TTFont

OUT: Final = Path(__file__).resolve().parent.parent / "matcher" / "casework" / "exports" / "fonts"

DEVANAGARI: Final = "NotoSansDevanagari"
SOURCES: Final = {  # SHA-256 of the files
    "NotoSans-Regular": "89c3c497f618fdaa0b2d1e98fef93582f28c71debd2c4a8cdf41f190ced2909d",
    "NotoSans-Bold": "e83493c945848ecd4a9ad0f6d19164541a0d3e23a9c952304a00a46e00272ac5",
    f"{DEVANAGARI}-Regular": "79a470365ccb210fa3c7d8d8ff2e005ef9d983cfd067f735a0caf7e15070ca9f",
    f"{DEVANAGARI}-Bold": "77ad688cfe1dc55185bf4edb4db3c614202c65dd23a1463ad0e23fc52bcc9a5c",
}

BLOCKS: Final = (
    (0x20, 0x7E),  # Latin
    (0xA0, 0x24F),
    (0x2B0, 0x52F),  # modifiers, marks, Greek, Cyrillic
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),  # punctuation
    (0x2030, 0x205E),
    (0x20A0, 0x20BF),  # currencies
    (0xFFFD, 0xFFFD),
)
SINGLE: Final = (0x2116, 0x2122, 0x2190, 0x2192, 0x2212)
LEFT_OUT: Final = (0x200C, 0x200D, 0x25CC)


def build(source: Path) -> None:
    """Write the letters that a report needs of one font."""
    if hashlib.sha256(source.read_bytes()).hexdigest() != SOURCES[source.stem]:
        raise SystemExit(f"{source} is another version than the recipe knows")
    font = TTFont(source, recalcTimestamp=False)
    devanagari = source.name.startswith(DEVANAGARI)
    options = subset.Options(hinting=False, notdef_outline=True, name_IDs=["*"])
    options.layout_features = ["*"] if devanagari else ["kern", "mark", "mkmk", "ccmp", "locl"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=list(font.getBestCmap()) if devanagari else _latin())
    cutter.subset(font)
    font.save(OUT / source.name)
    print(f"{source.name}: {len(font.getBestCmap())} characters")


def _latin() -> list[int]:
    signs = [sign for first, last in BLOCKS for sign in range(first, last + 1)]
    return [sign for sign in (*signs, *SINGLE) if sign not in LEFT_OUT]


if __name__ == "__main__":
    for name in SOURCES:
        build(Path(sys.argv[1]) / f"{name}.ttf")
