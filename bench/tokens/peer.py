"""A Llama from a folder of Hugging Face's, in Debian's torch: float32, evaluation mode, one thread.

    peer.py check FOLDER GOLDEN                    its logits beside the sequences of a JSON file
    peer.py evaluate FOLDER ROWS.npy BATCH [BITS]  nll of [N, length] tokens; weights of *_proj with BITS
    peer.py trials FOLDER ROWS.npy BATCH COUNT     so many trials of a search for widths
    peer.py kl FOLDER ROWS.npy WIDTHS.json         divergence with these widths, by node of Lathe's

Whoever calls it times the process. The attention is written out: 1.13 has no public function for it.
"""
import json
import os
import random
import struct
import sys

import numpy
import torch
from torch.nn import functional


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    out = {}
    for name, tensor in header.items():
        assert tensor["dtype"] == "F32", name
        begin, end = tensor["data_offsets"]
        out[name] = torch.frombuffer(data, dtype=torch.float32, offset=begin,
                                     count=(end - begin) // 4).reshape(tensor["shape"])
    return out


def rms_norm(x, weight, eps):
    return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + eps) * weight


class Llama:
    def __init__(self, folder, length):
        with open(os.path.join(folder, "config.json")) as file:
            self.config = config = json.load(file)
        self.weights = read_safetensors(os.path.join(folder, "model.safetensors"))
        self.heads, self.shared = config["num_attention_heads"], config["num_key_value_heads"]
        self.width = config.get("head_dim") or config["hidden_size"] // self.heads
        turn = config["rope_theta"] ** (-torch.arange(0, self.width, 2, dtype=torch.float64) / self.width)
        angle = torch.outer(torch.arange(length, dtype=torch.float64), turn)
        self.cosine, self.sine = angle.cos().float(), angle.sin().float()
        self.mask = torch.full((length, length), -torch.inf).triu(1)

    def rotated(self, x):
        a, b = x.chunk(2, -1)
        return torch.cat((a * self.cosine - b * self.sine, b * self.cosine + a * self.sine), -1)

    def attention(self, x, place):
        rows, length, _ = x.shape
        weight = lambda which: self.weights["%s.%s_proj.weight" % (place, which)]
        in_heads = lambda which, heads: functional.linear(x, weight(which)).view(rows, length, heads, -1).transpose(1, 2)
        q, k = self.rotated(in_heads("q", self.heads)), self.rotated(in_heads("k", self.shared))
        v = in_heads("v", self.shared)
        if self.heads != self.shared:
            k, v = (y.repeat_interleave(self.heads // self.shared, 1) for y in (k, v))
        scores = (q * self.width**-0.5) @ k.transpose(-2, -1) + self.mask
        y = torch.softmax(scores, -1) @ v
        return functional.linear(y.transpose(1, 2).reshape(rows, length, -1), weight("o"))

    def mlp(self, x, place):
        linear = lambda y, which: functional.linear(y, self.weights["%s.%s_proj.weight" % (place, which)])
        return linear(functional.silu(linear(x, "gate")) * linear(x, "up"), "down")

    def __call__(self, tokens):
        norm = lambda y, name: rms_norm(y, self.weights[name + ".weight"], self.config["rms_norm_eps"])
        x = functional.embedding(tokens, self.weights["model.embed_tokens.weight"])
        for i in range(self.config["num_hidden_layers"]):
            layer = "model.layers.%d." % i
            x = x + self.attention(norm(x, layer + "input_layernorm"), layer + "self_attn")
            x = x + self.mlp(norm(x, layer + "post_attention_layernorm"), layer + "mlp")
        head = "model.embed_tokens" if self.config["tie_word_embeddings"] else "lm_head"
        return functional.linear(norm(x, "model.norm"), self.weights[head + ".weight"])

    def projections(self):
        return {name: weight for name, weight in self.weights.items() if name.endswith("_proj.weight")}


def quantized(weight, bits):
    """One scale a row, the codes symmetric, as affine<width=BITS,narrow=true,symmetric=true,axis=0>."""
    top = 2 ** (bits - 1) - 1
    scale = weight.abs().amax(1, keepdim=True) / top
    scale[scale == 0] = 1
    return (weight / scale).round_().clamp_(-top, top).mul_(scale)


def nll(logits, tokens):
    """Summed over all tokens that have another behind them."""
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="sum").item()


def divergence(original, logits):
    """Summed over the same places; `original`: logarithms of probabilities, and these."""
    logs, probabilities = original
    return (probabilities * (logs - torch.log_softmax(logits[:, :-1], -1))).sum(dtype=torch.float64).item()


class Trials:
    """A network beside itself as it was: the original's logits are computed once."""

    def __init__(self, network, tokens, batch):
        self.network, self.parts = network, tokens.split(batch)
        self.places = tokens.shape[0] * (tokens.shape[1] - 1)
        self.floats = network.projections()
        logs = [torch.log_softmax(network(part)[:, :-1], -1) for part in self.parts]
        self.original = [(of, of.exp()) for of in logs]

    def kl(self, widths):
        for name, weight in self.floats.items():
            self.network.weights[name] = quantized(weight, widths[name])
        return sum(divergence(of, self.network(part)) for of, part in zip(self.original, self.parts)) / self.places


def check(folder, golden):
    with open(golden) as file:
        sequences = [row for row in json.load(file)["sequences"] if "logits" in row]
    for row in sequences:
        logits = Llama(folder, row["length"])(torch.tensor([row["ids"]]))[0]
        expected = torch.tensor(row["logits"]["data"]).reshape(row["logits"]["shape"])
        off = (logits - expected).abs().max().item()
        if not off < 1e-4:
            sys.exit("%d tokens: logits are %g off" % (row["length"], off))
    print(len(sequences))


def main():
    torch.set_num_threads(1)
    command, folder, rows = sys.argv[1:4]
    if command == "check":
        return check(folder, rows)
    tokens = torch.from_numpy(numpy.load(rows)).long()
    network = Llama(folder, tokens.shape[1])
    if command == "kl":
        with open(sys.argv[4]) as file:
            widths = json.load(file)
        print(json.dumps({"kl": Trials(network, tokens, 16).kl(
            {name: widths[name.removesuffix(".weight").replace(".", "_")] for name in network.projections()})}))
        return
    batch = int(sys.argv[4])
    if command == "trials":
        trials, draw = Trials(network, tokens, batch), random.Random(0)
        for _ in range(int(sys.argv[5])):
            trials.kl({name: draw.randint(2, 8) for name in trials.floats})
        return
    if len(sys.argv) > 5:
        network.weights.update({name: quantized(weight, int(sys.argv[5]))
                                for name, weight in network.projections().items()})
    total = sum(nll(network(part), part) for part in tokens.split(batch))
    print(json.dumps({"nll": total / (tokens.shape[0] * (tokens.shape[1] - 1))}))


with torch.inference_mode():
    main()
