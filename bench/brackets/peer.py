"""The training of bench/brackets/run in Debian's torch: nn.TransformerEncoder as transformer-encoder has it.

    peer.py CONFIG SEED

CONFIG is examples/brackets/train.toml, its files beside it. Prints one JSON object: accuracy on the test of the
weights with the least validation loss, and CPU seconds of the epochs, validation included.
"""
import copy
import json
import math
import os
import re
import sys
import time
import tomllib

import numpy
import torch
from torch import nn


def options(text):
    """{"width": 32, ...} of "name<width=32,...>"."""
    pairs = re.fullmatch(r"[\w-]+<(.*)>", text)[1].split(",")
    return {key: int(value) if value.isdigit() else value for key, value in (pair.split("=") for pair in pairs)}


def load(file):
    with numpy.load(file) as arrays:
        return torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"])


class Encoder(nn.Module):
    """A maximum over what is not padding. Weights begin as torch's layers have theirs, each layer with its own."""

    def __init__(self, o, length):
        super().__init__()
        if o["pooling"] != "max" or o["norm_first"] != "true":
            sys.exit("peer.py has pooling=max and norm_first=true only")
        self.padding = o["padding"]
        self.embedding = nn.Embedding(o["vocab_size"], o["width"])
        self.position = nn.Parameter(0.02 * torch.randn(1, length, o["width"]))
        layer = nn.TransformerEncoderLayer(o["width"], o["heads"], o["hidden"], dropout=0.0, batch_first=True,
                                           norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, o["layers"], nn.LayerNorm(o["width"]),
                                             enable_nested_tensor=False)
        for each in self.encoder.layers:  # TransformerEncoder copies one layer, weights and all
            each.self_attn.out_proj.reset_parameters()
            each.self_attn._reset_parameters()
            each.linear1.reset_parameters()
            each.linear2.reset_parameters()
        self.classifier = nn.Linear(o["width"], 2)

    def forward(self, ids):
        padded = ids == self.padding
        x = self.encoder(self.embedding(ids) + self.position, src_key_padding_mask=padded)
        return self.classifier(x.masked_fill(padded[..., None], -1e30).amax(1))


def cosine_with_warmup(step, warmup, steps):
    """get_cosine_schedule_with_warmup of transformers."""
    if step < warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))


def scores(model, x, y):
    """(loss, accuracy)"""
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(part) for part in x.split(256)])
    return nn.functional.cross_entropy(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


def train(config, seed):
    torch.manual_seed(seed)
    files = options(config["dataset"])
    (x, y), validation, test = (load(files[split]) for split in ("train", "validation", "test"))
    model = Encoder(options(config["model"]), x.shape[1])
    optimizer = torch.optim.Adam(model.parameters(), lr=config["learning_rate"], foreach=True)
    steps = config["max_epochs"] * math.ceil(len(x) / config["batch_size"])
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: cosine_with_warmup(step, config["num_warmup_steps"], steps))
    least, best = math.inf, None
    begin = time.process_time()
    for epoch in range(config["max_epochs"]):
        model.train()
        for rows in torch.randperm(len(x)).split(config["batch_size"]):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
            schedule.step()
        loss, accuracy = scores(model, *validation)
        print(f"epoch {epoch + 1}: validation loss {loss:.4f} accuracy {accuracy:.4f}", file=sys.stderr, flush=True)
        if loss < least:
            least, best = loss, copy.deepcopy(model.state_dict())
    seconds = time.process_time() - begin
    model.load_state_dict(best)
    return {"accuracy": scores(model, *test)[1], "cpu_seconds": seconds}


def main():
    with open(sys.argv[1], "rb") as file:
        config = tomllib.load(file)
    os.chdir(os.path.dirname(os.path.abspath(sys.argv[1])))
    torch.set_num_threads(1)
    print(json.dumps(train(config, int(sys.argv[2]))))


main()
