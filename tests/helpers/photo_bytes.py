"""Encoded pictures made for the tests of this room."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms


def picture(height=48, width=64):
    """Return a colour picture without symmetry: uint8 (height, width, 3)."""
    y, x = np.mgrid[:height, :width]
    planes = [40 + 3 * x, 200 - 3 * y, 30 + x + 2 * y]
    return np.clip(np.stack(planes, axis=-1), 0, 255).astype(np.uint8)


def encoded(pixels, encoding, **options):
    """Return the bytes of an image or array saved in an encoding."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = BytesIO()
    image.save(file, encoding, **options)
    return file.getvalue()


def heic(pixels, **options):
    """Return HEIC bytes, without registering anything with Pillow."""
    import pillow_heif

    file = BytesIO()
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(file, **options)
    return file.getvalue()


def exif_with_orientation(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def valid_files():
    """Return one valid file of each kind, by name."""
    colour = picture()
    grey = Image.fromarray(colour).convert("L")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = exif_with_orientation(6)
    image = Image.fromarray(colour)
    return {
        "jpeg": encoded(colour, "JPEG", quality=80, exif=exif, icc_profile=srgb),
        "progressive jpeg": encoded(colour, "JPEG", progressive=True),
        "grey jpeg": encoded(grey, "JPEG"),
        "cmyk jpeg": encoded(image.convert("CMYK"), "JPEG"),
        "png": encoded(colour, "PNG", exif=exif),
        "palette png": encoded(image.convert("P"), "PNG", transparency=3),
        "16-bit png": encoded(np.asarray(grey).astype(np.uint16) * 257, "PNG"),
        "1-bit png": encoded(grey.convert("1"), "PNG"),
        "alpha png": encoded(image.convert("RGBA"), "PNG", icc_profile=srgb),
        "webp": encoded(colour, "WEBP", exif=exif),
        "lossless webp": encoded(image.convert("RGBA"), "WEBP", lossless=True),
        "tiff": encoded(colour, "TIFF", exif=exif),
        "lzw tiff": encoded(colour, "TIFF", compression="tiff_lzw"),
        "jpeg tiff": encoded(colour, "TIFF", compression="jpeg"),
        "cmyk tiff": encoded(image.convert("CMYK"), "TIFF"),
        "bmp": encoded(colour, "BMP"),
        "gif": encoded(image.convert("P"), "GIF", save_all=True, append_images=[image]),
        "heic": heic(colour),
        "avif": encoded(colour, "AVIF"),
        "mpo": encoded(colour, "MPO", save_all=True, append_images=[image]),
    }
