"""How near the apparent skin tone of rendered people comes to the tone of their skin.

    python benchmarks/apparent_tone.py [--people 12] [--seed 5]

Each person is rendered in seven tones; everything else stays the same. A table tells for each
exposure how many photos were rejected, the error of L* and hue, the rank correlation with the true
L*, and how often the lighter of two neighbouring tones of one person was measured as lighter.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from recording import Record
from scipy.stats import spearmanr

from fairness.imaging import ApparentTone, measure_tone
from matcher.faces import Detector, load_detector
from matcher.photos import load_photo
from matcher.synthetic import SkinTone, make_identity, with_tone
from matcher.synthetic.person import encoded, linear
from matcher.synthetic.rendering import render

LIGHTNESSES = (88, 78, 68, 58, 48, 38, 28)
HUES, AGES, SHOTS = (45, 55, 65, 75), (6.0, 10.0, 15.0, 25.0), 3
GAINS = {"as rendered": 1.0, "half the light": 0.5, "1.6 times the light": 1.6}
FOLLOWS = "exposed for the face"
COLUMNS = (
    "exposure",
    "rejected",
    "mean error of L*",
    "standard deviation of L*",
    "rank correlation of L*",
    "mean error of hue, degrees",
    "lighter of two neighbouring tones of one person measured lighter",
    "light suspect",
)


def pictures(seed: int, person: int, tone: SkinTone) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Render one person in one tone at every exposure."""
    who = with_tone(make_identity(seed, person), tone)
    age, shot = AGES[person % len(AGES)], person % SHOTS
    plain = render(who, age, shot)
    for name, gain in GAINS.items():
        light = encoded(linear(plain / 255) * gain)
        yield name, plain if gain == 1 else (light * 255).round().astype(np.uint8)
    yield FOLLOWS, render(who, age, shot, exposure="equalised")


def tone_of(pixels: NDArray[np.uint8], detector: Detector) -> ApparentTone | None:
    """Measure the face that the detector finds."""
    faces = detector.detect([load_photo(np.ascontiguousarray(pixels))])[0]
    return measure_tone(pixels, faces[0].landmarks) if faces else None


def row(tones: dict[tuple[int, SkinTone], ApparentTone | None]) -> tuple[str, ...]:
    """Return the figures of one exposure, in the order of `COLUMNS`."""
    known = {key: tone for key, tone in tones.items() if tone and not tone.rejection}
    true = np.array([tone.lightness for _, tone in known])
    error = np.array([tone.lightness for tone in known.values()]) - true
    turn = np.array([tone.hue - truth.hue for (_, truth), tone in known.items()])
    steps = [
        one.lightness > other.lightness
        for ((a, _), one), ((b, _), other) in pairwise(known.items())
        if a == b
    ]
    suspect = sum(tone.illumination_suspect for tone in known.values())
    return (
        f"{len(tones) - len(known)} of {len(tones)}",
        f"{error.mean():+.1f}",
        f"{error.std():.1f}",
        f"{spearmanr(true, true + error).statistic:.2f}",
        f"{np.abs(turn).mean():.1f}",
        f"{sum(steps)} of {len(steps)}",
        f"{suspect} of {len(known)}",
    )


def main() -> None:
    """Read the arguments, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--seed", type=int, default=5)
    record = Record.begin(__file__, parser)
    arguments = record.options
    detector = load_detector("cpu")
    tones: dict[str, dict[tuple[int, SkinTone], ApparentTone | None]] = {}
    for person in range(arguments.people):
        for lightness in LIGHTNESSES:
            truth = SkinTone(lightness, HUES[person % len(HUES)])
            for name, pixels in pictures(arguments.seed, person, truth):
                tones.setdefault(name, {})[person, truth] = tone_of(pixels, detector)
    record.table("tone", COLUMNS, [(name, *row(found)) for name, found in tones.items()])
    record.write()


if __name__ == "__main__":
    main()
