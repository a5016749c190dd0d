"""Decider: from every way a file can store colour to opaque 8-bit sRGB."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

_SIXTEEN_TO_EIGHT_BITS = 1 / 257
"""65535 becomes 255; Pillow's own conversion clips instead."""

_WHITE = (255, 255, 255)

_PROFILE_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Source: ICC.1, 7.2.6: the colour spaces whose profiles fit a mode of ours."""


def resizable(image: Image.Image) -> Image.Image:
    """Return `image` in a mode that can be resized without harm: L, RGB, CMYK, or with alpha."""
    mode = image.mode
    if mode.startswith(("I", "F")):
        return (
            image.convert("I")
            .point(lambda value: value * _SIXTEEN_TO_EIGHT_BITS + 0.5)
            .convert("L")
        )
    if has_alpha(image):
        return image.convert("RGBA")
    if mode == "1":
        return image.convert("L")
    return image if mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def has_alpha(image: Image.Image) -> bool:
    """Whether some part of `image` may be transparent, in any of the ways files say so."""
    return image.has_transparency_data or image.mode in {"La", "RGBa"}


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """
    Return `image` as opaque sRGB without any metadata.

    Transparency becomes white. `profile` is the ICC profile the file carried; one that does not
    fit the picture, or is damaged, is passed over as every viewer does.
    """
    opaque = on_white(image)
    converted = _by_profile(opaque, profile) if profile else None
    plain = converted or (opaque if opaque.mode == "RGB" else opaque.convert("RGB"))
    plain.info = {}
    return plain


def on_white(image: Image.Image) -> Image.Image:
    """Return `image` with what shows through it made white."""
    if not has_alpha(image):
        return image
    layers = image.convert("RGBA")
    page = Image.new("RGB", image.size, _WHITE)
    page.paste(layers, mask=layers.getchannel("A"))
    return page


def _by_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Convert by the file's own profile; None when it cannot be used."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _PROFILE_MODES[source.profile.xcolor_space]
        if (mode == "CMYK") != (image.mode == "CMYK"):
            return None
        fitting = image if image.mode == mode else image.convert(mode)
        return ImageCms.profileToProfile(
            fitting, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, KeyError, ValueError, TypeError):
        return None
