#!/usr/bin/env python3
"""Compares two labelled sets of fields: brightness, power spectra and correlations of their channels.

    python scripts/compare_fields.py REAL SIMULATED

Each set is a folder with train.csv and <id>_<channel>.png, in itself or in images/. Needs numpy and Pillow. Prints the 10th
percentile, the median and the 90th percentile over each set's fields.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from PIL import Image

CHANNELS = ("red", "green", "blue", "yellow")
# Shares of the highest frequency that the pixels can hold (Nyquist's); each band is a third of an octave to either side.
FREQUENCIES = (1 / 64, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
PAIRS = (("green", "blue"), ("green", "red"), ("green", "yellow"), ("red", "yellow"), ("red", "blue"))


def spectrum(image):
    """The logarithm (base 10) of the power at each of FREQUENCIES, averaged around the circle."""
    height, width = image.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    power = np.abs(np.fft.fft2((image - image.mean()) * window)) ** 2 / image.size
    share = 2 * np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    return [np.log10(power[(share > f * 0.8) & (share < f * 1.25)].mean() + 1e-6) for f in FREQUENCIES]


def measure(folder, field):
    images = {c: np.asarray(Image.open(folder / f"{field}_{c}.png").convert("L"), float) for c in CHANNELS}
    found = {}
    for channel, image in images.items():
        found[f"{channel} mean"] = image.mean()
        found[f"{channel} std"] = image.std()
        found[f"{channel} 99 %"] = np.percentile(image, 99)
        found[f"{channel} black %"] = 100 * (image == 0).mean()
        found[f"{channel} saturated %"] = 100 * (image == 255).mean()
        for frequency, power in zip(FREQUENCIES, spectrum(image)):
            found[f"{channel} power 1/{round(1 / frequency)}"] = power
    for one, other in PAIRS:
        found[f"correlation {one}-{other}"] = np.corrcoef(images[one].ravel(), images[other].ravel())[0, 1]
    return found


def measure_set(folder):
    images = folder / "images" if (folder / "images").is_dir() else folder
    with open(folder / "train.csv", newline="") as table:
        return [(row["Target"].split(), measure(images, row["Id"])) for row in csv.DictReader(table)]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sets = [measure_set(Path(folder)) for folder in sys.argv[1:]]
    print(f"{'':24}" + "".join(f"{folder:>28}" for folder in sys.argv[1:]))
    for name in sets[0][0][1]:
        columns = [np.percentile([found[name] for _, found in fields], (10, 50, 90)) for fields in sets]
        print(f"{name:24}" + "".join("%10.2f%9.2f%9.2f" % tuple(column) for column in columns))
    print("\nmeans by class: correlation green-blue, correlation green-red, fields")
    for label in map(str, range(28)):
        line = f"{label:24}"
        for fields in sets:
            chosen = [found for labels, found in fields if label in labels]
            if not chosen:
                line += f"{'-':>28}"
                continue
            means = [np.mean([f[f"correlation green-{c}"] for f in chosen]) for c in ("blue", "red")]
            line += "%10.2f%9.2f%9d" % (*means, len(chosen))
        print(line)


if __name__ == "__main__":
    main()
