"""Networks as users write them: the saved form computes what the module does, at any batch size."""
import math

import torch
import torch.nn.functional as F
from torch import nn

from saving import SavingTest


class Calls(nn.Module):
    """A convolutional net of functions, methods and operators."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding="same")
        self.conv2 = nn.Conv2d(6, 8, 3, stride=2, padding=1, groups=2, bias=False)
        self.scale = nn.Parameter(torch.rand(8, 1, 1))
        self.fc1 = nn.Linear(8 * 4 * 4, 20)
        self.fc2 = nn.Linear(20, 7)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.sigmoid(self.conv2(x)) * self.scale, kernel_size=1)
        x = F.leaky_relu(F.pad(x, (1, 1, 1, 1), value=0.5), 0.2)[:, :, 1:-1, 1:-1]
        x = F.dropout(x.contiguous().view(x.size(0), -1), 0.3, self.training)
        x = torch.tanh(self.fc1(x))
        return F.log_softmax(self.fc2(x), dim=1)


class Arithmetic(nn.Module):
    def forward(self, x, y):
        a = (x - 2 * y) / (1.5 + y.abs())
        b = (
            1
            - torch.exp(-(x**2))
            + 2 / (x * x + 1).sqrt()
            + torch.rsqrt(y * y + 1)
            + torch.erf(x)
        )
        c = torch.add(x, y, alpha=0.5)
        return torch.cat(
            [a, b, c.clamp(min=-0.5, max=0.5), torch.stack([x, y], 1).sum(dim=1, keepdim=False)], 1
        )


class Shapes(nn.Module):
    """[N, 6, 8]"""

    def forward(self, x):
        n, length, width = x.shape
        heads = x.reshape(n, length, 2, width // 2).permute(0, 2, 1, 3)
        scores = heads @ heads.mT / math.sqrt(width // 2)
        keep = torch.ones(length, length, dtype=torch.bool).tril()
        scores = scores.masked_fill(~keep, float("-inf")).softmax(dim=-1)
        mixed = torch.matmul(scores, heads).transpose(1, 2).contiguous().flatten(2)
        first, second = mixed.chunk(2, dim=-1)
        left, middle, right = torch.split(first, [1, 2, 1], dim=2)
        joined = torch.cat((left, middle, right, second), dim=-1).unsqueeze(1).squeeze()
        widest = joined.max(dim=1)
        return (
            widest.values + joined.mean((1,)) + joined.unflatten(2, (2, -1)).amax(1).reshape(n, -1)
        )


class Token(nn.Module):
    """A class token and positions, as in vision transformers."""

    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.rand(1, 1, 8))
        self.register_buffer("position", torch.rand(1, 5, 8))
        self.attention = nn.MultiheadAttention(8, 2, bias=False)
        self.norm = nn.GroupNorm(2, 8)

    def forward(self, x):
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.position
        x = x.transpose(0, 1)
        mask = torch.full((x.size(0), x.size(0)), float("-inf")).triu(1)
        x = self.attention(x, x, x, need_weights=False, attn_mask=mask)[0]
        return self.norm(x[0])


class Twice(nn.Module):
    """A nested module that is called twice."""

    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.ReLU(inplace=True))
        self.last = nn.ModuleDict({"a": nn.Linear(6, 2)})
        self.last["b"] = nn.Linear(6, 2)
        self.last["b"].weight = self.last["a"].weight

    def forward(self, x):
        y = self.block(self.block(x))
        return self.last["a"](y) + self.last["b"](x)


class Inplace(nn.Module):
    """Values that change after they got a name."""

    def __init__(self):
        super().__init__()
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        y = x + 1
        z = y.mul_(2.0)  # y too
        skip = z
        out = self.act(z)  # skip too
        out += y
        F.relu(out, inplace=True).add_(skip)
        return out - y


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(4, 6, 2, stride=2)
        self.along = nn.ConvTranspose1d(6, 3, 3, stride=2, output_padding=1)
        self.larger = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, x):
        x = F.gelu(self.up(x), approximate="tanh")
        x = F.interpolate(x, size=(8, 8), mode="bilinear", align_corners=False)
        x = F.elu(self.larger(x)) + F.softplus(F.silu(self.larger(x)))
        return self.along(x.flatten(2))


class Keywords(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x, bias=None, *, batch, scale=2.0, mode="plain"):
        y = self.fc(input=x) * scale
        if bias is not None:
            y = y + bias
        return y + batch["more"][0] if mode == "plain" else y


class OwnNetworks(SavingTest):
    def test_functions_methods_and_operators_of_a_convolutional_net(self):
        network = self.assert_saves(Calls(), lambda n: torch.randn(n, 1, 16, 16))
        self.assertEqual(network.node("dropout")["args"][1:], [{"value": 0.3}, {"value": True}])
        self.assertEqual(network.node("max_pool2d")["op"], "max_pool2d")

    def test_arithmetic(self):
        self.assert_saves(Arithmetic(), lambda n: (torch.randn(n, 3), torch.randn(n, 3)))

    def test_shapes_and_attention_by_hand(self):
        network = self.assert_saves(Shapes(), lambda n: torch.randn(n, 6, 8))
        self.assertEqual(network.node("masked_fill")["args"][2], {"value": "-inf"})
        self.assertEqual(network.node("split")["args"][1:], [{"value": [1, 2, 1]}, {"value": 2}])

    def test_a_token_a_buffer_and_a_mask(self):
        network = self.assert_saves(Token(), lambda n: torch.randn(n, 4, 8))
        self.assertEqual(
            network.node("position")["attributes"],
            {"shape": [1, 5, 8], "dtype": "float32", "buffer": True},
        )
        self.assertEqual(network.node("token")["attributes"]["buffer"], False)
        self.assertEqual(network.node("attention")["kwargs"]["need_weights"], {"value": False})

    def test_a_module_that_is_called_twice(self):
        network = self.assert_saves(Twice().eval(), lambda n: torch.randn(n, 6))
        self.assertEqual([node["target"] for node in network.nodes].count("block.0"), 2)
        self.assertEqual(network.metadata, {"last.b.weight": "last.a.weight"})

    def test_in_place_changes_reach_all_who_read_later(self):
        network = self.assert_saves(Inplace(), lambda n: torch.randn(n, 4))
        self.assertEqual(network.inputs_of(network.node("add_1")), ["act", "act"])

    def test_images_that_grow(self):
        self.assert_saves(Decoder(), lambda n: torch.randn(n, 4, 3, 3))

    def test_keyword_arguments_and_containers(self):
        module = Keywords().eval()
        x, more = torch.randn(2, 4), torch.randn(2, 3)
        network = self.saved(module, {"x": x, "batch": {"more": [more]}, "scale": 3.0})
        self.assertEqual(
            [n["name"] for n in network.nodes if n["opcode"] == "placeholder"],
            ["x", "batch_more_0"],
        )
        found, expected = network(x, more), module(x, batch={"more": [more]}, scale=3.0)
        self.assertLessEqual((found - expected).abs().max().item(), 1e-6)

    def test_defaults_of_forward_stay(self):
        class Optional(nn.Module):
            def forward(self, x, mask=None, times=2):
                return x * times if mask is None else x * mask

        self.assertEqual(
            self.saved(Optional(), torch.ones(2, 3), "a").names(), ["x", "mul", "output"]
        )
        self.assertEqual(
            self.saved(Optional(), {"mask": torch.ones(2, 3), "x": torch.ones(2, 3)}, "b").names(),
            ["x", "mask", "mul", "output"],
        )

    def test_containers_of_torch_are_looked_into(self):
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        network = self.assert_saves(layer, lambda n: torch.randn(n, 3, 8))
        self.assertIn("self_attn", network.names())

    def test_one_result_in_a_container(self):
        class Wrapped(nn.Module):
            def forward(self, x):
                return {"logits": x * 2}

        network = self.saved(Wrapped(), torch.ones(2, 3))
        self.assertEqual(network.node("output")["args"], [{"node": "mul"}])

    def test_what_nothing_reads_and_lathe_lacks_is_left_out(self):
        class Idle(nn.Module):
            def forward(self, x):
                torch.fft.fft(x)
                unused = x * 3  # noqa: F841
                return x + 1

        self.assertEqual(
            self.saved(Idle(), torch.ones(2, 3)).names(), ["x", "mul", "add", "output"]
        )

    def test_a_check_of_two_batches_is_no_control_flow(self):
        class Checked(nn.Module):
            def forward(self, x, y):
                assert x.dim() == y.dim() and x.shape[1:] == y.shape[1:] and x.is_floating_point()
                assert x.size(0) == y.size(0)
                return x + y

        self.assert_saves(Checked(), lambda n: (torch.randn(n, 2), torch.randn(n, 2)))

    def test_ways_to_say_the_same(self):
        class Ways(nn.Module):
            def forward(self, x):
                gate = torch.sigmoid(x.mean((2, 3), keepdim=True)).expand_as(x)
                x = (x * gate)[:, [-1], :, :].squeeze(1)
                x = (
                    x.movedim(1, 2).swapaxes(1, 2).T
                    if x.dim() == 2
                    else x.movedim(1, 2).transpose(-1, -2).clone().float()
                )
                return torch.reciprocal(1 + torch.square(x)).view_as(x)

        self.assert_saves(Ways(), lambda n: torch.randn(n, 3, 4, 5))

    def test_the_batch_may_stand_elsewhere_in_between(self):
        class Turned(nn.Module):
            def forward(self, x):
                x = x.transpose(0, 1)
                length, rows, width = x.size()
                return (
                    x.reshape(length * rows, width)
                    .view(length, rows, width)
                    .permute(1, 0, 2)
                    .reshape(rows, -1)
                )

        self.assert_saves(Turned(), lambda n: torch.randn(n, 5, 4))

    def test_the_module_stays_as_it_was(self):
        module = nn.Sequential(
            nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), Inplace()
        ).train()
        module[2].eval()
        before = {
            name: (id(t), t._version) for name, t in module.state_dict(keep_vars=True).items()
        }
        modes, attributes = [m.training for m in module.modules()], [
            sorted(m.__dict__) for m in module.modules()
        ]
        example = torch.randn(3, 4)
        kept = example.clone()
        self.saved(module, example)
        self.assertEqual(
            before,
            {name: (id(t), t._version) for name, t in module.state_dict(keep_vars=True).items()},
        )
        self.assertEqual(modes, [m.training for m in module.modules()])
        self.assertTrue(all(type(m.training) is bool for m in module.modules()))
        self.assertEqual(attributes, [sorted(m.__dict__) for m in module.modules()])
        self.assertTrue(torch.equal(example, kept))

    def test_layers_with_another_constructor_are_what_they_were_made_with(self):
        layers = {
            "linear": nn.Linear(4, 3, bias=False),
            "pool": nn.MaxPool1d(2),
            "flatten": nn.Flatten(),
            "norm": nn.LayerNorm((4,), eps=1e-3),
            "act": nn.Hardtanh(-2.0, 2.0),
        }
        for name, layer in layers.items():
            with self.subTest(name):
                self.assert_saves(nn.Sequential(layer), lambda n: torch.randn(n, 2, 4))
                self.place.cleanup()
                self.setUp()
