"""How far JPEG moves a model's answers: python3 bench/jpeg.py --trainer TRAINER --model PACKAGE --data FOLDER

Every field with red, green and blue becomes one coloured image, as PNG and as JPEG of several kinds, and each kind is answered by
`trainer predict`. Printed a kind: the median and the 90th percentile over fields of the largest change of a probability, and in how
many fields a label changes. Needs Pillow and numpy.
"""

import argparse
import csv
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

KINDS = {"q95 4:4:4": (95, 0), "q90 4:2:0": (90, 2), "q75 4:2:0": (75, 2)}


def answers(arguments, folder):
    out = folder.with_suffix(".csv")
    command = [arguments.trainer, "predict", "--device", "flex", "--model", arguments.model, "--data", folder, "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    with open(out, newline="") as file:
        rows = list(csv.reader(file))[1:]
    return {row[0]: (row[1], np.array(row[2:], float)) for row in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ["--trainer", "--model", "--data"]:
        parser.add_argument(name, required=True)
    parser.add_argument("--fields", type=int, default=80, help="at most so many fields")
    arguments = parser.parse_args()
    data = Path(arguments.data)
    ids = sorted(path.name[: -len("_green.png")] for path in data.glob("*_green.png"))
    ids = [one for one in ids if all((data / f"{one}_{channel}.png").exists() for channel in ["red", "blue"])]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        kinds = {"png": None, **KINDS}
        for kind in range(len(kinds)):
            (folder / str(kind)).mkdir()
        for one in ids[: arguments.fields]:
            channels = [Image.open(data / f"{one}_{channel}.png").convert("L") for channel in ["red", "green", "blue"]]
            image = Image.merge("RGB", channels)
            for kind, choice in enumerate(kinds.values()):
                path = folder / str(kind) / one
                if choice is None:
                    image.save(path.with_suffix(".png"))
                else:
                    image.save(path.with_suffix(".jpg"), quality=choice[0], subsampling=choice[1])
        plain, *others = [answers(arguments, folder / str(kind)) for kind in range(len(kinds))]
    print(f"{len(plain)} fields; largest change of a probability against PNG")
    print(f"{'':<12}{'median':>8}{'90 %':>8}{'labels change in':>18}")
    for kind, found in zip(KINDS, others):
        moved = [np.abs(found[one][1] - row).max() for one, (_, row) in plain.items()]
        changed = sum(found[one][0] != labels for one, (labels, _) in plain.items())
        print(f"{kind:<12}{np.median(moved):>8.3f}{np.quantile(moved, 0.9):>8.3f}{changed:>18}")


if __name__ == "__main__":
    main()
