#!/usr/bin/env python3
"""Times `trainer predict` beside ONNX Runtime on the same package, fields and cores. predict.sh prepares both.

usage: predict.py TRAINER PACKAGE MODEL.onnx FIELDS WORK RUNS PEAK

PEAK is what a bare product reaches on one core, in GFLOP/s.

FIELDS is a folder of <id>_<channel>.png of the package's own size, 8 bit, so that nobody resizes. Both sides read and
decode ahead of the network on threads, classify one field at a time and write the same table. The contenders take turns,
RUNS times; the median counts. The last line says how far the tables are apart: they must be of the same network.
"""
import csv
import json
import os
import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

CORES = len(os.sched_getaffinity(0))
# Multiply-adds of DenseNet-121, done directly, for a pixel of the input (14.8 G at 512 px).
MULTIPLY_ADDS = 56_500


def onnx_runtime(package, model, fields, out, threads):
    """The peer: a table as the trainer writes it; prints its fields a second."""
    import numpy as np
    import onnxruntime
    from PIL import Image

    with open(os.path.join(package, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    channels = {"rgb": ("red", "green", "blue"), "rgby": ("red", "green", "blue", "yellow")}[manifest["composition"]]
    size = manifest["network"]["size"]
    mean, std = (np.array(manifest[key], np.float32)[:, None, None] for key in ("mean", "std"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    ids = sorted(name.removesuffix("_green.png") for name in os.listdir(fields) if name.endswith("_green.png"))

    def planes(field):
        images = [Image.open(os.path.join(fields, f"{field}_{channel}.png")) for channel in channels]
        values = np.stack([np.asarray(image) for image in images])
        assert values.shape == (len(channels), size, size) and values.dtype == np.uint8, f"{field} is {values.dtype} {values.shape}"
        return ((values.astype(np.float32) / 255 - mean) / std)[None]

    begun = time.perf_counter()
    with open(out, "w", newline="", encoding="utf-8") as file, ThreadPoolExecutor(CORES) as pool:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["Id", "Predicted", *manifest["labels"]])
        ahead = [pool.submit(planes, field) for field in ids[: 2 * CORES]]
        for index, field in enumerate(ids):
            if index + 2 * CORES < len(ids):
                ahead.append(pool.submit(planes, ids[index + 2 * CORES]))
            (logits,) = session.run(["y"], {"x": ahead.pop(0).result()})
            probabilities = 1 / (1 + np.exp(-logits[0]))
            present = [str(c) for c, p in enumerate(probabilities) if p >= manifest["thresholds"][c]]
            table.writerow([field, " ".join(present), *map(str, probabilities)])
    print(f"{len(ids)} fields classified ({len(ids) / (time.perf_counter() - begun):.3f} fields a second)")


def measure(command, threads):
    """Fields a second of the loop alone, seconds of the whole process, its peak memory in MiB."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"RAYON_NUM_THREADS": str(threads)})
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    rate = float(re.search(r"\(([0-9.]+) fields a second", said).group(1))
    return rate, time.perf_counter() - begun, usage.ru_maxrss / 1024


def apart(first, second):
    """The largest difference of two tables' probabilities, and how many rows differ in their labels."""
    def rows(path):
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.reader(file))[1:]

    first, second = rows(first), rows(second)
    assert [row[0] for row in first] == [row[0] for row in second], "the tables have other fields"
    pairs = list(zip(first, second))
    largest = max(abs(float(a) - float(b)) for x, y in pairs for a, b in zip(x[2:], y[2:]))
    return len(pairs), largest, sum(x[1] != y[1] for x, y in pairs)


def main():
    trainer, package, model, fields, work = sys.argv[1:6]
    runs, peak = int(sys.argv[6]), float(sys.argv[7])
    with open(os.path.join(package, "manifest.json"), encoding="utf-8") as file:
        size = json.load(file)["network"]["size"]
    table = lambda name: os.path.join(work, f"{name}.csv")
    peer = lambda threads: [sys.executable, __file__, "--peer", package, model, fields, table(f"peer-{threads}"), str(threads)]
    ours = [trainer, "predict", "--model", package, "--data", fields, "--out", table("trainer"), "--overwrite"]
    contenders = {}
    for threads in sorted({1, CORES}):
        named = f"{threads} thread{'s' * (threads > 1)}"
        # Both decode on threads of their own, ahead of the network; the trainer's workers run it, too.
        contenders[f"trainer predict, {named}"] = [*ours, "--workers", str(threads)], threads
        contenders[f"ONNX Runtime, {named}"] = peer(threads), threads
    measured = {name: [] for name in contenders}
    for _ in range(runs):
        for name, (command, threads) in contenders.items():
            measured[name].append(measure(command, threads))
    print(f"{CORES} cores, load {os.getloadavg()[0]:.1f}, {runs} runs each in turns; medians")
    print(f"{'':28}{'fields/s':>10}{'whole s':>10}{'peak MiB':>10}")
    rates = {}
    for name, results in measured.items():
        rates[name], whole, memory = (statistics.median(values) for values in zip(*results))
        print(f"{name:28}{rates[name]:10.2f}{whole:10.1f}{memory:10.0f}")
    pairs = list(rates.items())
    for (name, rate), (_, peer_rate) in zip(pairs[::2], pairs[1::2]):
        print(f"{name}: {peer_rate / rate:.2f} of ONNX Runtime's time")
    print(f"a bare product reaches {peak:.1f} GFLOP/s on one core; of it, counted as direct convolutions (Winograd's need fewer):")
    for name, rate in pairs:
        reached = 2e-9 * MULTIPLY_ADDS * size * size * rate
        print(f"{name:28}{reached:10.1f} GFLOP/s{reached / (peak * contenders[name][1]):8.0%}")
    for threads in sorted({1, CORES}):
        fields, largest, labels = apart(table("trainer"), table(f"peer-{threads}"))
        print(f"{fields} fields, probabilities at most {largest:.1e} apart, other labels in {labels}")
        if largest > 1e-3:
            sys.exit("that is not the same network")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        onnx_runtime(*sys.argv[2:6], int(sys.argv[6]))
    else:
        main()
