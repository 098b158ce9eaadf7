#!/usr/bin/env python3
"""Times training by the trainer beside PyTorch's. train.sh prepares both.

usage: train.py TRAINER DEVICE PEER SIZE BATCH WORK RUNS PEAK

Both train DenseNet-121 with 28 classes from random weights on batches of BATCH images of SIZE px with AdamW and binary
cross-entropy for 20 steps; what counts is the images a second of the last ten, when all is warm. The trainer reads simulated
fields while it trains, PyTorch has its batch in memory. The contenders take turns, RUNS times; the median counts. PEAK is what a
bare product reaches on one core, in GFLOP/s.
"""
import csv
import os
import shutil
import statistics
import subprocess
import sys
import time

STEPS, WARM = 20, 10
# Multiply-adds of DenseNet-121, done directly, for a pixel of the input; forward, and twice that backward.
MULTIPLY_ADDS = 3 * 56_500


def peer(kind, size, batch):
    """PyTorch's images a second, and its peak memory on a GPU in MiB."""
    import torch
    import torchvision

    device = torch.device("cuda" if kind.startswith("cuda") else "cpu")
    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = "tf32" in kind
    torch.backends.cudnn.benchmark = True
    if device.type == "cpu":
        torch.set_num_threads(len(os.sched_getaffinity(0)))
    network = torchvision.models.densenet121(num_classes=28).to(device).train()
    images = torch.rand(batch, 3, size, size, device=device)
    if "channels_last" in kind:
        network = network.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    targets = (torch.rand(batch, 28, device=device) < 0.05).float()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.05)
    scaler = torch.amp.GradScaler("cuda", enabled="amp" in kind)

    def wait():
        if device.type == "cuda":
            torch.cuda.synchronize()

    for step in range(STEPS):
        if step == WARM:
            wait()
            begun = time.perf_counter()
        with torch.autocast("cuda", torch.float16, enabled="amp" in kind):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(network(images), targets)
        optimiser.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.step(optimiser)
        scaler.update()
    wait()
    print((STEPS - WARM) * batch / (time.perf_counter() - begun))
    if device.type == "cuda":
        print(f"peak {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB", file=sys.stderr)


def ours(trainer, device, size, batch, work):
    """The trainer's images a second."""
    fields = os.path.join(work, f"fields-{size}-{batch}")
    count = (STEPS * batch * 10 + 8) // 9 + 9
    if not os.path.exists(os.path.join(fields, "train.csv")):
        subprocess.run([trainer, "simulate", "--out", fields, "--count", str(count), "--size", str(size)], check=True, stdout=sys.stderr)
    out = os.path.join(work, "run")
    shutil.rmtree(out, ignore_errors=True)
    keys = [
        "start.weights=random", "start.frozen_epochs=0", "input.composition=rgb", f"input.size={size}",
        "split.shares=[0.9, 0.05, 0.05]", "training.epochs=1", f"training.batch={batch}", "training.accumulation=1",
        "training.augmented=none", "repeats.threshold=0", "loss={kind = 'cross-entropy'}", "optimiser.backbone_share=1.0",
        "optimiser.clip=0", "average.decay=0", "evaluation.views=1",
    ]
    command = [trainer, "train", "--plain", "--device", device, "--data", fields, "--out", out]
    command += [word for key in keys for word in ("--set", key)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    with open(os.path.join(out, "steps.csv"), encoding="utf-8") as file:
        rows = {int(row["step"]): float(row["images_per_second"]) for row in csv.DictReader(file)}
    return rows[STEPS]


def main():
    if sys.argv[1] == "peer":
        peer(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
        return
    trainer, device, peer_device, size, batch, work, runs, peak = sys.argv[1:9]
    kinds = [peer_device]
    if peer_device == "cuda":
        kinds += ["cuda-tf32", "cuda-amp", "cuda-amp-channels_last"]
    speeds = {"trainer": []} | {kind: [] for kind in kinds}
    for _ in range(int(runs)):
        speeds["trainer"].append(ours(trainer, device, int(size), int(batch), work))
        for kind in kinds:
            command = [sys.executable, __file__, "peer", kind, size, batch]
            speeds[kind].append(float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    for name, value in medians.items():
        title = f"trainer on {device}" if name == "trainer" else f"PyTorch on {name}"
        each = ", ".join(f"{speed:.2f}" for speed in speeds[name])
        print(f"{title:<36} {value:9.2f} images a second ({each}), ratio {value / medians['trainer']:.2f}")
    if peer_device == "cpu":
        most = float(peak) * len(os.sched_getaffinity(0))
        print(f"bare products reach {most:.1f} GFLOP/s on these cores; of it, counted as direct convolutions (Winograd's need fewer):")
        for name, value in medians.items():
            reached = 2e-9 * MULTIPLY_ADDS * int(size) ** 2 * value
            print(f"{name:<36} {reached:9.1f} GFLOP/s{reached / most:8.0%}")


if __name__ == "__main__":
    main()
