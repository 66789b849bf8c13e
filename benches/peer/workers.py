"""Run the peers' side of `peers.py`: PyTorch and ONNX Runtime as warm processes that measure on command.

    workers.py prepare DIRECTORY                   writes weights, images, models and the truth
    workers.py ort f32|int8 DIRECTORY
    workers.py torch eager|fused|channels_last DIRECTORY

The commands are those of `main.rs`; the instruction set in them is ignored, everyone uses the best.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

CHANNELS, SIZE, CLASSES, IMAGES, LEARNING_RATE = [32, 64, 128, 256], 48, 4, 128, 1e-3


def network() -> Any:
    """Build the reference network as anyone would write it in PyTorch."""
    from torch import nn

    layers: list[Any] = []
    before = 1
    for channels in CHANNELS:
        for after in (before, channels):
            layers += [
                nn.Conv2d(after, channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
            ]
        layers.append(nn.MaxPool2d(2))
        before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, CLASSES))


def flat(net: Any, of: Callable[[Any], Any]) -> Any:
    """Lay out the parameters, or what `of` makes of them, as fer-kernels' buffer is."""
    import torch

    parts = [of(p).permute(2, 3, 1, 0) if p.dim() == 4 else of(p) for p in net.parameters()]
    return torch.cat([part.detach().reshape(-1) for part in parts])


def prepare(directory: Path) -> None:
    """Write what all sides start from, and what they should compute."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(7)
    net = network()
    images = torch.randn(IMAGES, 1, SIZE, SIZE)
    labels = torch.arange(IMAGES) % CLASSES
    with torch.no_grad():
        net.train()(images)  # running statistics that suit the weights
    torch.save(net.state_dict(), directory / "reference.pt")
    norms = [layer for layer in net if isinstance(layer, torch.nn.BatchNorm2d)]
    running = [values for norm in norms for values in (norm.running_mean, norm.running_var)]
    tensors = {
        "parameters": flat(net, lambda p: p),
        "statistics": torch.cat(running),
        "input": images.permute(0, 2, 3, 1),
        "targets": torch.nn.functional.one_hot(labels, CLASSES).float(),
    }
    save_file({name: t.contiguous() for name, t in tensors.items()}, directory / "reference.safetensors")
    np.savez(directory / "images.npz", images=images.numpy(), labels=labels.numpy())

    export(net.eval(), images, directory)
    net.double()
    few = images[:16].double()
    logits = net(few).detach()
    torch.nn.functional.cross_entropy(net.train()(few), labels[:16]).backward()
    gradients = flat(net, lambda p: p.grad)
    np.savez(directory / "truth.npz", logits=logits.reshape(-1).numpy(), gradients=gradients.numpy())


def export(net: Any, images: Any, directory: Path) -> None:
    """Write the network for ONNX Runtime, in float32 and quantized to int8, calibrated on the images."""
    import torch
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    path = directory / "f32.onnx"
    torch.onnx.export(
        net,
        (images[:1],),
        str(path),
        input_names=["x"],
        output_names=["y"],
        dynamic_axes={"x": {0: "n"}, "y": {0: "n"}},
        dynamo=False,
    )

    class Images(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.batches = iter([{"x": images[i : i + 16].numpy()} for i in range(0, IMAGES, 16)])

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self.batches, None)

    quantize_static(
        str(path),
        str(directory / "int8.onnx"),
        Images(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )


class OnnxRuntime:
    """A session for each number of threads."""

    def __init__(self, model: str, directory: Path) -> None:
        self.path = directory / f"{model}.onnx"
        with np.load(directory / "images.npz") as file:
            self.images = file["images"]
        self.sessions: dict[int, Any] = {}

    def infer(self, threads: int, batch: int) -> np.ndarray:
        """Compute the logits of the first images."""
        import onnxruntime

        if threads not in self.sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            self.sessions[threads] = onnxruntime.InferenceSession(
                str(self.path), options, providers=["CPUExecutionProvider"]
            )
        result: np.ndarray = self.sessions[threads].run(None, {"x": self.images[:batch]})[0]
        return result


class Torch:
    """Inference and training; a network and an optimizer for each setting."""

    def __init__(self, setting: str, directory: Path) -> None:
        import torch

        self.fused, self.setting = setting != "eager", setting
        with np.load(directory / "images.npz") as file:
            self.images = torch.from_numpy(file["images"])
            self.labels = torch.from_numpy(file["labels"])
        self.weights = torch.load(directory / "reference.pt")
        self.inference, (self.training, self.optimizer) = self.network()[0].eval(), self.network()

    def network(self) -> tuple[Any, Any]:
        """Make a network with the reference weights, and its optimizer."""
        import torch

        net = network()
        net.load_state_dict(self.weights)
        if self.setting == "channels_last":
            net = net.to(memory_format=torch.channels_last)
            self.images = self.images.contiguous(memory_format=torch.channels_last)
        options = {"fused": True} if self.fused else {}
        return net.train(), torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE, **options)

    def infer(self, threads: int, batch: int) -> np.ndarray:
        """Compute the logits of the first images."""
        import torch

        torch.set_num_threads(threads)
        with torch.inference_mode():
            result: np.ndarray = self.inference(self.images[:batch]).numpy()
        return result

    def train(self, threads: int, batch: int) -> None:
        """Take one step: forward, backward, update."""
        import torch

        torch.set_num_threads(threads)
        self.optimizer.zero_grad(set_to_none=True)
        logits = self.training(self.images[:batch])
        torch.nn.functional.cross_entropy(logits, self.labels[:batch]).backward()
        self.optimizer.step()

    def gradients(self, threads: int, batch: int) -> np.ndarray:
        """Compute the gradients of the first step."""
        import torch

        torch.set_num_threads(threads)
        net, _ = self.network()
        torch.nn.functional.cross_entropy(net(self.images[:batch]), self.labels[:batch]).backward()
        result: np.ndarray = flat(net, lambda p: p.grad).numpy()
        return result


def answer(side: Any, command: str) -> dict[str, Any]:
    """Do what a line of input says."""
    verb, _, threads, batch, last = command.split()
    sizes = int(threads), int(batch)
    if verb in ("logits", "gradients"):
        values = side.infer(*sizes) if verb == "logits" else side.gradients(*sizes)
        values.astype("<f4").tofile(last)
        return {"written": last}
    run = {"infer": "infer", "train": "train"}[verb]
    seconds = []
    for _ in range(int(last)):
        began = time.perf_counter()
        getattr(side, run)(*sizes)
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "peak_bytes": peak}


def main() -> None:
    """Prepare, or answer commands until the input ends."""
    if sys.argv[1] == "prepare":
        prepare(Path(sys.argv[2]))
        return
    kind, setting, directory = sys.argv[1:]
    side = {"ort": OnnxRuntime, "torch": Torch}[kind](setting, Path(directory))
    for line in sys.stdin:
        print(json.dumps(answer(side, line)), flush=True)


if __name__ == "__main__":
    main()
