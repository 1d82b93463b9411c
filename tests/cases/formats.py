#!/usr/bin/env python3
"""Number formats against their definitions, written again with NumPy alone: every half-precision
number, a million floats of many sizes and some normal ones, through `lathe format --values`.

    tests/cases/formats.py [LATHE] [FORMAT...]

Prints what differs, and ends with 1 if anything does. A block of nothing but infinities has no
definition. Takes some minutes: the definitions are slow."""

import json
import math
import os
import subprocess
import sys
import tempfile

import numpy as np

F32, F64 = np.float32, np.float64


def nearest(values, x):
    """Of sorted magnitudes, the nearest to those of x; of two equally near ones that of even rank."""
    size = np.minimum(np.abs(x), values[-1])
    high = np.clip(np.searchsorted(values, size), 1, len(values) - 1)
    low = high - 1
    below, above = size - values[low], values[high] - size
    tie = np.where(low % 2 == 0, low, high)
    rank = np.where(below < above, low, np.where(above < below, high, tie))
    return np.where(np.isnan(x), np.nan, np.copysign(values[rank], x))


def floor_log2(x):
    return np.frexp(x)[1] - 1


def ceil_log2(x):
    mantissa, exponent = np.frexp(x)
    return np.where(mantissa == 0.5, exponent - 1, exponent)


def nearest_log2(x):
    mantissa, exponent = np.frexp(x)  # 2^(e-1) up to 2^e; the middle of their logarithms is sqrt(2)
    return np.where((2 * mantissa) ** 2 < 2.0, exponent - 1, exponent)


def with_implicit_one(e, m, bias):
    below = [2.0 ** (1 - bias) * k / 2**m for k in range(2**m)]
    normal = [2.0**E * (1 + k / 2**m) for E in range(1 - bias, 2**e - bias) for k in range(2**m)]
    return np.array(below + normal, F64)


def by_blocks(x, block_size, rule):
    """rule(values of a block), blocks right-aligned with the shape."""
    grid = [1] * x.ndim
    for i in range(1, min(len(block_size), x.ndim) + 1):
        grid[-i] = x.shape[-i] if block_size[-i] == -1 else block_size[-i]
    y = np.empty(x.shape, F64)
    counts = [-(-extent // block) for extent, block in zip(x.shape, grid)]
    for number in np.ndindex(*counts):
        at = tuple(slice(n * block, (n + 1) * block) for n, block in zip(number, grid))
        y[at] = rule(x[at].astype(F64))
    return y


def largest_finite(block):
    size = np.abs(block)
    size = size[np.isfinite(size)]
    return size.max() if size.size else 0.0


def zeros_like(block):
    return np.where(np.isnan(block), np.nan, 0.0)


def default_bias(o, e):
    return o.get("exponent_bias", 2 ** (e - 1) - 1)


def integer(o, x, rounding=np.rint):
    width = o.get("width", 8)
    fraction = o.get("frac_width", width // 2)
    low, high = -(2.0 ** (width - 1)), 2.0 ** (width - 1) - 1
    if not o.get("is_signed", True):
        low, high = 0.0, 2.0**width - 1
    return np.clip(rounding(x.astype(F64) * 2.0**fraction), low, high) * 2.0**-fraction


def integer_floor(o, x):
    return integer(o, x, np.floor)


def minifloat_ieee(o, x):
    e = o["exponent_width"]
    return nearest(with_implicit_one(e, o["width"] - e - 1, default_bias(o, e)), x.astype(F64))


def minifloat_denorm(o, x):
    e = o["exponent_width"]
    m, bias = o["width"] - e - 1, default_bias(o, e)
    codes = {}  # value -> {E: k}
    for E in range(-bias, 2**e - bias):
        for k in range(2**m):
            codes.setdefault(2.0**E * k / 2**m, {})[E] = k
    values = np.array(sorted(codes))
    # Ties go to even k in the grid of the largest E that holds both; below a power of two, up.
    goes_up = np.ones(len(values), bool)
    for i in range(1, len(values)):
        both = set(codes[values[i - 1]]) & set(codes[values[i]])
        if both:
            goes_up[i] = codes[values[i]][max(both)] % 2 == 0
    x = x.astype(F64)
    size = np.minimum(np.abs(x), values[-1])
    high = np.clip(np.searchsorted(values, size), 1, len(values) - 1)
    below, above = size - values[high - 1], values[high] - size
    up = np.where(below == above, goes_up[high], above < below)
    return np.where(np.isnan(x), np.nan, np.copysign(values[np.where(up, high, high - 1)], x))


def powers_of_two(width, bias, x):
    least, most = -bias, 2 ** (width - 1) - 1 - bias
    odd = (x == 0) | ~np.isfinite(x)
    exponent = np.clip(nearest_log2(np.where(odd, 1.0, np.abs(x))), least, most)
    exponent = np.where(np.isinf(x), most, np.where(x == 0, least, exponent))
    y = np.where(x < 0, -1.0, 1.0) * 2.0 ** exponent.astype(F64)
    return np.where(np.isnan(x), np.nan, y)


def log(o, x):
    bias = o.get("exponent_bias", 2 ** (o["width"] - 2) - 1)
    return powers_of_two(o["width"], bias, x.astype(F64))


def block_fp(o, x):
    e, m = o["exponent_width"], o["width"] - 1
    bias = default_bias(o, e)

    def rule(block):
        peak = largest_finite(block)
        if peak == 0:
            return zeros_like(block)
        exponent = -bias
        while exponent < 2**e - 1 - bias and np.rint(peak * 2.0 ** (m - exponent)) > 2**m - 1:
            exponent += 1
        k = np.clip(np.rint(np.abs(block) * 2.0 ** (m - exponent)), 0, 2**m - 1)
        return np.sign(block) * k * 2.0 ** (exponent - m)

    return by_blocks(x, o["block_size"], rule)


def shared_bias(exponent, top, width):
    return int(np.clip(top - exponent, 0, 2**width - 1))


def block_minifloat(o, x):
    e, q = o["exponent_width"], o["exponent_bias_width"]

    def rule(block):
        peak = largest_finite(block)
        bias = 2**q - 1 if peak == 0 else shared_bias(floor_log2(peak), 2**e - 1, q)
        return nearest(with_implicit_one(e, o["width"] - e - 1, bias), block)

    return by_blocks(x, o["block_size"], rule)


def block_log(o, x):
    width, q = o["width"], o["exponent_bias_width"]

    def rule(block):
        peak = largest_finite(block)
        top = 2 ** (width - 1) - 1
        bias = 2**q - 1 if peak == 0 else shared_bias(nearest_log2(peak), top, q)
        return powers_of_two(width, bias, block)

    return by_blocks(x, o["block_size"], rule)


def mxint(o, x):
    bits = o.get("element_bits", 8)

    def rule(block):
        peak = largest_finite(block)
        if peak == 0:
            return zeros_like(block)
        step = 2.0 ** (int(np.clip(floor_log2(peak), -127, 127)) - (bits - 2))
        most = 2 ** (bits - 1) - 1
        return np.clip(np.rint(block / step), -most, most) * step

    return by_blocks(x, o.get("block_size", [32]), rule)


# Bits of exponent and mantissa, exponent of the largest value, the largest value.
ELEMENTS = {
    "E5M2": (5, 2, 15, 57344),
    "E4M3": (4, 3, 8, 448),
    "E3M2": (3, 2, 4, 28),
    "E2M3": (2, 3, 2, 7.5),
    "E2M1": (2, 1, 2, 6),
    "E1M2": (1, 2, 0, 1.75),
}


def mxfp(o, x):
    e, m, top, largest = ELEMENTS[o["element"]]
    values = with_implicit_one(e, m, 1 if e == 1 else 2 ** (e - 1) - 1)
    values = values[values <= largest]

    def rule(block):
        peak = largest_finite(block)
        if peak == 0:
            return zeros_like(block)
        scale = 2.0 ** int(np.clip(floor_log2(peak) - top, -127, 127))
        return nearest(values, block / scale) * scale

    return by_blocks(x, o["block_size"], rule)


def scale_integer(o, x):
    most = 2 ** (o["width"] - 1) - 1

    def rule(row):
        scale = F32(F32(largest_finite(row)) / F32(most))
        if scale == 0:
            return zeros_like(row)
        return np.clip(np.rint(row / F64(scale)), -most, most).astype(F32) * scale

    return by_blocks(x, [-1], rule)


def mxint_hardware(o, x):
    width, e = o["width"], o["exponent_width"]

    def rule(tile):
        peak = largest_finite(tile)
        if peak == 0:
            return zeros_like(tile)
        exponent = ceil_log2(peak) - (width - 1)
        step = 2.0 ** int(np.clip(exponent, -(2 ** (e - 1)), 2 ** (e - 1) - 1))
        return np.clip(np.rint(tile / step), -(2.0 ** (width - 1)), 2.0 ** (width - 1) - 1) * step

    return by_blocks(x, o["parallelism"], rule)


def mean_size(values):
    size = np.abs(values[np.isfinite(values)].astype(F64))
    return size.mean() if size.size else 0.0


def binary(o, x):
    scale = o.get("scale", "none")
    size = np.ones([1] * x.ndim)
    if scale == "tensor":
        size = F32(mean_size(x))
    if scale == "channel":
        means = [F32(mean_size(row)) for row in x.reshape(x.shape[0], -1)]
        size = np.array(means).reshape([-1] + [1] * (x.ndim - 1))
    return np.where(np.isnan(x), np.nan, np.where(x >= 0, size, -size))


def ternary(o, x):
    granules = x.reshape(x.shape[0] if o.get("granularity") == "channel" else 1, -1).astype(F64)
    y = []
    for values in granules:
        size, bound = np.abs(values), 0.75 * mean_size(values)
        scale = 1.0
        if o.get("scaling_factor", True):
            scale = F32(mean_size(values[size > bound]))
        kept = np.where(size > bound, np.sign(values) * scale, 0.0)
        y.append(np.where(np.isnan(values), np.nan, kept))
    return np.array(y).reshape(x.shape)


def affine(o, x):
    """QONNX's Quant, in float32."""
    width, narrow = o.get("width", 8), 1 if o.get("narrow") else 0
    low, high = -(2 ** (width - 1)) + narrow, 2 ** (width - 1) - 1
    if not o.get("is_signed", True):
        low, high = 0, 2**width - 1 - narrow
    scale, zero = F32(o["scale"]), F32(o.get("zero_point", 0))
    rounding = {"half_even": np.rint, "floor": np.floor, "ceil": np.ceil, "toward_zero": np.trunc}
    k = np.clip((x / scale + zero).astype(F32), F32(low), F32(high))
    k = rounding[o.get("rounding", "half_even")](k)
    return (k - zero).astype(F32) * scale


def minifloat_mx(o, x):
    e, m = o["exp_bits"], o["frac_bits"]
    values = with_implicit_one(e, m, 2 ** (e - 1) - 1)
    x = x.astype(F64)
    if o["round_mode"] == "rn":
        return nearest(values, x)
    size, last = np.abs(x), len(values) - 1
    above = values[np.clip(np.searchsorted(values, size), 0, last)]
    below = values[np.clip(np.searchsorted(values, size, "right") - 1, 0, last)]
    away = {"rz": np.zeros(x.shape, bool), "ru": x > 0, "rd": x < 0}[o["round_mode"]]
    return np.where(np.isnan(x), np.nan, np.copysign(np.where(away, above, below), x))


def lsq(o, x):
    width = o.get("width", 8)
    low, most = -(2 ** (width - 1)), 2 ** (width - 1) - 1
    if not o.get("is_signed", True):
        low, most = 0, 2**width - 1
    step = F32(o.get("step", 2 * mean_size(x) / math.sqrt(most)))
    return np.rint(np.clip((x / step).astype(F32), low, most)) * step


def options(keys, *rows):
    return [dict(zip(keys.split(), row)) for row in rows]


MINIFLOATS = options("width exponent_width", (8, 4), (8, 5), (6, 3), (4, 2), (3, 1), (12, 7)) + [
    {"width": 8, "exponent_width": 4, "exponent_bias": 12},
    {"width": 9, "exponent_width": 3, "exponent_bias": -2},
]
FIXED = [{}] + options("width frac_width", (4, 2), (8, 12), (16, -3), (2, 0), (24, 10)) + [
    {"width": 6, "frac_width": 4, "is_signed": False}
]
CASES = {
    integer: FIXED,
    integer_floor: FIXED,
    minifloat_ieee: MINIFLOATS,
    minifloat_denorm: MINIFLOATS,
    log: options("width", [8], [4], [3], [2])
    + options("width exponent_bias", (5, 3), (6, 30)),
    minifloat_mx: options("exp_bits frac_bits is_finite round_mode",
                          (5, 2, True, "rn"), (4, 3, True, "rz"), (3, 2, True, "ru"),
                          (2, 3, True, "rd"), (2, 1, True, "rn"), (4, 3, True, "rn")),
    block_fp: options("width exponent_width block_size",
                      (8, 8, [16]), (4, 8, [1, 16]), (6, 4, [4, 8]), (3, 5, [-1]),
                      (8, 3, [-1, -1]), (12, 8, [7])),
    block_minifloat: options("width exponent_width exponent_bias_width block_size",
                             (8, 4, 8, [16]), (6, 3, 6, [1, 16]), (4, 2, 4, [4, 8]),
                             (8, 5, 8, [-1]), (5, 2, 8, [3, 5]), (3, 1, 5, [2])),
    block_log: options("width exponent_bias_width block_size",
                       (8, 8, [16]), (4, 6, [1, 16]), (5, 8, [4, 8]), (3, 4, [-1]),
                       (6, 5, [3, 5]), (2, 8, [2])),
    mxint: options("element_bits block_size",
                   (8, [32]), (4, [16]), (8, [1, 16]), (2, [4, 8]), (6, [-1]), (12, [3, 5])),
    mxfp: options("element block_size", *zip(ELEMENTS, ([32], [16], [4, 8], [-1], [1, 16], [7]))),
    mxint_hardware: options("width exponent_width parallelism",
                            (8, 8, [1, 4]), (4, 8, [4, 4]), (6, 5, [2, 8]), (3, 4, [1, 1]),
                            (8, 8, [5, 3]), (12, 6, [1, 16])),
    scale_integer: options("width", [2], [3], [4], [6], [8], [12]),
    binary: [{}, {"scale": "tensor"}, {"scale": "channel"}],
    ternary: [{}, {"scaling_factor": False}, {"granularity": "channel"}],
    affine: [{"scale": 0.05}, {"scale": 0.1, "zero_point": 3, "is_signed": False}]
    + options("width scale narrow", (4, 0.3, True), (2, 1.5, True))
    + options("width scale rounding", (6, 0.07, "floor"), (5, 0.11, "toward_zero"))
    + [{"width": 6, "scale": 0.07, "rounding": "ceil", "zero_point": -4}],
    lsq: [{}, {"width": 2}, {"width": 4}, {"width": 3, "step": 0.2}, {"width": 6},
          {"width": 4, "is_signed": False}],
}
# Formats whose rows, of nothing but infinities, have no largest finite magnitude or mean.
GO_BY_FINITE = {block_fp, block_minifloat, block_log, mxint, mxfp, mxint_hardware, scale_integer,
                binary}


def inputs():
    random = np.random.default_rng(5)
    halves = np.arange(65536, dtype=np.uint16).view(np.float16).astype(F32)
    sizes = np.exp2(random.integers(-20, 20, 1_000_000))
    return {
        "halves": halves.reshape(64, 1024),
        "random": (random.standard_normal(1_000_000) * sizes).astype(F32).reshape(1000, 1000),
        "normal": random.standard_normal(6000).astype(F32).reshape(10, 20, 30),
    }


def text_of(value):
    if isinstance(value, list):
        return "[" + ",".join(map(str, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def values_of(lathe, spec, file):
    run = subprocess.run([lathe, "format", spec, "--in", file, "--values", "--json"],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(run.stderr.strip().splitlines()[-1])
    words = {"inf": np.inf, "-inf": -np.inf, "nan": np.nan}
    data = json.loads(run.stdout)["values"]["data"]
    return np.array([words[v] if isinstance(v, str) else v for v in data], F64).astype(F32)


def main():
    lathe = sys.argv[1] if len(sys.argv) > 1 else "build/release/bin/lathe"
    count, faults = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        tensors = {}
        for label, x in inputs().items():
            tensors[label] = (os.path.join(folder, label + ".npy"), x)
            np.save(*tensors[label])
        for definition, sets in CASES.items():
            name = definition.__name__
            if sys.argv[2:] and name not in sys.argv[2:]:
                continue
            for o in sets:
                spec = f"{name}<{','.join(f'{k}={text_of(v)}' for k, v in o.items())}>"
                for label, (file, x) in tensors.items():
                    y = values_of(lathe, spec, file).reshape(x.shape)
                    with np.errstate(all="ignore"):
                        right = definition(o, x).astype(F32)
                    same = (y == right) | (np.isnan(y) & np.isnan(right))
                    if definition in GO_BY_FINITE:
                        same |= np.isinf(x) & ~np.isfinite(x).any(axis=-1, keepdims=True)
                    count += same.size
                    if same.all():
                        continue
                    faults += 1
                    first = [f"{x[i]!r}: {y[i]!r}, not {right[i]!r}"
                             for i in map(tuple, np.argwhere(~same)[:3])]
                    print(f"{spec}, {label}: {(~same).sum()} differ; " + "; ".join(first))
            print(f"{name}: {len(sets)} option sets", flush=True)
    print(f"{count} values, {faults} of the tensors differ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
