"""A network of your own. Makes the folder "net": see docs/own-networks.md."""
import torch
from torch import nn

import lathe


class Net(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(16, width), nn.BatchNorm1d(width), nn.ReLU())
        self.block = nn.Sequential(nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(),
                                   nn.Linear(width, width))
        self.head = nn.Linear(width, 5)

    def forward(self, x):
        x = self.stem(x)
        return self.head(torch.relu(x + self.block(x)))


lathe.save(Net(), torch.zeros(2, 16), "net")
