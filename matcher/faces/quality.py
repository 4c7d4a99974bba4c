"""Measures of one face, named after ISO/IEC 29794-5 components where they correspond."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FaceQuality:
    """Measures of one face. Each is a plain number with a unit and a range.

    Parameters
    ----------
    inter_eye_distance
        Distance of the eye landmarks in pixels of the photo, >= 0.
    sharpness
        In [0, 1], higher is sharper.
    exposure
        Mean luminance of the face in [0, 1].
    contrast
        Range of luminance over the face, from the 5th to the 95th percentile, in [0, 1].
    compression
        Estimated JPEG quality of the photo, in [1, 100]; 100 if it was not JPEG compressed.
    yaw, pitch, roll
        Head pose in degrees, estimated from the five landmarks; roll in (-180, 180].
    probability
        The detector's own output in [0, 1].
    inside
        Share of the face's box that lies within the photo, in [0, 1].
    shading
        How gradually the light changes over the face, 0 or more; low for a drawing. See
        `matcher.faces.quality_measures.shading`. 1.0 in records made before it was measured.
    """

    inter_eye_distance: float
    sharpness: float
    exposure: float
    contrast: float
    compression: float
    yaw: float
    pitch: float
    roll: float
    probability: float
    inside: float = 1.0
    shading: float = 1.0
