"""TIFF files of every layout, written by the tests and read by tifffile, which is not Pillow."""

from __future__ import annotations

import struct
from io import BytesIO

import imagecodecs
import numpy as np
import tifffile

RAW, LZW, DEFLATE, OLD_DEFLATE, PACKBITS, LZMA, ZSTD = 1, 5, 8, 32946, 32773, 34925, 50000
MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
CHANNELS = {MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3, LAB: 3}
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
UNSPECIFIED, PREMULTIPLIED, STRAIGHT = 0, 1, 2

HEIGHT, WIDTH, ROWS = 11, 19, 4
_ENCODERS = {
    RAW: bytes,
    LZW: imagecodecs.lzw_encode,
    DEFLATE: imagecodecs.zlib_encode,
    OLD_DEFLATE: imagecodecs.zlib_encode,
    LZMA: imagecodecs.lzma_encode,
    ZSTD: imagecodecs.zstd_encode,
}
_LETTERS = {UNSIGNED: "u", SIGNED: "i", FLOAT: "f"}
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def directory(tags, order="<", following=0, at=8):
    """Return the bytes of a directory at a place: `tags` holds a type and values by number."""
    out_of_line, entries = b"", b""
    end = at + 2 + 12 * len(tags) + 4
    for tag, (kind, values) in sorted(tags.items()):
        form = {1: "B", 2: "B", 3: "H", 4: "I", 7: "B"}[kind]
        stored = struct.pack(f"{order}{len(values)}{form}", *values)
        if len(stored) > 4:
            place = struct.pack(order + "I", end + len(out_of_line))
            out_of_line += stored + bytes(len(stored) % 2)
        else:
            place = stored.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + place
    return (
        struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", following)
    ) + out_of_line


def header(order="<", first=8):
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", first)


def values(photometric, bits, kind=UNSIGNED, extra=()):
    """Return smooth samples over the whole range, shape (HEIGHT, WIDTH, channels)."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    x, y = x / (WIDTH - 1), y / (HEIGHT - 1)
    planes = [x, y, (x + y) / 2, 0.4 * x * y, 0.3 + 0.6 * y, 1 - x]
    if photometric == LAB:  # signed a* and b*, in a range that sRGB holds
        planes[:3] = [0.3 + 0.5 * x, (50 * (x - 0.5) % 256) / 255, (50 * (y - 0.5) % 256) / 255]
    colours = CHANNELS[photometric]
    shares = np.stack(planes[:colours] + [0.3 + 0.7 * x] * len(extra), axis=-1)
    if extra[:1] == (PREMULTIPLIED,):
        shares[..., :colours] *= shares[..., colours : colours + 1]
    if kind == FLOAT:
        return shares
    return np.rint(shares * (2 ** (bits - (kind == SIGNED)) - 1)).astype(np.int64)


def tiff_of(
    photometric,
    bits,
    *,
    kind=UNSIGNED,
    extra=(),
    separate=False,
    compression=RAW,
    order="<",
    predictor=False,
    fill_order=1,
    tags=(),
):
    """Return a TIFF with the samples of `values`, in strips of `ROWS` rows."""
    samples = values(photometric, bits, kind, extra)
    planes = [samples[..., [band]] for band in range(samples.shape[2])] if separate else [samples]
    strips = [
        _encoded(plane[top : top + ROWS], bits, kind, compression, order, predictor, fill_order)
        for plane in planes
        for top in range(0, HEIGHT, ROWS)
    ]
    count = samples.shape[2]
    offsets = np.cumsum([8, *map(len, strips)])
    entries = {
        256: (3, [WIDTH]),
        257: (3, [HEIGHT]),
        258: (3, [bits] * count),
        259: (3, [compression]),
        262: (3, [photometric]),
        266: (3, [fill_order]),
        273: (4, offsets[:-1].tolist()),
        277: (3, [count]),
        278: (3, [ROWS]),
        279: (4, [len(strip) for strip in strips]),
        284: (3, [2 if separate else 1]),
        317: (3, [2 if predictor else 1]),
        339: (3, [kind] * count),
    }
    if extra:
        entries[338] = (3, list(extra))
    if photometric == PALETTE:
        entries[320] = (3, palette(bits).T.ravel().tolist())
    if photometric == YCBCR:
        entries[530] = (3, [1, 1])
    entries |= dict(tags)
    pixels = b"".join(strips)
    at = 8 + len(pixels)
    at += at % 2
    return header(order, at) + pixels.ljust(at - 8, b"\0") + directory(entries, order, at=at)


def palette(bits):
    """Return the colours of a palette, shape (2**bits, 3), 16 bits each."""
    share = np.linspace(0, 1, 2**bits)
    return np.rint(np.stack([share, 1 - share, share**2], axis=-1) * 65535).astype(np.int64)


def _encoded(block, bits, kind, compression, order, predictor, fill_order):
    if predictor:
        block = np.diff(block, axis=1, prepend=0) % 2**bits
    if bits % 8 == 0:
        data = block.astype(f"{order}{_LETTERS[kind]}{bits // 8}").tobytes()
    else:
        single = (block[..., None] >> np.arange(bits)[::-1]) & 1
        data = np.packbits(single.reshape(len(block), -1).astype(np.uint8), axis=1).tobytes()
    if compression == PACKBITS:
        row = len(data) // len(block)
        rows = (data[at : at + row] for at in range(0, len(data), row))
        data = b"".join(map(imagecodecs.packbits_encode, rows))
    else:
        data = _ENCODERS[compression](data)
    return data if fill_order == 1 else data.translate(_REVERSED)


def seen_by_tifffile(data):
    """Return the picture on mid-grey by tifffile and the definitions of TIFF 6.0: float (h, w, 3).

    Colours are in [0, 255].
    """
    with tifffile.TiffFile(BytesIO(data)) as file:
        page = file.pages[0]
        samples = page.asarray()
        if page.planarconfig == 2 and page.samplesperpixel > 1:
            samples = np.moveaxis(samples, 0, -1)
        if samples.ndim == 2:
            samples = samples[..., None]
        extra = tuple(map(int, page.extrasamples))
        full = 1.0 if page.sampleformat == FLOAT else 2.0**page.bitspersample - 1
        photometric, colours = int(page.photometric), page.colormap
    count = samples.shape[2] - len(extra)
    shares = samples.astype(np.float64) / full
    shares, others = shares[..., :count], shares[..., count:]
    if photometric == PALETTE:
        shares = colours[:, samples[..., 0].astype(int)].transpose(1, 2, 0) / 65535
    alpha = others[..., :1] if extra[:1] in ((PREMULTIPLIED,), (STRAIGHT,)) else 1.0
    if extra[:1] == (PREMULTIPLIED,):
        shares = shares / alpha
    rgb = _RGB_OF.get(photometric, lambda shares: shares)(shares)
    return 255 * np.broadcast_to(rgb, (*rgb.shape[:2], 3)) * alpha + 128 * (1 - alpha)


def _from_ycbcr(shares):
    y, cb, cr = np.moveaxis(shares * 255, -1, 0)
    cb, cr = cb - 128, cr - 128  # ITU-R BT.601, full range, the default of TIFF 6.0, section 21
    rgb = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1)
    return np.clip(rgb / 255, 0, 1)


def _from_lab(shares):
    """CIE 15 for D50, Bradford's adaptation to D65, and the inverse of IEC 61966-2-1."""
    light = shares[..., 0] * 100
    a, b = (np.mod(shares[..., band] * 255 + 128, 256) - 128 for band in (1, 2))
    fy = (light + 16) / 116
    f = np.stack([fy + a / 500, fy, fy - b / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * (0.9642, 1.0, 0.8249)
    to_rgb = np.array(
        [
            [3.1338561, -1.6168667, -0.4906146],
            [-0.9787684, 1.9161415, 0.0334540],
            [0.0719453, -0.2289914, 1.4052427],
        ]
    )
    linear = np.clip(xyz @ to_rgb.T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


_RGB_OF = {
    MIN_IS_WHITE: lambda shares: 1 - shares,
    CMYK: lambda shares: (1 - shares[..., :3]) * (1 - shares[..., 3:]),
    YCBCR: _from_ycbcr,
    LAB: _from_lab,
}
