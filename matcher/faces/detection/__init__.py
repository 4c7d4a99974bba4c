"""Faces in a picture: MTCNN, tried again on scaled, padded and rotated pictures."""

from matcher.faces.detection.loading import load_detector

__all__ = ["load_detector"]
