"""Render geometry to pixels: scene, light, rasteriser, shading."""

from matcher.synthetic.rendering.renderer import Exposure, render

__all__ = ["Exposure", "render"]
