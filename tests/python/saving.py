"""What the tests of lathe.save share."""
import os
import tempfile
import unittest

import torch
import torch.fx

import lathe
from interpreter import Network

GOLDEN = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "golden", "own_networks", "torch"
)


class SavingTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)

    def path(self, name="net"):
        return os.path.join(self.place.name, name)

    def saved(self, module, example, name="net"):
        lathe.save(module, example, self.path(name))
        return Network(self.path(name))

    def assert_computes(self, network, module, *inputs, within=1e-5):
        module.eval()
        with torch.no_grad():
            expected = module(*[x.clone() for x in inputs])
        found = network(*inputs)
        self.assertEqual(list(found.shape), list(expected.shape))
        self.assertLessEqual((found - expected).abs().max().item(), within)

    def assert_saves(self, module, make, batches=(2, 3, 5)):
        """Saved with the first batch, it computes what the module does for each. `make` gives the inputs."""
        network = self.saved(module, make(batches[0]))
        for batch in batches:
            inputs = make(batch)
            self.assert_computes(
                network, module, *(inputs if isinstance(inputs, tuple) else (inputs,))
            )
        self.assertEqual(network.taken, set(network.tensors), "what is saved and what is read")
        self.assert_named_as_by_fx(network, module)
        return network

    def assert_named_as_by_fx(self, network, module):
        """Where torch.fx alone can trace it: its size() of everything and our size(0) have other names."""
        try:
            names = [node.name for node in torch.fx.symbolic_trace(module).graph.nodes]
        except Exception:
            return
        if not any(
            name.startswith(("size", "getattr", "getitem", "_assert", "_tensor_constant", "eq"))
            for name in names
        ):
            self.assertEqual(network.names(), names)

    def problems(self, module, example):
        with self.assertRaises(lathe.NotExpressible) as caught:
            lathe.save(module, example, self.path())
        self.assertFalse(os.path.exists(self.path()))
        return caught.exception.problems
