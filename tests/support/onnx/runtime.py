"""Runs a file of ONNX with onnxruntime: that of Python ($ONNXRUNTIME_PYTHON, else this one), or npm's
onnxruntime-node (in $ONNXRUNTIME_NODE, the folder of its node_modules). Ends with 77 without either.

  runtime.py run MODEL OUTPUT [INPUT TYPE SHAPE]...   float32 numbers; TYPE: int64; SHAPE: 2,12
  runtime.py score MODEL CIFAR     how many of a file of CIFAR-10's records are told right
"""
import os
import subprocess
import sys
import tempfile

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = 64


def by_python(model, inputs):
    try:
        import onnxruntime
    except ImportError:
        return None
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {i.name: x for i, x in zip(session.get_inputs(), inputs)})[0]


def by_node(model, inputs):
    modules = os.environ.get("ONNXRUNTIME_NODE")
    if not modules:
        return None
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "y")
        words = ["node", os.path.join(HERE, "runtime.js"), model, output]
        for i, x in enumerate(inputs):
            file = os.path.join(folder, str(i))
            x.tofile(file)
            words += [file, str(x.dtype), ",".join(map(str, x.shape))]
        subprocess.run(words, check=True, env=dict(os.environ, NODE_PATH=modules))
        return numpy.fromfile(output, numpy.float32)


def run(model, *inputs):
    for way in (by_python, by_node):
        y = way(model, inputs)
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
        inputs = []
        for file, dtype, shape in zip(*[iter(sys.argv[4:])] * 3):
            extents = [int(extent) for extent in shape.split(",")]
            inputs.append(numpy.fromfile(file, dtype).reshape(extents))
        run(model, *inputs).tofile(sys.argv[3])
    else:
        x, labels = images(sys.argv[3])
        batches = [run(model, x[i : i + BATCH]) for i in range(0, len(x), BATCH)]
        y = numpy.concatenate([part.reshape(-1, 10) for part in batches])
        print(int((y.argmax(1) == labels).sum()))
