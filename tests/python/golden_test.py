"""The three networks of golden/own_networks: names, parameters, ties, and what the saved form computes."""
import json
import os
import sys

import numpy
import torch

from interpreter import read_tensors
from saving import GOLDEN, SavingTest

sys.path.insert(0, GOLDEN)
import nets  # noqa: E402


def made(name):
    """The network with its golden weights."""
    network = nets.NETS[name][0]()
    tensors, ties = read_tensors(os.path.join(GOLDEN, name, "model.safetensors"))
    network.load_state_dict({**tensors, **{tied: tensors[kept] for tied, kept in ties.items()}})
    return network.eval()


def array(name, file):
    return torch.from_numpy(numpy.load(os.path.join(GOLDEN, name, file)))


class GoldenNetworks(SavingTest):
    def check(self, name):
        module, example = made(name), array(name, "input.npy")
        network = self.saved(module, example)
        with open(os.path.join(GOLDEN, name, "fx.json"), encoding="utf-8") as stream:
            wanted = json.load(stream)["lists"][0]["nodes"]
        self.assertEqual(network.names(), [node["name"] for node in wanted])
        # What the tests of the engine read (own_networks_test.cpp).
        with open(os.path.join(GOLDEN, name, "graph.json"), encoding="utf-8") as stream:
            self.assertEqual(network.graph, json.load(stream))
        self.assertEqual(
            [node["opcode"] for node in network.nodes], [node["op"] for node in wanted]
        )
        self.assertEqual(
            [list(dict.fromkeys(network.inputs_of(node))) for node in network.nodes],
            [list(dict.fromkeys(node["from"])) for node in wanted],
        )
        for node, golden in zip(network.nodes, wanted):
            if node["opcode"] in ("call_module", "call_method", "get_attr", "placeholder"):
                self.assertEqual(node["target"], golden["target"])
        for inputs, outputs in (
            ("input.npy", "output.npy"),
            ("input_batch5.npy", "output_batch5.npy"),
        ):
            found = network(array(name, inputs))
            self.assertLessEqual((found - array(name, outputs)).abs().max().item(), 1e-5)
        self.assertEqual(network.taken, set(network.tensors))
        for key, tensor in network.tensors.items():
            if not key.startswith("_tensor_constant"):
                self.assertTrue(torch.equal(tensor, module.state_dict()[key]), key)
        return network, module

    def test_residual(self):
        network, module = self.check("residual")
        self.assertEqual(set(network.tensors), set(module.state_dict()))
        self.assertEqual(network.metadata, {})

    def test_encoder(self):
        network, module = self.check("encoder")
        self.assertEqual(set(network.tensors), set(module.state_dict()))
        self.assertEqual(network.node("layers_0_dropout")["op"], "dropout")
        self.assertEqual(
            network.node("layers_0_attention")["attributes"],
            {
                "embed_dim": 32,
                "num_heads": 4,
                "dropout": 0.1,
                "bias": True,
                "add_bias_kv": False,
                "add_zero_attn": False,
                "kdim": 32,
                "vdim": 32,
                "batch_first": True,
            },
        )

    def test_gpt(self):
        network, module = self.check("gpt")
        masks = {"h.0.attn.mask", "h.1.attn.mask"}  # cut to the length before they are used
        constants = {name for name in network.tensors if name.startswith("_tensor_constant")}
        self.assertEqual(set(network.tensors) - constants, set(module.state_dict()) - masks)
        self.assertEqual(constants, {f"_tensor_constant{i}" for i in range(5)})
        # As safetensors' save_model has it: model.safetensors of the golden folder says the same.
        self.assertEqual(network.metadata, {"wte.weight": "lm_head.weight"})
        self.assertEqual(network.graph["tied"], network.metadata)
        stored, _ = read_tensors(os.path.join(self.path(), "model.safetensors"))
        self.assertNotIn("wte.weight", stored)

    def test_the_example_may_be_of_one_row_and_of_many(self):
        for rows in (1, 7):
            network = self.saved(
                made("encoder"), array("encoder", "input.npy")[:1].repeat(rows, 1), f"rows{rows}"
            )
            self.assertEqual(
                network.node("ids")["attributes"],
                {"shape": [12], "batch": rows, "dtype": "int64", "type": None},
            )
            found = network(array("encoder", "input_batch5.npy"))
            self.assertLessEqual(
                (found - array("encoder", "output_batch5.npy")).abs().max().item(), 1e-5
            )
