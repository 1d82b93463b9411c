"""Runs the tests of one file here, eg: python3 tests/python golden. Ends with 77, said aloud, where
PyTorch is missing (scripts/install-dependencies --peers)."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "sdk", "python")]

if __name__ == "__main__":
    try:
        import torch
    except ImportError:
        print("skipped: python3-torch is not installed")
        sys.exit(77)
    torch.set_num_threads(1)
    names = [f"{word}_test" for word in sys.argv[1:]]
    names = names or sorted(file[:-3] for file in os.listdir(HERE) if file.endswith("_test.py"))
    ran = unittest.TextTestRunner(verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromNames(names)
    )
    sys.exit(not ran.wasSuccessful())
