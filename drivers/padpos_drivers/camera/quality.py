"""The first quality gate: a picture that can be decoded and is not blank."""

from __future__ import annotations

import io

from PIL import Image, ImageStat, UnidentifiedImageError

from padpos_drivers.camera.interface import CameraError

FLAT = 4.0  # standard deviation of the luma, below which a lens is covered


class PhotoCovered(CameraError):
    """The picture is blank."""

    code = "photo-covered"


def check(jpeg: bytes) -> str:
    """The verdict on a picture: "plausible". Raises CameraError or PhotoCovered."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            image.draft("L", (image.width // 4, image.height // 4))
            luma = image.convert("L")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise CameraError("the picture can't be decoded") from error
    if ImageStat.Stat(luma).stddev[0] < FLAT:
        raise PhotoCovered("the picture is blank")
    return "plausible"
