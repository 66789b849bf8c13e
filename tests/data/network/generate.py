"""Writes golden.json: logits, loss, gradients and running statistics of a small network, by PyTorch in f64.

    python tests/data/network/generate.py

Made with torch 2.8; another version changes the output by less than 1e-12.

Weights and inputs come from `noise`, which the tests repeat, so that only results are stored. Layouts are
those of fer-kernels: activations [N, H, W, C], convolution weights [3, 3, C_in, C_out].
"""

import json
from pathlib import Path

import torch
from torch.nn import functional

SIZE, CHANNELS, BLOCKS_PER_STAGE, CLASSES, FACES = 10, [4, 8], 2, 4, 3
EPSILON, MOMENTUM = 1e-5, 0.1


def noise(start: int, count: int) -> torch.Tensor:
    """Numbers in [-0.5, 0.5) by multiplicative hashing, rounded to f32."""
    hashed = [(index * 2654435761) % 2**32 for index in range(start, start + count)]
    values = torch.tensor([value / 2**32 - 0.5 for value in hashed], dtype=torch.float64)
    return values.float().double()


def parameters() -> dict[str, torch.Tensor]:
    shapes, channels_in = {}, 1
    stages = [width for width in CHANNELS for _ in range(BLOCKS_PER_STAGE)]
    for index, width in enumerate(stages):
        shapes[f"blocks.{index}.weight"] = (3, 3, channels_in, width)
        shapes[f"blocks.{index}.gamma"] = (width,)
        shapes[f"blocks.{index}.beta"] = (width,)
        channels_in = width
    shapes["head.weight"] = (CLASSES, channels_in)
    shapes["head.bias"] = (CLASSES,)
    tensors, start = {}, 0
    for name, shape in shapes.items():
        tensor = noise(start, torch.Size(shape).numel()).reshape(shape)
        start += tensor.numel()
        if name.endswith("gamma"):
            tensor = (tensor + 1).float().double()
        tensors[name] = tensor.requires_grad_()
    return tensors


def forward(tensors, running, images, training):
    maps = images.permute(0, 3, 1, 2)
    for index in range(len(CHANNELS) * BLOCKS_PER_STAGE):
        block = f"blocks.{index}"
        maps = functional.conv2d(maps, tensors[f"{block}.weight"].permute(3, 2, 0, 1), padding=1)
        maps = functional.relu(
            functional.batch_norm(
                maps,
                running[f"{block}.running_mean"],
                running[f"{block}.running_var"],
                tensors[f"{block}.gamma"],
                tensors[f"{block}.beta"],
                training,
                MOMENTUM,
                EPSILON,
            )
        )
        if index % BLOCKS_PER_STAGE == BLOCKS_PER_STAGE - 1:
            maps = functional.max_pool2d(maps, 2)
    return functional.linear(maps.mean((2, 3)), tensors["head.weight"], tensors["head.bias"])


def main() -> None:
    tensors = parameters()
    running = {}
    for name, tensor in tensors.items():
        if name.endswith("gamma"):
            block = name.removesuffix(".gamma")
            running[f"{block}.running_mean"] = torch.zeros(tensor.numel(), dtype=torch.float64)
            running[f"{block}.running_var"] = torch.ones(tensor.numel(), dtype=torch.float64)
    images = noise(1_000_000, FACES * SIZE * SIZE).reshape(FACES, SIZE, SIZE, 1)
    targets = torch.full((FACES, CLASSES), 0.1, dtype=torch.float64)
    targets[range(FACES), range(FACES)] = 0.7

    inference_logits = forward(tensors, running, images, training=False)
    logits = forward(tensors, running, images, training=True)
    loss = -(targets * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()
    loss.backward()

    golden = {
        "inference_logits": inference_logits.flatten().tolist(),
        "training_logits": logits.flatten().tolist(),
        "loss": loss.item(),
        "gradients": {name: tensor.grad.flatten().tolist() for name, tensor in tensors.items()},
        "statistics": {name: tensor.tolist() for name, tensor in running.items()},
    }
    path = Path(__file__).with_name("golden.json")
    path.write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
