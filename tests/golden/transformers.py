"""Makes transformers.json: what transformer-encoder and vit compute, written in PyTorch (1.13.1).
python3 transformers.py > transformers.json"""
import json

import torch
from torch import nn

torch.manual_seed(11)


def kept(tensor):
    data = [float(f"{x:.8g}") if isinstance(x, float) else x for x in tensor.flatten().tolist()]
    return {"shape": list(tensor.shape), "data": data}


def shaken(module):
    """So that every parameter matters."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, 0.0, 0.4)
    return module.eval()


class Encoder(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.o = o
        self.embedding = nn.Embedding(o["vocab_size"], o["width"])
        self.position = nn.Parameter(torch.empty(1, o["length"], o["width"]))
        layer = nn.TransformerEncoderLayer(
            o["width"],
            o["heads"],
            o["hidden"],
            0.0,
            o.get("activation", "relu"),
            batch_first=True,
            norm_first=o.get("norm_first", False),
        )
        norm = nn.LayerNorm(o["width"]) if o.get("norm_first") else None
        self.encoder = nn.TransformerEncoder(layer, o["layers"], norm, enable_nested_tensor=False)
        self.classifier = nn.Linear(o["width"], o["classes"])

    def forward(self, ids):
        padded = ids == self.o.get("padding", -1)
        x = self.encoder(
            self.embedding(ids) + self.position,
            src_key_padding_mask=padded if "padding" in self.o else None,
        )
        pooling = self.o.get("pooling", "mean")
        if pooling == "first":
            x = x[:, 0]
        elif pooling == "max":
            x = x.masked_fill(padded[..., None], -1e30).amax(1)
        elif pooling == "mean":
            x = x.masked_fill(padded[..., None], 0.0).sum(1) / (~padded).sum(1, keepdim=True)
        return self.classifier(x)


class Block(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(
            nn.Linear(width, hidden), nn.GELU(), nn.Dropout(0), nn.Linear(hidden, width)
        )

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.self_attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class Vit(nn.Module):
    """torchvision's VisionTransformer."""

    def __init__(self, o):
        super().__init__()
        width, patches = o["width"], (o["image"] // o["patch"]) ** 2
        self.token = o.get("pooling", "token") == "token"
        self.conv_proj = nn.Conv2d(3, width, o["patch"], o["patch"])
        if self.token:
            self.class_token = nn.Parameter(torch.empty(1, 1, width))
        self.encoder = nn.Module()
        self.encoder.pos_embedding = nn.Parameter(torch.empty(1, patches + self.token, width))
        self.encoder.layers = nn.Sequential()
        for i in range(o["depth"]):
            block = Block(width, o["heads"], o["hidden"])
            self.encoder.layers.add_module(f"encoder_layer_{i}", block)
        self.encoder.ln = nn.LayerNorm(width, eps=1e-6)
        self.heads = nn.Sequential()
        self.heads.add_module("head", nn.Linear(width, o["classes"]))

    def forward(self, images):
        x = self.conv_proj(images).flatten(2).permute(0, 2, 1)
        if self.token:
            x = torch.cat([self.class_token.expand(len(x), -1, -1), x], 1)
        x = self.encoder.ln(self.encoder.layers(x + self.encoder.pos_embedding))
        return self.heads(x[:, 0] if self.token else x.mean(1))


CASES = []


def case(name, model, options, network, x):
    with torch.no_grad():
        out = shaken(network)(x)
    state = {key: kept(tensor) for key, tensor in network.state_dict().items()}
    CASES.append(
        {
            "name": name,
            "model": model,
            "options": options,
            "state": state,
            "input": kept(x),
            "output": kept(out),
        }
    )


TEXTS = dict(vocab_size=9, width=8, heads=2, layers=2, hidden=10, classes=3, length=6)
ids = torch.randint(1, 9, (3, 6))
padded = torch.tensor([[1, 2, 3, 0, 0, 0], [4, 5, 6, 7, 8, 0], [1, 2, 3, 4, 5, 6]])
for more, x in (
    ({}, ids),
    ({"norm_first": True, "activation": "gelu", "pooling": "first"}, ids),
    ({"pooling": "none"}, ids),
    ({"pooling": "max"}, ids),
    ({"padding": 0}, padded),
    ({"padding": 0, "pooling": "max", "norm_first": True}, padded),
):
    options = {**TEXTS, **more}
    case(f"encoder {more}", "transformer-encoder", options, Encoder(options), x)

IMAGES = dict(image=8, patch=4, width=8, depth=2, heads=2, hidden=12, classes=5)
for more in ({}, {"pooling": "mean"}):
    options = {**IMAGES, **more}
    case(f"vit {more}", "vit", options, Vit(options), torch.randn(3, 3, 8, 8))

print(json.dumps(CASES, separators=(",", ":")).replace(',{"name":', ',\n{"name":'))
