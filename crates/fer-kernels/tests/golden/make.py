"""Writes network.safetensors: one training step of a small network as PyTorch computes it in float64.

    pip install torch==2.8.0 numpy safetensors && python make.py

Weights, inputs and targets are rounded to float32 first, so that both sides start from the same numbers. Flat buffers are laid
out as `NetworkSpec` says: convolution weights [3, 3, C_in, C_out], activations [N, H, W, C].
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

HEIGHT, WIDTH, CLASSES, BATCH, MOMENTUM = 13, 12, 4, 7, 0.1
BLOCKS = [(16, False), (16, True), (32, False), (24, True)]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs, self.norms, channels = nn.ModuleList(), nn.ModuleList(), 1
        for out_channels, _ in BLOCKS:
            self.convs.append(nn.Conv2d(channels, out_channels, 3, padding=1, bias=False))
            self.norms.append(nn.BatchNorm2d(out_channels, momentum=MOMENTUM))
            channels = out_channels
        self.head = nn.Linear(channels, CLASSES)

    def forward(self, x, dropout=None):
        for (_, pool), conv, norm in zip(BLOCKS, self.convs, self.norms):
            x = F.relu(norm(conv(x)))
            if pool:
                x = F.max_pool2d(x, 2)
        x = x.mean((2, 3))
        return self.head(x if dropout is None else x * dropout)

    def flat(self, of):
        """The parameters, or what `of` makes of them, in the order and layout of the parameter buffer."""
        parts = []
        for conv, norm in zip(self.convs, self.norms):
            parts += [of(conv.weight).permute(2, 3, 1, 0), of(norm.weight), of(norm.bias)]
        parts += [of(self.head.weight), of(self.head.bias)]
        return torch.cat([part.detach().reshape(-1) for part in parts])

    def statistics(self):
        return torch.cat([values for norm in self.norms for values in (norm.running_mean, norm.running_var)])


def main():
    torch.manual_seed(20)
    net = Net().double()
    with torch.no_grad():
        for parameter in net.parameters():
            noise = torch.randn_like(parameter)
            fan_in = parameter[0].numel() if parameter.dim() > 1 else 50
            parameter.copy_((noise * (2 / fan_in) ** 0.5).float())
        for norm in net.norms:
            norm.weight.add_(1).copy_(norm.weight.float())
    x = torch.randn(BATCH, 1, HEIGHT, WIDTH).float()
    targets = torch.rand(BATCH, CLASSES).float()  # rows do not sum to 1
    dropout = (torch.rand(BATCH, BLOCKS[-1][0]) > 0.25).float() * 1.25

    parameters = net.flat(lambda p: p)
    logits = net(x.double(), dropout.double())
    loss = -(targets.double() * logits.log_softmax(1)).sum(1).mean()
    loss.backward()
    tensors = {
        "input": x.permute(0, 2, 3, 1),
        "targets": targets,
        "dropout": dropout,
        "parameters": parameters.float(),
        "loss": loss.detach().reshape(1),
        "logits": logits.detach(),
        "gradients": net.flat(lambda p: p.grad),
        "statistics": net.statistics(),
        "inference_logits": net.eval()(x.double()).detach(),
    }
    save_file({name: t.contiguous() for name, t in tensors.items()}, Path(__file__).with_name("network.safetensors"))


if __name__ == "__main__":
    main()
