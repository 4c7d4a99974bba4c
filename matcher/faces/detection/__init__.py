"""Detect faces in a picture with MTCNN, and retry on scaled, padded and rotated pictures."""

from matcher.faces.detection.loading import load_detector

__all__ = ["load_detector"]
