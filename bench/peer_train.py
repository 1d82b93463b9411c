"""The training of bench/README.md with Debian's torch.

    peer_train.py DATA_FOLDER EPOCHS dataloader|batched
Prints one JSON object: samples, CPU seconds of the loop, last loss.
"""
import json
import sys
import time

import torch
from torch.utils.data import DataLoader, TensorDataset

from jsc_toy import jsc_toy, load_csv

BATCH = 256


def main():
    folder, epochs, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    samples, labels = load_csv(f"{folder}/train.csv")
    model = jsc_toy()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    loader = DataLoader(TensorDataset(samples, labels), batch_size=BATCH, shuffle=True)
    begin = time.process_time()
    for _ in range(epochs):
        if kind == "dataloader":
            batches = loader
        else:
            order = torch.randperm(len(samples))
            batches = zip(samples[order].split(BATCH), labels[order].split(BATCH))
        for x, y in batches:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
    seconds = time.process_time() - begin
    print(json.dumps({"samples": epochs * len(samples), "cpu_seconds": seconds,
                      "loss": loss.item()}))


main()
