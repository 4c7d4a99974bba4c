"""Choose the precision in which a network computes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from matcher.embedding.networks.network import Precision

PrecisionChoice = Literal["auto", "float32", "bfloat16"]
"""What a caller may ask for; "auto" stands for the faster precision on the machine."""

_BFLOAT16: Final = {"avx512_bf16", "amx_bf16"}
_CPUINFO: Final = Path("/proc/cpuinfo")


def faster_precision(
    supported: tuple[Precision, ...], device: str, flags: frozenset[str]
) -> Precision:
    """Return the faster of the precisions that a network supports.

    Parameters
    ----------
    supported
        Precisions of the network.
    device
        "cpu", "cuda" or "cuda:1".
    flags
        Instructions that all processors of the machine have, see `processor_flags`.

    Returns
    -------
    "bfloat16" on a CPU that computes with such numbers itself (AVX-512 BF16 or AMX), if the network
    supports it. A CPU without these instructions would be many times slower. Else "float32".
    """
    quick = device == "cpu" and bool(_BFLOAT16 & flags)
    return "bfloat16" if quick and "bfloat16" in supported else "float32"


def processor_flags(listing: str | None = None) -> frozenset[str]:
    """Return the instructions that all processors of this machine have, in Linux's words.

    Parameters
    ----------
    listing
        Text of /proc/cpuinfo; None to read it.

    Returns
    -------
    The set is empty where the system has no such file, or where it names no flags.
    """
    if listing is None:
        listing = _CPUINFO.read_text(encoding="utf-8") if _CPUINFO.exists() else ""
    each = list(_flags(listing))
    return frozenset.intersection(*each) if each else frozenset()


def _flags(listing: str) -> Iterator[frozenset[str]]:
    for line in listing.splitlines():
        name, _, words = line.partition(":")
        if name.strip() == "flags":
            yield frozenset(words.split())
