"""vgg7 on CIFAR-10 images with Debian's torch: the loop of `lathe train vgg7 cifar10`.

    peer_vgg7.py TRAIN.bin VALIDATION.bin EPOCHS THREADS
Prints one JSON object: images, seconds and CPU seconds of the loop, losses and accuracies.
"""
import json
import sys
import time

import numpy
import torch
from torch import nn

BATCH = 128
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


def load(path):
    records = numpy.fromfile(path, dtype=numpy.uint8).reshape(-1, 3073)
    images = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).astype(numpy.float32))
    return (images / 255 - MEAN) / STD, torch.from_numpy(records[:, 0].astype(numpy.int64))


def vgg7():
    layers, channels = [], 3
    for place, width in enumerate((128, 128, 256, 256, 512, 512)):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width, momentum=0.9),
                   nn.ReLU(inplace=True)]
        if place % 2:
            layers.append(nn.MaxPool2d(2))
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8192, 1024), nn.ReLU(),
                         nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10))


def validate(model, samples, labels):
    model.eval()
    with torch.inference_mode():
        logits = torch.cat([model(x) for x in samples.split(BATCH)])
    model.train()
    return (nn.functional.cross_entropy(logits, labels).item(),
            (logits.argmax(1) == labels).float().mean().item())


def main():
    train, validation, epochs, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    samples, labels = load(train)
    held_out = load(validation)
    model = vgg7()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs, 1e-6)
    begin, cpu_begin = time.perf_counter(), time.process_time()
    rows = []
    for _ in range(epochs):
        order = torch.randperm(len(samples))
        losses = []
        for batch in order.split(BATCH):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(samples[batch]), labels[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        schedule.step()
        rows.append([sum(losses) / len(losses), *validate(model, *held_out)])
    print(json.dumps({"images": epochs * len(samples), "seconds": time.perf_counter() - begin,
                      "cpu_seconds": time.process_time() - cpu_begin, "epochs": rows}))


main()
