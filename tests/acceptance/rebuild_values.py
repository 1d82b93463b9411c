"""Values of a file of `lathe export --codes`: IN OUT writes them as float32, under the same names.

Knows NumPy and safetensors' layout, and nothing else of Lathe than what the file's metadata says.
"""

import json
import struct
import sys

import numpy

TYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1"}


def read(path):
    with open(path, "rb") as file:
        contents = file.read()
    size = struct.unpack("<Q", contents[:8])[0]
    header = json.loads(contents[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        data = contents[8 + size + begin : 8 + size + end]
        tensors[name] = numpy.frombuffer(data, TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


def by_element(per_block, block, shape):
    """What each element's block has."""
    for axis, extent in enumerate(block):
        per_block = numpy.repeat(per_block, extent, axis).take(range(shape[axis]), axis)
    return per_block


def values(name, tensors, about):
    codes = tensors[name]
    scale = by_element(tensors[name + ".scale"], about["block"], codes.shape)
    if "levels" in about["value"]:
        level = tensors[name + ".levels"][codes]
    elif "zero_point" in about["value"]:
        zero_point = tensors[name + ".zero_point"]
        level = codes.astype("i8") - by_element(zero_point, about["block"], codes.shape)
    elif "uint64" in about["value"]:
        level = codes.view("u8")
    else:
        level = codes
    with numpy.errstate(over="ignore"):
        return (level.astype("f8") * scale).astype("<f4")


def write(path, tensors):
    header, parts, begin = {}, [], 0
    kinds = {numpy.dtype(dtype): name for name, dtype in TYPES.items()}
    for name, tensor in sorted(tensors.items()):
        data = tensor.tobytes()
        place = [begin, begin + len(data)]
        header[name] = {"dtype": kinds[tensor.dtype], "shape": tensor.shape, "data_offsets": place}
        parts.append(data)
        begin += len(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def main(source, target):
    tensors, metadata = read(source)
    coded = json.loads(metadata["lathe.codes"])["tensors"]
    made = dict(tensors)
    for name, about in coded.items():
        if "value" not in about:
            continue
        made[name] = values(name, tensors, about)
        for part in ("scale", "zero_point", "levels"):
            made.pop(name + "." + part, None)
    write(target, made)


main(*sys.argv[1:])
