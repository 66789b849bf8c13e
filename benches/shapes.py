#!/usr/bin/env python3
"""Compare shapes of network and losses that `fer train` does not have, in PyTorch, on a small budget.

    pip install -r benches/requirements.txt pillow
    fer audit fer2013 --json audit.json
    python benches/shapes.py fer2013 --audit audit.json

Each line is a network of about the size of the small one in docs/model.md, trained for a few epochs on the
folder labels without the training images that have a copy elsewhere, and judged on the validation folder.
What wins here by more than the interval is worth building; nothing made here is shipped.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

CLASSES = ("happy", "sad", "neutral", "surprise")
SIDE, BATCH, PEAK, DECAY, EMA, SMOOTHING = 48, 128, 3e-3, 0.03, 0.998, 0.1
Loss = Callable[[Tensor, Tensor], Tensor]
Split = tuple[Tensor, Tensor]


def conv(inputs: int, outputs: int, side: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolve, then normalize by batch norm."""
    layer = nn.Conv2d(inputs, outputs, side, stride, side // 2, groups=groups, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs))


def separable(inputs: int, outputs: int) -> nn.Sequential:
    """Convolve channel by channel, then across channels (Howard et al. 2017, section 3.1)."""
    return nn.Sequential(conv(inputs, inputs, groups=inputs), nn.ReLU(), conv(inputs, outputs, 1))


class Residual(nn.Module):
    """Two convolutions and a way around them (He et al. 2016, figure 2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = conv(inputs, outputs), conv(outputs, outputs)
        self.around = nn.Identity() if inputs == outputs else conv(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Apply both ways and add them."""
        return functional.relu(self.around(x) + self.second(functional.relu(self.first(x))))


def plain_stage(inputs: int, outputs: int) -> list[nn.Module]:
    """Stack two convolutions, as `fer train` does."""
    return [conv(inputs, outputs), nn.ReLU(), conv(outputs, outputs), nn.ReLU()]


def separable_stage(inputs: int, outputs: int) -> list[nn.Module]:
    """Stack two separable convolutions; the image itself has one channel to separate."""
    first = conv(inputs, outputs) if inputs == 1 else separable(inputs, outputs)
    return [first, nn.ReLU(), separable(outputs, outputs), nn.ReLU()]


def residual_stage(inputs: int, outputs: int) -> list[nn.Module]:
    """Stack two convolutions with a way around."""
    return [Residual(inputs, outputs)]


def network(
    stage: Callable[[int, int], list[nn.Module]], channels: tuple[int, ...], stem: int = 0
) -> nn.Sequential:
    """Build stages with 2x2 max-pools between, the mean of each channel, dropout and a linear layer.

    With ``stem`` channels, a 5x5 convolution of stride 2 stands before them.
    """
    layers: list[nn.Module] = [conv(1, stem, 5, 2), nn.ReLU()] if stem else []
    inputs = stem or 1
    for outputs in channels:
        layers += [*stage(inputs, outputs), nn.MaxPool2d(2)]
        inputs = outputs
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(inputs, len(CLASSES))]
    return nn.Sequential(*layers[:-1], *head)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Compute what `fer train` minimizes on hard labels."""
    return functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)


def generalized(logits: Tensor, labels: Tensor, q: float = 0.7) -> Tensor:
    """Generalized cross-entropy, robust to wrong labels (Zhang and Sabuncu 2018, equation 6)."""
    right = logits.softmax(1).gather(1, labels[:, None])
    return ((1 - right**q) / q).mean()


def symmetric(logits: Tensor, labels: Tensor) -> Tensor:
    """Symmetric cross-entropy, robust to wrong labels (Wang et al. 2019, equation 7; log 0 is -4)."""
    right = logits.softmax(1).gather(1, labels[:, None])
    return functional.cross_entropy(logits, labels) + 0.5 * (4 * (1 - right)).mean()


def focal(logits: Tensor, labels: Tensor) -> Tensor:
    """Focal loss with gamma 2 (Lin et al. 2017, equation 4)."""
    log_right = logits.log_softmax(1).gather(1, labels[:, None])
    return -((1 - log_right.exp()) ** 2 * log_right).mean()


SMALL = (16, 32, 96, 192)
VARIANTS: dict[str, tuple[Callable[[], nn.Module], Loss]] = {
    "plain": (lambda: network(plain_stage, SMALL), cross_entropy),
    "plain, another seed": (lambda: network(plain_stage, SMALL), cross_entropy),
    "residual": (lambda: network(residual_stage, SMALL), cross_entropy),
    "depth-wise separable": (lambda: network(separable_stage, (32, 64, 192, 384)), cross_entropy),
    "stem of 5x5, stride 2": (lambda: network(plain_stage, (64, 128, 256), stem=32), cross_entropy),
    "generalized cross-entropy": (lambda: network(plain_stage, SMALL), generalized),
    "symmetric cross-entropy": (lambda: network(plain_stage, SMALL), symmetric),
    "focal loss": (lambda: network(plain_stage, SMALL), focal),
}


def load(folder: Path, left_out: set[str]) -> Split:
    """Images ``[N, 1, 48, 48]`` of bytes and their labels."""
    images, labels = [], []
    for label, name in enumerate(CLASSES):
        for path in sorted((folder / name).iterdir()):
            if str(Path(folder.name, name, path.name)) not in left_out:
                images.append(np.asarray(Image.open(path).convert("L").resize((SIDE, SIDE))))
                labels.append(label)
    return torch.from_numpy(np.stack(images))[:, None], torch.tensor(labels)


def copies(audit: Path) -> set[str]:
    """List the training images that have a copy in validation or test."""
    findings = json.loads(audit.read_text())
    left_out = set()
    for pair in findings["exact"] + findings["near"]:
        splits = {path.split("/")[0]: path for path in (pair["a"], pair["b"])}
        if len(splits) == 2 and "train" in splits:
            left_out.add(splits["train"])
    return left_out


def normalized(images: Tensor) -> Tensor:
    """Each image with mean 0 and deviation 1, as in `fer_core::Normalization::PerImage`."""
    images = images.float()
    deviation, mean = torch.std_mean(images, dim=(1, 2, 3), keepdim=True, correction=0)
    return (images - mean) / deviation.clamp(min=4.0)


def augmented(images: Tensor) -> Tensor:
    """Flipped, turned, scaled, shifted, lightened and partly covered at random."""
    count = len(images)
    uniform = lambda limit: (2 * torch.rand(count) - 1) * limit  # noqa: E731
    angle, scale = uniform(math.radians(15)), 1 + uniform(0.15)
    flip = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    rows = [flip * angle.cos() / scale, -angle.sin() / scale, uniform(0.18)]
    rows += [flip * angle.sin() / scale, angle.cos() / scale, uniform(0.18)]
    grid = functional.affine_grid(
        torch.stack(rows, 1).view(count, 2, 3), list(images.shape), align_corners=False
    )
    images = functional.grid_sample(images.float(), grid, padding_mode="border", align_corners=False)
    images = images * (1 + uniform(0.3)).view(-1, 1, 1, 1) + uniform(38).view(-1, 1, 1, 1)
    for i in torch.nonzero(torch.rand(count) < 0.3).flatten():
        height, width = torch.randint(8, 24, (2,)).tolist()
        y, x = (int(torch.randint(0, SIDE - side, ())) for side in (height, width))
        images[i, :, y : y + height, x : x + width] = 255 * torch.rand(())
    return images.clamp(0, 255)


def batches(split: Split) -> Iterator[Split]:
    """Yield augmented batches in random order; what does not fill one is left out."""
    order = torch.randperm(len(split[1]))
    for rows in order.split(BATCH)[: len(order) // BATCH]:
        yield normalized(augmented(split[0][rows])), split[1][rows]


def train(model: nn.Module, loss_of: Loss, split: Split, epochs: int) -> nn.Module:
    """Train by AdamW and one cycle; the average of the weights is returned."""
    optimizer = torch.optim.AdamW(model.parameters(), PEAK, weight_decay=DECAY)
    steps = epochs * (len(split[1]) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK, steps, pct_start=0.2)
    average = copy.deepcopy(model).eval()
    for epoch in range(epochs):
        for step, (images, labels) in enumerate(batches(split), epoch * (steps // epochs)):
            loss = loss_of(model(images.contiguous(memory_format=torch.channels_last)), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            decay = min(
                EMA, (1 + step) / (10 + step)
            )  # The average starts short, as a short run is over soon.
            for kept, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
                if kept.is_floating_point():
                    kept.lerp_(new, 1 - decay)
    return average


@torch.inference_mode()
def judge(model: nn.Module, split: Split) -> tuple[float, float]:
    """Accuracy and the mean of the classes' recalls."""
    predicted = torch.cat([model(normalized(part)).argmax(1) for part in split[0].split(256)])
    right = (predicted == split[1]).float()
    recalls = [right[split[1] == label].mean() for label in range(len(CLASSES))]
    return right.mean().item(), float(torch.stack(recalls).mean())


def main() -> None:
    """Print a line of a table for each variant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="dataset folder")
    parser.add_argument("--audit", type=Path, required=True, help="what `fer audit --json` wrote")
    parser.add_argument("--epochs", type=int, default=6, help="passes (default: %(default)s)")
    parser.add_argument("--only", choices=VARIANTS, nargs="*", default=list(VARIANTS), help="which lines")
    arguments = parser.parse_args()
    left_out = copies(arguments.audit)
    training, validation = (load(arguments.data / name, left_out) for name in ("train", "validation"))
    print("| shape or loss | parameters | minutes | accuracy | balanced |", flush=True)
    print("|---|---:|---:|---:|---:|", flush=True)
    for name in arguments.only:
        torch.manual_seed(list(VARIANTS).index(name))
        make, loss = VARIANTS[name]
        start = time.perf_counter()
        model = make().to(memory_format=torch.channels_last)
        size = sum(weights.numel() for weights in model.parameters()) / 1e6
        accuracy, balanced = judge(train(model, loss, training, arguments.epochs), validation)
        minutes = (time.perf_counter() - start) / 60
        print(f"| {name} | {size:.2f} M | {minutes:.0f} | {accuracy:.3f} | {balanced:.3f} |", flush=True)


if __name__ == "__main__":
    main()
