#!/usr/bin/env python3
"""The mean average precision of single cells as the Human Protein Atlas's challenge of 2021 counts it, from the files alone: what
`trainer score-cells --answers` says of the challenge's classes, by another program.

usage: cells_map.py SET FOUND      SET by `trainer simulate --masks`, FOUND by `trainer cells --answers --submission`
needs: pip install numpy pillow

Of each class, the found cells of all fields are taken in the order of their confidence. One is a hit where the true cell of the
class with which it shares most shares 0.6 of both together, and has no hit yet. The average precision is the area under precision
by recall, where precision is the best at this or a higher recall (Open Images).
"""

import base64
import csv
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

THRESHOLD = 0.6
NEGATIVE = 18
# The challenge's classes of the 28 locations, by their numbers; bridge (16) and rods and rings (27) have none.
CLASSES = {
    0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 17, 9: 17, 10: 17, 11: 8, 12: 9, 13: 9, 14: 10, 15: 10, 17: 11, 18: 12,
    19: 12, 20: 17, 21: 13, 22: 13, 23: 14, 24: 15, 25: 16, 26: 17,
}  # fmt: skip


def decoded(text, width, height):
    """The pixels of a mask: COCO's run lengths, packed and in base64, column by column."""
    letters = zlib.decompress(base64.b64decode(text))
    runs, at = [], 0
    while at < len(letters):
        value, shift, more = 0, 0, True
        while more:
            letter = letters[at] - 48
            at += 1
            value |= (letter & 31) << shift
            shift += 5
            more = bool(letter & 32)
        if letter & 16:
            value -= 1 << shift
        if len(runs) > 2:
            value += runs[-2]
        runs.append(value)
    pixels = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return pixels.reshape(width, height).T


def true_cells(folder, field):
    """The mask of each true cell, and its classes."""
    mask = np.array(Image.open(folder / "masks" / f"{field}_cells.png")).astype(int)
    with open(folder / "masks" / f"{field}_labels.csv", newline="") as file:
        for row in csv.DictReader(file):
            labels = [int(label) for label in row["Target"].split()]
            classes = {CLASSES[label] for label in labels if label in CLASSES}
            yield mask == int(row["Id"]), classes if labels else {NEGATIVE}


def average_precision(found, truths):
    found.sort(key=lambda one: -one[0])
    hits = np.cumsum([hit for _, hit in found])
    precision = hits / np.arange(1, len(found) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    recall = np.concatenate([[0], hits / truths])
    return float(np.sum(np.diff(recall) * best))


def main():
    folder, submission = Path(sys.argv[1]), Path(sys.argv[2]) / "submission.csv"
    csv.field_size_limit(1 << 30)
    found = {number: [] for number in range(NEGATIVE + 1)}
    truths = dict.fromkeys(found, 0)
    with open(submission, newline="") as file:
        for row in csv.DictReader(file):
            cells = list(true_cells(folder, row["ID"]))
            for _, classes in cells:
                for number in classes:
                    truths[number] += 1
            words = row["PredictionString"].split()
            shares, taken, answers = {}, set(), []
            for number, confidence, text in zip(words[::3], words[1::3], words[2::3]):
                if text not in shares:
                    pixels = decoded(text, int(row["ImageWidth"]), int(row["ImageHeight"]))
                    shares[text] = [np.sum(pixels & cell) / np.sum(pixels | cell) for cell, _ in cells]
                answers.append((int(number), float(confidence), shares[text]))
            answers.sort(key=lambda answer: -answer[1])
            for number, confidence, share in answers:
                of_class = [at for at, (_, classes) in enumerate(cells) if number in classes]
                best = max(of_class, key=lambda at: share[at], default=None)
                hit = best is not None and share[best] >= THRESHOLD and (number, best) not in taken
                if hit:
                    taken.add((number, best))
                found[number].append((confidence, hit))
    scores = {
        number: average_precision(found[number], truths[number]) if found[number] else 0.0
        for number in found
        if truths[number]
    }
    for number, score in scores.items():
        print(f"class {number}: {truths[number]} true cells, {score:.3f}")
    print(f"mean: {np.mean(list(scores.values())):.6f}")


if __name__ == "__main__":
    main()
