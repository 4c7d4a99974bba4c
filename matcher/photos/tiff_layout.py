"""How the pixels of a TIFF are stored, and whether they are read rightly.

Pillow opens some layouts and gives other pixels than the file holds. Each layout that is not
refused here is tested against an independent reader.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Numbers = Callable[[int], tuple[int, ...]]
"""Gives the numbers of a tag; empty if the directory does not have the tag."""

BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, SAMPLES = 258, 259, 262, 266, 277
PLANAR, INK_SET, EXTRA, FORMAT, SUBSAMPLING = 284, 332, 338, 339, 530

_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _CMYK, _YCBCR, _LAB = 0, 1, 2, 3, 5, 6, 8
_PHOTOMETRIC = {
    _MIN_IS_WHITE: "min-is-white",
    _MIN_IS_BLACK: "min-is-black",
    _RGB: "RGB",
    _PALETTE: "palette",
    _CMYK: "CMYK",
    _YCBCR: "YCbCr",
    _LAB: "CIELab",
}
_SENSOR = {32803: "a colour filter array", 34892: "linear raw"}
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_KIND = {_UNSIGNED: "unsigned", _SIGNED: "signed", _FLOAT: "floating point"}
_RAW_PIXELS, OLD_JPEG = 1, 6
_COMPRESSIONS = frozenset({_RAW_PIXELS, 2, 3, 4, 5, 7, 8, 32773, 32946, 34925, 50000})
"""None, three of fax, LZW, JPEG, deflate, packbits, deflate again, LZMA, Zstandard."""
_PREMULTIPLIED = 1


@dataclass(frozen=True)
class TiffLayout:
    """The tags of TIFF 6.0 that say how pixels are stored, with the defaults of the standard."""

    photometric: int
    compression: int
    bits: tuple[int, ...]
    kinds: tuple[int, ...]
    samples: int
    extra: tuple[int, ...]
    separate: bool
    subsampling: tuple[int, ...]
    ink_set: int
    reversed_bits: bool

    @classmethod
    def of(cls, numbers: Numbers) -> TiffLayout:
        """Read the layout from the tags of a directory."""
        compression = (numbers(COMPRESSION) or (1,))[0]
        photometric = (numbers(PHOTOMETRIC) or (_MIN_IS_WHITE,))[0]
        old_jpeg = compression == OLD_JPEG
        return cls(
            photometric=_YCBCR if old_jpeg else photometric,
            compression=compression,
            bits=numbers(BITS) or (1,),
            kinds=numbers(FORMAT) or (_UNSIGNED,),
            samples=(numbers(SAMPLES) or (3 if old_jpeg else 1,))[0],
            extra=numbers(EXTRA),
            separate=(numbers(PLANAR) or (1,))[0] == 2,
            subsampling=numbers(SUBSAMPLING) or (2, 2),
            ink_set=(numbers(INK_SET) or (1,))[0],
            reversed_bits=(numbers(FILL_ORDER) or (1,))[0] == 2,
        )

    @property
    def black_and_white(self) -> tuple[float, float]:
        """The values of black and of white in a grey picture of more than eight bits a pixel."""
        full = 1.0 if self.kinds[0] == _FLOAT else float(2 ** self.bits[0] - 1)
        return (full, 0.0) if self.photometric == _MIN_IS_WHITE else (0.0, full)

    @property
    def fault(self) -> str:
        """The reason why the pixels would not be read rightly; empty if there is none."""
        if self.photometric in _SENSOR:
            return f"raw data of the sensor ({_SENSOR[self.photometric]})"
        if self.photometric not in _PHOTOMETRIC:
            return f"photometric interpretation {self.photometric}"
        if self.compression not in _COMPRESSIONS:
            return f"compression {self.compression}"
        return self._fault_of_values() or self._fault_of_planes()

    def _fault_of_values(self) -> str:
        grey = self.photometric in (_MIN_IS_WHITE, _MIN_IS_BLACK)
        if set(self.kinds) == {_FLOAT} and grey and set(self.bits) == {32}:
            return ""
        if set(self.kinds) != {_UNSIGNED} or max(self.bits) > 16:
            return f"values of {self._kind} type with {max(self.bits)} bits"
        plain_grey = grey and max(self.bits) < 8
        if self.reversed_bits and self.compression == _RAW_PIXELS and not plain_grey:
            return "reversed bits in colours or in values of a byte or more, without compression"
        if max(self.bits) == 12 and self.compression != _RAW_PIXELS:
            return "compressed values with 12 bits"
        if self.photometric == _CMYK and self.ink_set != 1:
            return "inks that are not cyan, magenta, yellow and black"
        whole = self.subsampling == (1, 1) or self.compression != _RAW_PIXELS
        if self.photometric == _YCBCR and not whole:
            return "subsampled colour without compression"
        return ""

    def _fault_of_planes(self) -> str:
        if not self.separate or self.samples == 1:
            return ""
        if self.photometric not in (_RGB, _CMYK):
            return f"{_PHOTOMETRIC[self.photometric]} in separate planes"
        if len(self.extra) > 1:
            return "several extra samples in separate planes"
        plain = max(self.bits) == 8 and _PREMULTIPLIED not in self.extra
        if self.compression == _RAW_PIXELS and not plain:
            return "separate planes of 16 bits, or with premultiplied colour, without compression"
        return ""

    @property
    def _kind(self) -> str:
        return " and ".join(_KIND.get(kind, f"unknown ({kind})") for kind in sorted({*self.kinds}))

    def __str__(self) -> str:
        colour = _PHOTOMETRIC.get(self.photometric, f"photometric {self.photometric}")
        planes = "in separate planes" if self.separate else "pixel by pixel"
        bits = "/".join(map(str, self.bits[:6]))
        extra = f", extra samples {'/'.join(map(str, self.extra))}" if self.extra else ""
        return (
            f"{colour}, {self.samples} samples of {bits} bits ({self._kind}) {planes}{extra}, "
            f"compression {self.compression}"
        )
