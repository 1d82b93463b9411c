"""jsc-toy and MASE's integer quantization in PyTorch, as a user of the peer would write them."""
import json
import struct

import numpy as np
import torch
from torch import nn


def jsc_toy():
    return nn.Sequential(
        nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 8), nn.BatchNorm1d(8), nn.ReLU(),
        nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 5), nn.BatchNorm1d(5), nn.ReLU())


def integer(x, width, frac_width):
    low, high = -(2 ** (width - 1)), 2 ** (width - 1) - 1
    return torch.clamp(torch.round(x * 2 ** frac_width), low, high) / 2 ** frac_width


class LinearInteger(nn.Linear):
    def __init__(self, linear, widths):
        super().__init__(linear.in_features, linear.out_features)
        self.load_state_dict(linear.state_dict())
        self.widths = widths

    def forward(self, x):
        data, weight, bias = self.widths
        return nn.functional.linear(integer(x, data, data // 2),
                                    integer(self.weight, weight, weight // 2),
                                    integer(self.bias, bias, bias // 2))


def load_csv(path):
    table = np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.float32)
    return torch.from_numpy(table[:, :-1].copy()), torch.from_numpy(table[:, -1].astype(np.int64))


def load_safetensors(path, prefix="seq_blocks."):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        body = file.read()
    kinds = {"F32": np.float32, "I64": np.int64}
    state = {}
    for name, entry in header.items():
        if name.startswith(prefix):
            begin, end = entry["data_offsets"]
            array = np.frombuffer(body[begin:end], dtype=kinds[entry["dtype"]])
            state[name[len(prefix):]] = torch.from_numpy(array.reshape(entry["shape"]).copy())
    return state
