"""Holds files of ONNX against ONNX's own checker and shape inference. Ends with 77 without it."""
import sys

try:
    import onnx
except ImportError:
    print("python3-onnx is not installed")
    sys.exit(77)

for path in sys.argv[1:]:
    onnx.checker.check_model(path)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    # What is inferred agrees with what the file says of each value.
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
