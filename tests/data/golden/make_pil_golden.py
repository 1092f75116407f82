"""Makes the JPEGs of this folder and what PIL makes of them (gray, centre square, bicubic, equalise) as PNGs.

Run with Debian's python3-pil and python3-numpy: /usr/bin/python3 make_pil_golden.py
The names say what a case is about; the number at the end is the output size.
"""
import pathlib

import numpy as np
from PIL import Image, ImageFilter, ImageOps

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(6)


def blobs(height, width, noise=4.0):
    """A smooth picture with some structure, like an exposure, and sensor noise."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    picture = 90 + 60 * np.sin(5 * x + 1) * np.cos(4 * y)
    for _ in range(12):
        cx, cy, r = rng.uniform(0, 1, 3)
        picture += rng.uniform(-50, 50) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (0.002 + 0.03 * r))
    return np.clip(picture + rng.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


def stripes(height, width):
    y, x = np.mgrid[0:height, 0:width]
    return (((x // 3 + y // 5) % 2) * 200 + 20).astype(np.uint8)


def colour(height, width):
    return np.stack([blobs(height, width) for _ in range(3)], axis=-1)


CASES = {
    "portrait_64": (blobs(421, 350), dict(quality=95)),
    "landscape_64": (blobs(333, 512), dict(quality=95)),
    "odd_prime_61": (blobs(401, 307), dict(quality=90, optimize=True)),
    "colour_420_64": (colour(300, 241), dict(quality=90)),
    "stripes_48": (stripes(260, 260), dict(quality=95)),
    "upscaled_64": (blobs(50, 37), dict(quality=95)),
    "same_size_28": (blobs(28, 28, noise=20), dict(quality=95)),
    "noise_40": (rng.integers(0, 256, (61, 83)).astype(np.uint8), dict(quality=100)),
    "progressive_224": (blobs(460, 380, noise=1), dict(quality=95, progressive=True)),
}

for name, (pixels, options) in CASES.items():
    source = HERE / f"{name}.jpg"
    Image.fromarray(pixels).save(source, **options)
    image = Image.open(source).convert("L")
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    image = image.crop((left, top, left + side, top + side))
    size = int(name.rsplit("_", 1)[1])
    image = image.resize((size, size), Image.BICUBIC)
    image.save(HERE / f"{name}.resized.png", optimize=True)
    ImageOps.equalize(image).save(HERE / f"{name}.png", optimize=True)

# The other formats: the same pixels in each, next to the gray that PIL makes of them.
SMALL = blobs(24, 20)
for ending, options in {"png": {}, "bmp": {}, "tiff": dict(compression="tiff_lzw")}.items():
    Image.fromarray(SMALL).save(HERE / f"formats.{ending}", **options)
(HERE / "formats.u8").write_bytes(SMALL.tobytes())

# Scaled decoding by libjpeg.
for divisor in (2, 4, 8):
    image = Image.open(HERE / "odd_prime_61.jpg")
    image.draft("L", tuple(side // divisor for side in image.size))
    image.load()
    image.save(HERE / f"odd_prime_61.reduced{divisor}.png", optimize=True)
