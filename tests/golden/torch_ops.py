"""Makes torch_ops.json: ops as nodes of a saved graph, what PyTorch (1.13.1) makes of them, and its
gradients for an upstream gradient of linspace(-1, 1, n). python3 torch_ops.py > torch_ops.json"""
import json
import math

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(3)
CASES = []


def kept(tensor):
    return {
        "dtype": str(tensor.dtype).replace("torch.", ""),
        "shape": list(tensor.shape),
        "data": [
            float(f"{x:.8g}") if isinstance(x, float) else x
            for x in tensor.detach().flatten().tolist()
        ],
    }


def argument(value):
    if isinstance(value, Node):
        return {"node": value.name}
    if isinstance(value, (list, tuple)) and any(isinstance(item, Node) for item in value):
        return [argument(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"value": str(value)}
    return {"value": value}


class Node:
    def __init__(self, name):
        self.name = name


class Case:
    def __init__(self, name):
        self.name, self.nodes, self.tensors, self.inputs = name, [], {}, []

    def node(self, opcode, op, target, args=(), kwargs=None, attributes=None):
        name = f"n{len(self.nodes)}"
        self.nodes.append(
            {
                "name": name,
                "opcode": opcode,
                "op": op,
                "target": target,
                "args": [argument(a) for a in args],
                "kwargs": {key: argument(a) for key, a in (kwargs or {}).items()},
                "attributes": attributes or {},
            }
        )
        return Node(name)

    def input(self, tensor):
        self.inputs.append(tensor.requires_grad_())
        attributes = {"shape": list(tensor.shape[1:]), "batch": tensor.shape[0]}
        return self.node(
            "placeholder", "placeholder", f"x{len(self.inputs)}", attributes=attributes
        )

    def constant(self, tensor):
        name = f"c{len(self.nodes)}"
        self.tensors[name] = tensor
        if tensor.is_floating_point():
            tensor.requires_grad_()
        attributes = {
            "shape": list(tensor.shape),
            "dtype": str(tensor.dtype).replace("torch.", ""),
            "buffer": not tensor.is_floating_point(),
        }
        return self.node("get_attr", "constant", name, attributes=attributes)

    def call(self, op, *args, **kwargs):
        return self.node("call_function", op, op, args, kwargs)

    def module(self, op, module, attributes, args, **kwargs):
        for name, tensor in module.state_dict(keep_vars=True).items():
            self.tensors[f"layer.{name}"] = tensor
        return self.node("call_module", op, "layer", args, kwargs, attributes)

    def part(self, of, i):
        return self.node("call_function", "getitem", "operator.getitem", [of, i])

    def finish(self, result, output):
        """`result` is the node of the tensor `output`."""
        self.node("output", "output", "output", [result])
        out = {
            "name": self.name,
            "graph": {"lathe_graph": 1, "dialect": 6, "nodes": self.nodes},
            "tensors": {name: kept(tensor) for name, tensor in self.tensors.items()},
            "inputs": [kept(x) for x in self.inputs],
            "output": kept(output),
        }
        if output.requires_grad:
            output.backward(torch.linspace(-1, 1, output.numel()).reshape(output.shape))
            out["gradients"] = {
                "inputs": [
                    kept(torch.zeros_like(x) if x.grad is None else x.grad) for x in self.inputs
                ],
                "tensors": {
                    name: kept(t.grad) for name, t in self.tensors.items() if t.grad is not None
                },
            }
        CASES.append(out)


def function(name, op, torch_function, *shapes, **kwargs):
    """Of tensors in order, and the rest by name."""
    case = Case(name)
    tensors = [torch.randn(shape) for shape in shapes]
    nodes = [case.input(x) for x in tensors]
    case.finish(case.call(op, *nodes, **kwargs), torch_function(*tensors, **kwargs))


# ---- choosing
mask = torch.tensor([[True, False, True, False], [False, True, True, False]])

case = Case("where of two tensors")
a, b = torch.randn(2, 4), torch.randn(2, 1)
nodes = [case.input(a), case.input(b)]
case.finish(case.call("where", case.constant(mask), *nodes), torch.where(mask, a, b))

for value in (float("-inf"), 2):
    case = Case(f"where of a tensor and {value}")
    x = torch.randn(3, 2, 4)
    node = case.call("where", case.constant(mask), case.input(x), value)
    chosen = torch.where(mask, x, torch.tensor(float(value)))
    case.finish(case.call("softmax", node, -1), chosen.softmax(-1))

case = Case("where of a number and a constant of one")
x, one = torch.randn(3, 2, 4), torch.tensor(0.25)
node = case.call("where", case.constant(mask), 1.5, case.constant(one))
case.finish(
    case.call("mul", case.input(x), node), x * torch.where(mask, torch.tensor(1.5), one)
)

case = Case("masked_fill")
x = torch.randn(3, 2, 4)
node = case.call("masked_fill", case.input(x), case.constant(mask), float("-inf"))
case.finish(case.call("softmax", node, -1), x.masked_fill(mask, float("-inf")).softmax(-1))

function("tril", "tril", torch.tril, (2, 3, 4))
function("tril above the diagonal", "tril", torch.tril, (2, 3, 4), diagonal=1)
function("maximum", "maximum", torch.maximum, (3, 4), (3, 1))
function("clamp on both sides", "clamp", torch.clamp, (3, 4), min=-0.5, max=0.4)
function("clamp below", "clamp", torch.clamp, (3, 4), min=0.1)
function("abs", "abs", torch.abs, (3, 4))
function("neg", "neg", torch.neg, (3, 4))
function("elu", "elu", F.elu, (3, 4), alpha=0.7)
function("log_softmax", "log_softmax", F.log_softmax, (2, 3, 4), dim=1)
function("amax", "amax", torch.amax, (2, 3, 4), dim=[1, -1], keepdim=True)

case = Case("log")
x = torch.rand(3, 4) + 0.1
case.finish(case.call("log", case.input(x)), torch.log(x))

case = Case("arange and embedding with a padding row")
x, table = torch.randn(2, 3, 4), torch.randn(5, 4)
places = case.call("arange", 4, 1, -1)
weight = nn.Embedding(5, 4, padding_idx=2, _weight=table)
attributes = {"num_embeddings": 5, "embedding_dim": 4, "padding_idx": 2}
node = case.module("embedding", weight, attributes, [places])
case.finish(case.call("add", case.input(x), node), x + weight(torch.arange(4, 1, -1)))

case = Case("squeeze of two dimensions")
x = torch.randn(2, 1, 3, 1)
case.finish(case.call("squeeze", case.input(x), [1, 2, -1]), x.squeeze(3).squeeze(1))

# ---- products
case = Case("addmm")
bias, x, weight = torch.randn(5), torch.randn(3, 4), torch.randn(4, 5)
nodes = [case.constant(bias), case.input(x), case.constant(weight)]
case.finish(
    case.call("addmm", *nodes, beta=0.5, alpha=2.0), torch.addmm(bias, x, weight, beta=0.5, alpha=2)
)

# ---- several results
for name, args in (("split", [2, 2]), ("split", [[1, 3, 1], -1]), ("chunk", [3, 2])):
    case = Case(f"{name} {args}")
    x = torch.randn(2, 3, 5)
    parts = case.call(name, case.input(x), *args)
    case.call("getitem", parts, 1)  # which nobody reads
    total = case.call("mul", case.part(parts, 0), case.part(parts, -1))
    found = getattr(torch, name)(x, *args)
    case.finish(total, found[0] * found[-1])

for keep in (False, True):
    case = Case(f"max along a dimension, keepdim={keep}")
    x = torch.randn(2, 3, 5)
    node = case.call("max", case.input(x), 1, keepdim=keep)
    case.finish(case.part(node, 0), x.max(1, keepdim=keep)[0])

case = Case("the indices of max")
x = torch.randn(2, 3, 5)
table = nn.Embedding(3, 4)
node = case.part(case.call("max", case.input(x), dim=1), 1)
attributes = {"num_embeddings": 3, "embedding_dim": 4}
node = case.module("embedding", table, attributes, [node])
case.finish(node, table(x.max(dim=1)[1]))

case = Case("max of everything")
x = torch.randn(2, 3)
given = case.input(x)
case.finish(case.call("sub", given, case.call("max", given)), x - x.max())

# ---- layers
for affine in (True, False):
    case = Case(f"group_norm, affine={affine}")
    layer, x = nn.GroupNorm(2, 4, affine=affine), torch.randn(3, 4, 5)
    if affine:
        nn.init.normal_(layer.weight), nn.init.normal_(layer.bias)
    attributes = {"num_groups": 2, "num_channels": 4, "affine": affine}
    case.finish(case.module("group_norm", layer, attributes, [case.input(x)]), layer(x))

case = Case("group_norm as a function")
x, weight, bias = torch.randn(3, 4, 2, 2), torch.randn(4), torch.randn(4)
nodes = [case.input(x), 2, case.constant(weight), case.constant(bias)]
case.finish(case.call("group_norm", *nodes, eps=0.1), F.group_norm(x, 2, weight, bias, 0.1))

case = Case("layer_norm without a bias")
x, weight = torch.randn(3, 4), torch.randn(4)
layer = nn.LayerNorm(4)
layer.weight, layer.bias = nn.Parameter(weight), None
node = case.module("layer_norm", layer, {"normalized_shape": [4], "bias": False}, [case.input(x)])
case.finish(node, F.layer_norm(x, [4], layer.weight))

for more in (
    {},
    {"stride": 2, "padding": 1, "output_padding": 1, "dilation": 2, "groups": 2, "bias": False},
):
    case = Case(f"conv_transpose1d {more}")
    layer, x = nn.ConvTranspose1d(4, 6, 3, **more), torch.randn(2, 4, 5)
    attributes = {"in_channels": 4, "out_channels": 6, "kernel_size": 3, **more}
    case.finish(case.module("conv_transpose1d", layer, attributes, [case.input(x)]), layer(x))

for shape, how in (
    ((2, 3, 5), {"scale_factor": 2.0}),
    ((2, 3, 5), {"size": 7, "mode": "linear", "align_corners": False}),
    ((2, 3, 4, 5), {"size": [3, 9]}),
    ((2, 3, 4, 5), {"scale_factor": [1.7, 0.6], "mode": "bilinear", "align_corners": False}),
    ((2, 3, 4, 5), {"size": [8, 6], "mode": "bilinear", "align_corners": True}),
    ((2, 3, 4, 5), {"scale_factor": 1.5, "mode": "bicubic"}),
    ((2, 3, 4, 5), {"size": 2, "mode": "area"}),
):
    function(f"interpolate {how}", "interpolate", F.interpolate, shape, **how)
    case = Case(f"Upsample {how}")
    x = torch.randn(shape)
    if how.get("mode") != "area":
        factors = how.get("scale_factor")
        given = {**how, "scale_factor": tuple(factors)} if isinstance(factors, list) else how
        layer = nn.Upsample(**given)
        case.finish(case.module("interpolate", layer, how, [case.input(x)]), layer(x))

# ---- attention
attend = F._scaled_dot_product_attention


def attention(name, shapes, attn_mask=None, is_causal=False, scale=None):
    case = Case(name)
    tensors = [torch.randn(shape) for shape in shapes]
    nodes = [case.input(x) for x in tensors]
    if attn_mask is not None:
        nodes.append(case.constant(attn_mask))
    kwargs = {"is_causal": True} if is_causal else {}
    query = tensors[0]
    if scale is not None:
        kwargs["scale"] = scale
        query = query * (scale * math.sqrt(query.shape[-1]))
    # PyTorch 1.13 takes a bool mask as it stands in 2.x: true takes part.
    expected = attend(query, *tensors[1:], attn_mask, 0.0, False, is_causal)[0]
    case.finish(case.call("scaled_dot_product_attention", *nodes, **kwargs), expected)


long, short = (2, 2, 5, 4), (2, 2, 3, 4)
attention("attention", [long, short, (2, 2, 3, 6)])
attention("attention with a scale", [long, short, short], scale=0.3)
attention("causal attention", [long, long, long], is_causal=True)
attention("attention with a bool mask", [short, long, long], torch.rand(3, 5) > 0.4)
attention("attention with numbers as a mask", [short, long, long], torch.randn(2, 2, 3, 5))
attention("attention of rank 3", [(2, 3, 4)] * 3)


def heads(name, arguments, shapes, call=None, weights=False, **masks):
    case = Case(name)
    layer = nn.MultiheadAttention(8, 2, **arguments)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, 0.0, 0.4)
    tensors = [torch.randn(shape) for shape in shapes]
    nodes = [case.input(x) for x in tensors]
    if len(tensors) == 1:
        tensors, nodes = tensors * 3, nodes * 3
    attributes = {"embed_dim": 8, "num_heads": 2, **arguments}
    given = {key: case.constant(mask) for key, mask in masks.items()}
    node = case.module("multi_head_attention", layer, attributes, nodes, **given, **(call or {}))
    results = layer(*tensors, **masks, **(call or {}))
    case.finish(case.part(node, 1 if weights else 0), results[1 if weights else 0])


x, y = (2, 5, 8), (2, 3, 8)
causal = torch.ones(5, 5, dtype=torch.bool).triu(1)
padding = torch.tensor([[False, False, True], [False, True, True]])
first = {"batch_first": True}
heads("self-attention in heads", first, [x])
heads("self-attention, length first", {}, [(5, 2, 8)])
heads("attention in heads", {**first, "bias": False}, [x, y, y])
heads("weights of attention in heads", first, [x, y, y], weights=True)
heads("weights of each head", first, [x, y, y], {"average_attn_weights": False}, weights=True)
heads("without weights", first, [x], {"need_weights": False})
heads("with a causal mask", first, [x], attn_mask=causal)
heads("with a mask of numbers for each head", first, [x, y, y], attn_mask=torch.randn(4, 5, 3))
heads("with padding", first, [x, y, y], key_padding_mask=padding)
heads("of other widths", {**first, "kdim": 3, "vdim": 6}, [x, (2, 3, 3), (2, 3, 6)])
heads(
    "with keys of its own",
    {**first, "add_bias_kv": True, "add_zero_attn": True},
    [x, y, y],
    key_padding_mask=padding,
)

# ---- networks of tokens; PyTorch 1.13 has neither rms_norm, enable_gqa nor rope: written out


def rms_norm(x, dims, weight=None, eps=None):
    eps = torch.finfo(x.dtype).eps if eps is None else eps
    y = x * torch.rsqrt(x.pow(2).mean(dims, keepdim=True) + eps)
    return y if weight is None else y * weight


class RMSNorm(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape))


for shape, attributes in (
    ([4], {"eps": 1e-5}),
    ([3, 4], {}),
    ([4], {"eps": 0.3, "elementwise_affine": False}),
):
    case = Case(f"rms_norm {shape} {attributes}")
    x, dims = torch.randn(2, 3, 4), list(range(-len(shape), 0))
    layer = RMSNorm(shape) if attributes.get("elementwise_affine", True) else nn.Identity()
    weight = getattr(layer, "weight", None)
    node = case.module("rms_norm", layer, {"normalized_shape": shape, **attributes}, [case.input(x)])
    case.finish(node, rms_norm(x, dims, weight, attributes.get("eps")))

case = Case("rms_norm as a function")
x, weight = torch.randn(3, 4), torch.randn(4)
nodes = [case.input(x), [4], case.constant(weight)]
case.finish(case.call("rms_norm", *nodes, eps=0.1), rms_norm(x, [-1], weight, 0.1))


def rope(x, theta, halves):
    """As complex numbers: a pair of features turns by its position times its frequency."""
    length, width = x.shape[-2:]
    frequency = theta ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency
    pairs = torch.stack(x.chunk(2, -1), -1) if halves else x.unflatten(-1, (width // 2, 2))
    turned = torch.view_as_complex(pairs.double().contiguous()) * torch.polar(
        torch.ones_like(angle), angle
    )
    out = torch.view_as_real(turned).float()
    return torch.cat(out.unbind(-1), -1) if halves else out.flatten(-2)


for pairing, theta, shape in (
    ("half", 10000.0, (2, 2, 5, 8)),
    ("interleaved", 10000.0, (2, 2, 5, 8)),
    ("half", 7.5, (2, 3, 6)),
    ("interleaved", 7.5, (2, 3, 6)),
):
    case = Case(f"rope, {pairing}, theta={theta}")
    x = torch.randn(shape)
    kwargs = {"pairing": pairing} if theta == 10000.0 else {"theta": theta, "pairing": pairing}
    case.finish(case.call("rope", case.input(x), **kwargs), rope(x, theta, pairing == "half"))


def shared(name, query, key, attn_mask=None, is_causal=False):
    case = Case(name)
    tensors = [torch.randn(shape) for shape in (query, key, key)]
    nodes = [case.input(x) for x in tensors]
    if attn_mask is not None:
        nodes.append(case.constant(attn_mask))
    kwargs = {"is_causal": True} if is_causal else {}
    keys, values = (x.repeat_interleave(query[-3] // key[-3], -3) for x in tensors[1:])
    expected = attend(tensors[0], keys, values, attn_mask, 0.0, False, is_causal)[0]
    node = case.call("scaled_dot_product_attention", *nodes, **kwargs, enable_gqa=True)
    case.finish(node, expected)


shared("grouped-query attention", (2, 4, 5, 6), (2, 2, 3, 6))
shared("multi-query attention, causal", (2, 4, 5, 6), (2, 1, 5, 6), is_causal=True)
shared("grouped queries and a mask", (2, 4, 3, 6), (2, 2, 5, 6), torch.rand(4, 3, 5) > 0.3)
shared("grouped queries, each with its own", (2, 2, 3, 6), (2, 2, 3, 6))

case = Case("padding hidden by the number that stands for it")
x, ids = torch.randn(2, 5, 6), torch.tensor([1, 2, 0, 3, 0])
hidden = case.call("eq", case.constant(ids), 0)
padded = case.call("unsqueeze", hidden, -1)
node = case.call("masked_fill", case.input(x), padded, 0.0)
case.finish(node, x.masked_fill((ids == 0).unsqueeze(-1), 0.0))

case = Case("where two tensors differ")
x, first, second = torch.randn(2, 4), torch.tensor([1, 2, 3, 4]), torch.tensor([1, 0, 3, 0])
mask = case.call("ne", case.constant(first), case.constant(second))
case.finish(case.call("where", mask, case.input(x), 0.5), torch.where(first != second, x, 0.5))

print(json.dumps(CASES, separators=(",", ":")).replace(',{"name":', ',\n{"name":'))
