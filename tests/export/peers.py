#!/usr/bin/env python3
"""Holds an export against the package it was made of, in ONNX Runtime and in PyTorch, and prints how
close they are.

usage: peers.py PACKAGE EXPORTED        the folders of a model package and of its export
needs: pip install numpy onnx onnxruntime torch torchvision timm safetensors
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import timm
import torch
import torchvision
from safetensors.torch import load_file

NETWORKS = {
    "densenet-121": torchvision.models.densenet121,
    "densenet-201": torchvision.models.densenet201,
    "resnet-50": torchvision.models.resnet50,
    "inception-resnet-v2": lambda **options: timm.create_model("inception_resnet_v2", **options),
}


def golden_planes(planes, size):
    """`[planes, size, size]`, as `golden_planes` in src/package.rs makes them."""

    def triangle(position, period):
        phase = position % period
        return np.minimum(phase, period - phase) * 255 // (period // 2)

    y, x = np.mgrid[:size, :size].astype(np.uint64)
    made = []
    for plane in range(planes):
        wave = triangle(x + 3 * y, 22 + 10 * plane) // 2 + triangle(2 * x + y, 64 + 6 * plane) // 4
        place = (plane * 131 + y) * 8191 + x
        made.append(wave + ((place * 2654435761 & 0xFFFFFFFF) >> 26))
    return (np.stack(made) / 255).astype(np.float32)


def report(what, found, expected):
    scale = max(1, np.abs(expected).max())
    print(f"{what}: off by {np.abs(found - expected).max() / scale:.1e} of the largest logit")


package, exported = map(Path, sys.argv[1:])
manifest = json.loads((package / "manifest.json").read_text())
shape = manifest["network"]
onnx.checker.check_model(str(exported / "model.onnx"), full_check=True)
session = onnxruntime.InferenceSession(str(exported / "model.onnx"))


def answer(planes):
    return session.run(["logits"], {"planes": planes})[0]


for golden in manifest["goldens"]:
    planes = golden_planes(shape["planes"], golden["size"])
    report(f"golden input of {golden['size']} px, ONNX Runtime", answer(planes[None])[0], np.array(golden["logits"]))

if shape["architecture"] in NETWORKS and shape["head"] == "pooling" and shape["planes"] == 3:
    network = NETWORKS[shape["architecture"]](num_classes=shape["classes"])
    network.load_state_dict(load_file(exported / "weights.safetensors"), strict=True)
    network.eval()
    mean, std = (torch.tensor(manifest[name])[None, :, None, None] for name in ("mean", "std"))
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    torch.manual_seed(0)
    size = shape["size"]
    images = torch.rand(2, 3, size + 32, size + 64)
    # The library's own epsilon first, then the package's.
    for epsilon in (norms[0].eps, shape["batch_norm_epsilon"]):
        for norm in norms:
            norm.eps = epsilon
        with torch.no_grad():
            logits = network((images - mean) / std).numpy()
        report(f"two images of {size + 32} x {size + 64} px, PyTorch with epsilon {epsilon:g}", logits, answer(images.numpy()))
