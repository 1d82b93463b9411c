"""Runs a saved network in PyTorch, from graph.json and model.safetensors alone: what the files say, read
by other code than that which wrote them. One row per op; nothing is shared with sdk/python/lathe.py."""
import json
import operator
import struct

import torch
import torch.nn.functional as F

_TYPES = {
    "F32": torch.float32,
    "I64": torch.int64,
    "BOOL": torch.bool,
    "I32": torch.int32,
    "U8": torch.uint8,
}


def read_tensors(path):
    """Tensors by name, and the metadata."""
    with open(path, "rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header, body = json.loads(stream.read(length)), stream.read()
    metadata, tensors = header.pop("__metadata__", {}), {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        raw = bytearray(body[start:end])
        flat = (
            torch.frombuffer(raw, dtype=_TYPES[entry["dtype"]])
            if raw
            else torch.empty(0, dtype=_TYPES[entry["dtype"]])
        )
        tensors[name] = flat.reshape(entry["shape"])
    return tensors, metadata


def _number(value):
    return float(value) if isinstance(value, str) and value in ("inf", "-inf", "nan") else value


def _index(value):
    items = []
    for item in value if isinstance(value, list) else [value]:
        items.append(
            slice(*item["slice"]) if isinstance(item, dict) else Ellipsis if item == "..." else item
        )
    return tuple(items)


def _getitem(x, index):
    return x[index] if isinstance(x, (tuple, list)) else x[_index(index)]


# The function of each op; arguments are those of the nodes.
FUNCTIONS = {
    **{
        op: getattr(F, op)
        for op in (
            "relu",
            "relu6",
            "hardswish",
            "hardsigmoid",
            "silu",
            "selu",
            "softsign",
            "hardtanh",
            "leaky_relu",
            "elu",
            "softplus",
            "gelu",
            "softmax",
            "log_softmax",
            "linear",
            "conv1d",
            "conv2d",
            "conv_transpose1d",
            "conv_transpose2d",
            "layer_norm",
            "group_norm",
            "avg_pool1d",
            "avg_pool2d",
            "max_pool1d",
            "max_pool2d",
            "adaptive_avg_pool1d",
            "adaptive_avg_pool2d",
            "adaptive_max_pool1d",
            "adaptive_max_pool2d",
            "interpolate",
            "pad",
        )
    },
    **{
        op: getattr(torch, op)
        for op in (
            "tanh",
            "sigmoid",
            "sqrt",
            "rsqrt",
            "exp",
            "erf",
            "log",
            "abs",
            "neg",
            "clamp",
            "mean",
            "sum",
            "amax",
            "max",
            "maximum",
            "addmm",
            "matmul",
            "bmm",
            "tril",
            "where",
            "eq",
            "ne",
            "flatten",
            "permute",
            "transpose",
            "unsqueeze",
            "cat",
            "stack",
            "split",
            "chunk",
            "pow",
        )
    },
    "dropout": lambda x, p, training: x,
    "dropout2d": lambda x, p, training: x,
    "add": lambda a, b, alpha=1: a + alpha * b,
    "sub": lambda a, b, alpha=1: a - alpha * b,
    "mul": operator.mul,
    "div": operator.truediv,
    "floordiv": operator.floordiv,
    "masked_fill": lambda x, mask, value: torch.where(mask, torch.tensor(value, dtype=x.dtype), x),
    "size": lambda x, dim: x.shape[dim],
    "view": lambda x, *extents: x.reshape(extents),
    "reshape": lambda x, *extents: x.reshape(extents),
    "expand": lambda x, *extents: x.expand(extents),
    "contiguous": lambda x: x,
    "squeeze": lambda x, dim: x.reshape(
        [e for d, e in enumerate(x.shape) if d not in [i % x.dim() for i in _listed(dim)] or e != 1]
    ),
    "getitem": _getitem,
    "scaled_dot_product_attention": lambda *a, **k: _attention(*a, **k),
}


def _listed(value):
    return value if isinstance(value, list) else [value]


def _attention(q, k, v, attn_mask=None, is_causal=False, scale=None):
    scores = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    elif attn_mask is not None:
        scores = scores + attn_mask
    return scores.softmax(-1) @ v


def _conv(function, x, p, a):
    padding = a["padding"]
    if "output_padding" in a:
        return function(
            x,
            p["weight"],
            p.get("bias"),
            a["stride"],
            padding,
            a["output_padding"],
            a["groups"],
            a["dilation"],
        )
    return function(x, p["weight"], p.get("bias"), a["stride"], padding, a["dilation"], a["groups"])


def _batch_norm(x, p, a):
    return F.batch_norm(
        x,
        p.get("running_mean"),
        p.get("running_var"),
        p.get("weight"),
        p.get("bias"),
        not a["track_running_stats"],
        0.0,
        a["eps"],
    )


def _multi_head_attention(
    q,
    k,
    v,
    p,
    a,
    key_padding_mask=None,
    need_weights=True,
    attn_mask=None,
    average_attn_weights=True,
    is_causal=False,
):
    if not a["batch_first"]:
        q, k, v = (x.transpose(0, 1) for x in (q, k, v))
    w, b, heads = (
        p["in_proj_weight"].chunk(3),
        (p["in_proj_bias"].chunk(3) if a["bias"] else (None,) * 3),
        a["num_heads"],
    )
    q, k, v = (
        F.linear(x, w[i], b[i]).unflatten(2, (heads, -1)).transpose(1, 2)
        for i, x in enumerate((q, k, v))
    )
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    if attn_mask is not None:
        scores = (
            scores.masked_fill(attn_mask, float("-inf"))
            if attn_mask.dtype == torch.bool
            else scores + attn_mask
        )
    if key_padding_mask is not None:
        scores = scores.masked_fill(key_padding_mask[:, None, None, :], float("-inf"))
    weights = scores.softmax(-1)
    y = F.linear(
        (weights @ v).transpose(1, 2).flatten(2), p["out_proj.weight"], p.get("out_proj.bias")
    )
    y = y if a["batch_first"] else y.transpose(0, 1)
    return y, (weights.mean(1) if average_attn_weights else weights) if need_weights else None


# The module of each op: inputs, parameters by their names within it, attributes.
MODULES = {
    "linear": lambda x, p, a: F.linear(x, p["weight"], p.get("bias")),
    "embedding": lambda x, p, a: p["weight"][x],
    "batch_norm1d": _batch_norm,
    "batch_norm2d": _batch_norm,
    "layer_norm": lambda x, p, a: F.layer_norm(
        x, a["normalized_shape"], p.get("weight"), p.get("bias"), a["eps"]
    ),
    "group_norm": lambda x, p, a: F.group_norm(
        x, a["num_groups"], p.get("weight"), p.get("bias"), a["eps"]
    ),
    "multi_head_attention": _multi_head_attention,
    "dropout": lambda x, p, a: x,
    "dropout2d": lambda x, p, a: x,
    "identity": lambda x, p, a: x,
    **{
        op: (lambda f: lambda x, p, a: _conv(f, x, p, a))(getattr(F, op))
        for op in ("conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d")
    },
}


def _module(op, attributes, parameters, inputs, kwargs):
    if op in MODULES:
        return MODULES[op](*inputs, parameters, attributes, **kwargs)
    # All others are their function with the attributes as arguments.
    return FUNCTIONS[op](
        *inputs, **{key: value for key, value in attributes.items() if key != "inplace"}
    )


class Network:
    def __init__(self, folder):
        with open(f"{folder}/graph.json", encoding="utf-8") as stream:
            self.graph = json.load(stream)
        self.tensors, self.metadata = read_tensors(f"{folder}/model.safetensors")
        for name, kept in self.graph.get("tied", {}).items():
            self.tensors[name] = self.tensors[kept]
        self.nodes = self.graph["nodes"]
        self.taken = set()

    def names(self):
        return [node["name"] for node in self.nodes]

    def node(self, name):
        return next(node for node in self.nodes if node["name"] == name)

    def inputs_of(self, node):
        found = []

        def look(argument):
            if isinstance(argument, list):
                for item in argument:
                    look(item)
            elif "node" in argument:
                found.append(argument["node"])

        for argument in [*node["args"], *node["kwargs"].values()]:
            look(argument)
        return found

    def __call__(self, *inputs):
        """The result, for tensors in the order of the placeholders."""
        results, given = {}, list(inputs)

        def value(argument):
            if isinstance(argument, list):
                return [value(item) for item in argument]
            return results[argument["node"]] if "node" in argument else _number(argument["value"])

        with torch.no_grad():
            for node in self.nodes:
                args, kwargs = [value(a) for a in node["args"]], {
                    key: value(a) for key, a in node["kwargs"].items()
                }
                results[node["name"]] = self._result(node, args, kwargs, given)
        return results["output"]

    def _result(self, node, args, kwargs, given):
        opcode, op, target = node["opcode"], node["op"], node["target"]
        if opcode == "placeholder":
            x = given.pop(0)
            assert (
                list(x.shape[1:]) == node["attributes"]["shape"]
                and str(x.dtype) == "torch." + node["attributes"]["dtype"]
            )
            return x
        if opcode == "output":
            return args[0]
        if opcode == "get_attr":
            assert (
                op == "constant" and list(self.tensors[target].shape) == node["attributes"]["shape"]
            )
            self.taken.add(target)
            return self.tensors[target]
        if opcode == "call_module":
            own = {
                name[len(target) + 1 :]: t
                for name, t in self.tensors.items()
                if name.startswith(target + ".")
            }
            self.taken.update(f"{target}.{name}" for name in own)
            return _module(op, node["attributes"], own, args, kwargs)
        assert node["attributes"] == {}
        return FUNCTIONS[op](*args, **kwargs)
