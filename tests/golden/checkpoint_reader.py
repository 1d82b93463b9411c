#!/usr/bin/python3
"""Writes checkpoint_reader.json: what independent readers make of every checkpoint of the data folder.

usage: checkpoint_reader.py DATA_DIR/checkpoints > checkpoint_reader.json

torch.load of PyTorch 1.13 (python3-torch) reads .pt, .th and .ckpt; a few lines of Python read
safetensors, and the tar files, whose form torch.load does not know.
"""
import io
import json
import pathlib
import pickle
import struct
import sys
import tarfile
import types
import warnings
import zlib

import numpy
import torch

warnings.simplefilter("ignore")
# A module that pickles of PyTorch 0.3 mention and later versions lack.
thnn = types.ModuleType("torch.nn.backends.thnn")
thnn._get_thnn_function_backend = lambda: None
sys.modules[thnn.__name__] = thnn

SAFE = {"F64": ("float64", 8), "F32": ("float32", 4), "F16": ("float16", 2), "BF16": ("bfloat16", 2),
        "I64": ("int64", 8), "I32": ("int32", 4), "I16": ("int16", 2), "I8": ("int8", 1),
        "U8": ("uint8", 1), "BOOL": ("bool", 1)}
STORAGES = {"FloatStorage": "float32", "DoubleStorage": "float64", "LongStorage": "int64"}


def entry(name, dtype, shape, raw):
    return {"name": name, "dtype": dtype, "shape": list(shape), "crc32": zlib.crc32(raw)}


def flat(value, name=""):
    if isinstance(value, torch.Tensor):
        yield name or "tensor", value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if type(key) in (str, int):
                yield from flat(inner, f"{name}.{key}" if name else str(key))


def from_torch(path):
    value = torch.load(path, map_location="cpu")
    kind = "state_dict"
    if isinstance(value, torch.nn.Module):
        kind, value = "module", value.state_dict()
    elif isinstance(value, dict) and isinstance(value.get("state_dict"), dict):
        if "pytorch-lightning_version" in value:
            kind = "lightning"
        value = value["state_dict"]
    tensors = []
    for name, tensor in flat(value):
        tensor = tensor.detach().contiguous()
        bits = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
        tensors.append(entry(name, str(tensor.dtype)[6:], tensor.shape, bits.numpy().tobytes()))
    return kind, tensors


def from_safetensors(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = []
    for name, about in json.loads(data[8:8 + size]).items():
        if name != "__metadata__":
            begin, end = about["data_offsets"]
            tensors.append(entry(name, SAFE[about["dtype"]][0], about["shape"],
                                 data[8 + size + begin:8 + size + end]))
    return "safetensors", tensors


class Tar(pickle.Unpickler):
    """The classes of a tar file as their names; a tensor as the arguments it is rebuilt from."""

    def find_class(self, module, name):
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, shape, stride, *rest: (storage[2], offset, shape, stride)
        return dict if name == "OrderedDict" else name


def from_tar(path):
    with tarfile.open(path) as archive:
        storages = io.BytesIO(archive.extractfile("storages").read())
        objects = Tar(archive.extractfile("pickle")).load()
    contents = {}
    for _ in range(Tar(storages).load()):
        key, _location, kind = Tar(storages).load()
        dtype = numpy.dtype(STORAGES[kind])
        count, = struct.unpack("<q", storages.read(8))
        contents[key] = numpy.frombuffer(storages.read(count * dtype.itemsize), dtype)
    tensors = []
    for name, (key, offset, shape, stride) in objects.items():
        whole = contents[key]
        view = numpy.lib.stride_tricks.as_strided(
            whole[offset:], shape, [step * whole.itemsize for step in stride])
        tensors.append(entry(name, str(whole.dtype), shape, view.tobytes()))
    return "state_dict", tensors


def main(root):
    files = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        read = {".safetensors": from_safetensors, ".tar": from_tar}.get(path.suffix, from_torch)
        row = {"file": str(path.relative_to(root))}
        try:
            kind, tensors = read(path)
            tensors.sort(key=lambda tensor: tensor["name"].encode())
            row.update(type=kind, tensors=tensors)
        except pickle.UnpicklingError as error:
            row.update(refused=str(error))
        files.append(json.dumps(row, separators=(",", ":")))
    source = ("PyTorch 1.13 (Debian python3-torch): torch.load of each file; safetensors and tar by a "
              "few lines of Python; crc32 of the contiguous little-endian bytes; made by "
              "checkpoint_reader.py")
    print('{"source":%s,"files":[\n%s\n]}' % (json.dumps(source), ",\n".join(files)))


main(pathlib.Path(sys.argv[1]))
