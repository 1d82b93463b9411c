"""Images through a network in Debian's torch, evaluation mode, float, one thread.

    peer.py vgg7|resnet20|mobilenet_v2 IMAGES COPIES COUNT [channels_last]

IMAGES are records of CIFAR-10 or an array of numpy.save; COUNT rows of COPIES times those run. The
networks have Lathe's shapes and random weights. Whoever calls it times the process.
"""
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional

BATCH = 64  # as Lathe's portions
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


def load(path):
    if path.endswith(".npy"):
        return torch.from_numpy(numpy.load(path))
    records = numpy.fromfile(path, dtype=numpy.uint8).reshape(-1, 3073)
    images = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).astype(numpy.float32))
    return (images / 255 - MEAN) / STD


def vgg7():
    layers, channels = [], 3
    for place, width in enumerate((128, 128, 256, 256, 512, 512)):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width),
                   nn.ReLU(inplace=True)]
        if place % 2:
            layers.append(nn.MaxPool2d(2))
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8192, 1024), nn.ReLU(inplace=True),
                         nn.Linear(1024, 1024), nn.ReLU(inplace=True), nn.Linear(1024, 10))


class Block(nn.Module):
    """Of resnet20: two convolutions beside a shortcut without weights (option A)."""

    def __init__(self, channels, out):
        super().__init__()
        self.stride = 1 if channels == out else 2
        self.conv1 = nn.Conv2d(channels, out, 3, self.stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.stride == 2:
            quarter = y.shape[1] // 4
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, quarter, quarter))
        return functional.relu(y + x)


def resnet20():
    layers, channels = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for out in (16, 32, 64):
        for _ in range(3):
            layers.append(Block(channels, out))
            channels = out
    return nn.Sequential(*layers, nn.AvgPool2d(8), nn.Flatten(), nn.Linear(64, 10))


class InvertedResidual(nn.Module):
    def __init__(self, channels, out, stride, expansion):
        super().__init__()
        self.adds = stride == 1 and channels == out
        wide = channels * expansion
        layers = layer(channels, wide, 1) if expansion != 1 else []
        layers += layer(wide, wide, 3, stride, wide)
        self.conv = nn.Sequential(*layers, nn.Conv2d(wide, out, 1, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


def layer(channels, out, kernel, stride=1, groups=1):
    return [nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(out), nn.ReLU6(inplace=True)]


def mobilenet_v2():
    layers, channels = layer(3, 32, 3, 2), 32
    for expansion, out, blocks, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                           (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for place in range(blocks):
            layers.append(InvertedResidual(channels, out, 1 if place else stride, expansion))
            channels = out
    return nn.Sequential(*layers, *layer(320, 1280, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Dropout(0.2), nn.Linear(1280, 10))


def main():
    network, path, copies, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    images = load(path).repeat(copies, 1, 1, 1)[:count]
    model = {"vgg7": vgg7, "resnet20": resnet20, "mobilenet_v2": mobilenet_v2}[network]().eval()
    if sys.argv[5:] == ["channels_last"]:
        model = model.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        print(sum(model(x).argmax(1).sum().item() for x in images.split(BATCH)))


main()
