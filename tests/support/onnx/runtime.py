"""Runs a file of ONNX with onnxruntime: that of Python ($ONNXRUNTIME_PYTHON, else this one), or npm's
onnxruntime-node (in $ONNXRUNTIME_NODE, the folder of its node_modules). Ends with 77 without either.

  runtime.py run MODEL INPUT OUTPUT SHAPE   float32 numbers; SHAPE: 2,3,32,32
  runtime.py score MODEL CIFAR              how many of a file of CIFAR-10's records are told right
"""
import os
import subprocess
import sys
import tempfile

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = 64


def by_python(model, x):
    try:
        import onnxruntime
    except ImportError:
        return None
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def by_node(model, x):
    modules = os.environ.get("ONNXRUNTIME_NODE")
    if not modules:
        return None
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("x", "y")]
        x.tofile(files[0])
        words = ["node", os.path.join(HERE, "runtime.js"), model, *files, ",".join(map(str, x.shape))]
        subprocess.run(words, check=True, env=dict(os.environ, NODE_PATH=modules))
        return numpy.fromfile(files[1], numpy.float32).reshape(x.shape[0], -1)


def run(model, x):
    for way in (by_python, by_node):
        y = way(model, numpy.ascontiguousarray(x, numpy.float32))
        if y is not None:
            return y
    print("onnxruntime is not installed: python3-onnxruntime, or npm's onnxruntime-node")
    sys.exit(77)


def images(path):
    """As cifar10's option normalize=imagenet makes them."""
    records = numpy.fromfile(path, numpy.uint8).reshape(-1, 3073)
    pixels = records[:, 1:].reshape(-1, 3, 32, 32).astype(numpy.float32) / numpy.float32(255)
    mean = numpy.array([0.485, 0.456, 0.406], numpy.float32).reshape(1, 3, 1, 1)
    deviation = numpy.array([0.229, 0.224, 0.225], numpy.float32).reshape(1, 3, 1, 1)
    return (pixels - mean) / deviation, records[:, 0]


if __name__ == "__main__":
    command, model = sys.argv[1:3]
    if command == "run":
        shape = [int(extent) for extent in sys.argv[5].split(",")]
        run(model, numpy.fromfile(sys.argv[3], numpy.float32).reshape(shape)).tofile(sys.argv[4])
    else:
        x, labels = images(sys.argv[3])
        y = numpy.concatenate([run(model, x[i : i + BATCH]) for i in range(0, len(x), BATCH)])
        print(int((y.argmax(1) == labels).sum()))
