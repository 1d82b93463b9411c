"""What cannot be saved says which module, which node and why, all of it at once, and writes nothing."""
import inspect
import json
import os

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import prune

import lathe
from saving import SavingTest


def line_of(owner, text):
    """ "file.py:12" of the first line of its source that has the text."""
    lines, start = inspect.getsourcelines(owner)
    at = next(i for i, line in enumerate(lines) if text in line)
    return f"{os.path.basename(inspect.getsourcefile(owner))}:{start + at}"


class Gate(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x * 2
        return x


class Outer(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.inner = nn.ModuleList([nn.Identity(), inner])

    def forward(self, x):
        return self.inner[1](self.inner[0](self.first(x)))


class Of(nn.Module):
    """A module of one function."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *args, **kwargs):
        return self.function(self, *args, **kwargs)


class Refused(SavingTest):
    def the_problem(self, module, example):
        problems = self.problems(module, example)
        self.assertEqual(len(problems), 1, problems)
        return problems[0]

    def test_control_flow_on_data_is_named_with_file_and_line(self):
        problem = self.the_problem(Outer(Gate()), torch.randn(2, 4))
        self.assertEqual((problem.module, problem.node), ("inner.1", "gt"))
        self.assertEqual(problem.place, line_of(Gate, "if x.sum() > 0"))
        self.assertIn("decides what is computed", problem.reason)

    def test_control_flow_on_the_batch(self):
        problem = self.the_problem(
            Of(lambda self, x: x if x.size(0) > 1 else x * 2), torch.randn(2, 4)
        )
        self.assertIn("the batch size, which stays open, decides", problem.reason)

    def test_all_problems_are_told_at_once(self):
        class Many(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.LSTM(4, 4, batch_first=True)
                self.gate = Gate()

            def forward(self, x):
                y, _ = self.rnn(x)
                y = self.gate(torch.einsum("btd,bsd->bts", y, y))
                return F.normalize(y.cumsum(1))

        with self.assertRaises(lathe.NotExpressible) as caught:
            lathe.save(Many(), torch.randn(2, 4, 4), self.path())
        problems = caught.exception.problems
        self.assertEqual(
            [(p.module, p.node) for p in problems],
            [("gate", "gt"), ("rnn", "rnn"), ("", "einsum"), ("", "cumsum"), ("", "normalize")],
        )
        text = str(caught.exception)
        for words in (
            "module 'rnn', node 'rnn'",
            "torch.nn.LSTM",
            "write it with matmul",
            "the method 'cumsum'",
            "torch.nn.functional.normalize",
            line_of(Many, "cumsum"),
        ):
            self.assertIn(words, text)
        self.assertEqual(len(text.splitlines()), 1 + len(problems))

    def test_a_wrong_example_names_the_module_where_it_fails(self):
        problem = self.the_problem(Outer(nn.Linear(5, 2)), torch.randn(2, 4))
        self.assertEqual((problem.module, problem.node), ("inner.1", "inner_1"))
        self.assertIn("mat1 and mat2 shapes cannot be multiplied (2x4 and 5x2)", problem.reason)
        self.assertIn("[2, 4]", problem.reason)

    def test_an_example_that_does_not_fit_forward(self):
        net = Outer(nn.Identity())
        self.assertIn(
            "does not fit forward(x)",
            self.the_problem(net, (torch.ones(2, 4), torch.ones(2, 4))).reason,
        )
        self.assertIn(
            "does not fit forward(x)", self.the_problem(net, {"y": torch.ones(2, 4)}).reason
        )
        self.assertIn("has no tensor", self.the_problem(net, 3).reason)
        self.assertIn(
            "the first dimension of every input is the batch",
            self.the_problem(net, torch.tensor(1.0)).reason,
        )
        self.assertIn(
            "'x' 2, 'y' 3", self.the_problem(Two(), (torch.ones(2, 1), torch.ones(3, 1))).reason
        )

    def test_a_batch_that_is_fixed(self):
        fixed = Of(lambda self, x: x.view(2, 2, 2) + torch.ones(2, 1, 1))
        problem = self.the_problem(fixed, torch.randn(2, 4))
        self.assertIn("works for a batch of 2 and fails for 3", problem.reason)
        problem = self.the_problem(Of(lambda self, x: x.view(2, -1)), torch.randn(2, 4))
        self.assertIn("its first dimension must be the batch", problem.reason)
        problem = self.the_problem(
            Of(lambda self, x: x + torch.zeros(x.size(0), 1)[:1]), torch.randn(2, 4)
        )
        self.assertIn("makes a plain number of the batch size", problem.reason)
        problem = self.the_problem(Of(lambda self, x: x * len(x)), torch.randn(2, 4))
        self.assertIn("len() would fix the batch size", problem.reason)

    def test_data_that_become_plain_numbers(self):
        for function in (
            lambda self, x: x * x.sum().item(),
            lambda self, x: x * float(x.max()),
            lambda self, x: x[:, int(x[0, 0])],
        ):
            problem = self.the_problem(Of(function), torch.zeros(2, 4))
            self.assertIn("makes a plain number of a value of the data", problem.reason)

    def test_layers_that_are_not_what_they_were_made_with(self):
        pruned = nn.Linear(4, 4)
        prune.random_unstructured(pruned, "weight", 0.5)
        self.assertIn(
            "it keeps 'weight_mask'",
            self.the_problem(nn.Sequential(pruned), torch.randn(2, 4)).reason,
        )
        hooked = nn.Linear(4, 4)
        hooked.register_forward_hook(lambda module, args, result: result * 2)
        self.assertIn(
            "it has hooks", self.the_problem(nn.Sequential(hooked), torch.randn(2, 4)).reason
        )
        self.assertIn(
            "'max_norm' is given",
            self.the_problem(
                nn.Sequential(nn.Embedding(5, 3, max_norm=1.0)), torch.ones(2, 4).long()
            ).reason,
        )

    def test_a_module_that_is_no_submodule(self):
        held = [nn.Linear(4, 4)]
        problem = self.the_problem(Of(lambda self, x: held[0](x)), torch.randn(2, 4))
        self.assertIn("a Linear with parameters is no submodule", problem.reason)
        self.saved(Of(lambda self, x: nn.ReLU()(x)), torch.randn(2, 4))  # which keeps nothing

    def test_buffers_that_forward_changes_stay_and_are_named(self):
        class Counting(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("calls", torch.zeros(1))
                self.register_buffer("mean", torch.zeros(1))

            def forward(self, x):
                self.calls += 1
                self.mean = self.mean + 1
                return x * 2

        net = nn.Sequential(Counting())
        problems = self.problems(net, torch.randn(2, 4))
        self.assertEqual(
            [(p.module, p.reason.split("'")[1]) for p in problems],
            [("0", "0.calls"), ("0", "0.mean")],
        )
        self.assertEqual(net.state_dict(), {"0.calls": torch.zeros(1), "0.mean": torch.zeros(1)})

    def test_a_part_that_is_changed_in_place(self):
        def function(self, x):
            y = x * 2
            y[:, 0].add_(1)
            return y

        self.assertIn(
            "it reads 'mul' after a part of it was changed in place",
            self.the_problem(Of(function), torch.randn(2, 4)).reason,
        )

        def assigned(self, x):
            x[:, 0] = 0
            return x

        self.assertIn(
            "a part of a tensor is assigned to",
            self.the_problem(Of(assigned), torch.randn(2, 4)).reason,
        )

    def test_types(self):
        self.assertIn(
            "Lathe computes in float32",
            self.problems(nn.Sequential(nn.Linear(4, 4)).double(), torch.randn(2, 4).double())[
                0
            ].reason,
        )
        mixed = self.the_problem(Two(), (torch.randn(2, 4), torch.ones(2, 4).long()))
        self.assertIn("it makes float32 of int64; operands must be of one type", mixed.reason)
        self.assertIn(
            "converts no types",
            self.the_problem(Of(lambda self, x: x.float()), torch.ones(2, 4).long()).reason,
        )

    def test_dropout_that_never_ends(self):
        self.assertIn(
            "training=self.training",
            self.the_problem(Of(lambda self, x: F.dropout(x, 0.0)), torch.randn(2, 4)).reason,
        )

    def test_results_that_are_no_tensor(self):
        self.assertIn(
            "forward gives 2 results",
            self.the_problem(Of(lambda self, x: (x + 1, x + 2)), torch.randn(2, 4)).reason,
        )
        self.assertIn(
            "forward gives a NoneType",
            self.the_problem(Of(lambda self, x: None), torch.randn(2, 4)).reason,
        )

    def test_a_gradient_of_its_own(self):
        class Reversed(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                ctx.scale = 2
                return x * 1

            @staticmethod
            def backward(ctx, gradient):
                return -gradient

        problem = self.the_problem(Of(lambda self, x: Reversed.apply(x)), torch.randn(2, 4))
        self.assertIn("'Reversed' has a gradient of its own", problem.reason)
        x = torch.ones(2, requires_grad=True)
        Reversed.apply(x).sum().backward()  # as before
        self.assertEqual(x.grad.tolist(), [-1, -1])

    def test_torchscript(self):
        scripted = nn.Sequential(torch.jit.script(nn.Sequential(nn.Linear(4, 4))))
        self.assertEqual(
            self.the_problem(scripted, torch.randn(2, 4))[:3],
            ("0", None, "it is TorchScript; save the module that it was made of"),
        )

    def test_lazy_modules(self):
        net = nn.Sequential(nn.LazyLinear(3))
        self.assertEqual(
            self.the_problem(net, torch.randn(2, 4))[:3],
            ("0", None, "its parameters are not made yet; call the module once"),
        )
        net(torch.randn(2, 4))
        self.saved(net, torch.randn(2, 4))

    def test_what_forward_itself_raises(self):
        def function(self, x):
            raise KeyError("no such thing")

        problem = self.the_problem(Of(function), torch.randn(2, 4))
        self.assertIn("forward raised KeyError: 'no such thing'", problem.reason)
        self.assertEqual(problem.place, line_of(function, "raise KeyError"))

    def test_a_parameter_that_shares_a_part_of_another(self):
        net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
        net[1].weight = nn.Parameter(net[0].weight.detach()[1:3])
        self.assertIn(
            "shares only a part of its memory", self.the_problem(net, torch.randn(2, 4)).reason
        )


class Two(nn.Module):
    def forward(self, x, y):
        return x + y


class Folders(SavingTest):
    def test_a_saved_network_is_replaced(self):
        self.saved(nn.Sequential(nn.Linear(4, 4)), torch.randn(2, 4))
        network = self.saved(nn.Sequential(nn.ReLU()), torch.randn(2, 4))
        self.assertEqual(network.tensors, {})
        self.assertEqual(
            sorted(os.listdir(self.path())), ["graph.json", "graph.txt", "model.safetensors"]
        )

    def test_a_folder_of_something_else_stays(self):
        def refused(words):
            with self.assertRaises(FileExistsError) as caught:
                lathe.save(nn.Sequential(nn.ReLU()), torch.randn(2, 4), self.path())
            self.assertIn(words, str(caught.exception))

        os.makedirs(self.path())
        for name, text, words in (
            ("notes.txt", "mine", "holds 'notes.txt'"),
            ("graph.txt", "mine", "no graph.json"),
            ("graph.json", "{}", "is no saved network"),
            ("graph.json", "{", "is no saved network"),
        ):
            with open(os.path.join(self.path(), name), "w") as stream:
                stream.write(text)
            refused(words)
            with open(os.path.join(self.path(), name)) as stream:
                self.assertEqual(stream.read(), text)
            os.remove(os.path.join(self.path(), name))
        with open(os.path.join(self.path(), "graph.json"), "w") as stream:
            json.dump({"lathe_graph": 1}, stream)
        with open(os.path.join(self.path(), "best.safetensors"), "w"):
            refused("holds 'best.safetensors'")
        os.remove(os.path.join(self.path(), "best.safetensors"))
        lathe.save(nn.Sequential(nn.ReLU()), torch.randn(2, 4), self.path())

    def test_a_file_in_its_place_and_what_is_no_module(self):
        with open(self.path(), "w"), self.assertRaises(FileExistsError):
            lathe.save(nn.Sequential(nn.ReLU()), torch.randn(2, 4), self.path())
        with self.assertRaises(TypeError):
            lathe.save(torch.relu, torch.randn(2, 4), self.path("other"))

    def test_a_save_that_is_cut_off_leaves_no_graph_beside_other_weights(self):
        self.saved(nn.Sequential(nn.Linear(4, 4)), torch.randn(2, 4))
        replace = os.replace
        try:
            for fails_at in ("model.safetensors", "graph.txt", "graph.json"):

                def failing(part, path, fails_at=fails_at):
                    if path.endswith(fails_at):
                        raise OSError("the disk is full")
                    replace(part, path)

                os.replace = failing
                self.assertRaises(
                    OSError, lathe.save, nn.Sequential(nn.ReLU()), torch.randn(2, 4), self.path()
                )
                self.assertNotIn("graph.json", os.listdir(self.path()))
                self.assertFalse([name for name in os.listdir(self.path()) if name.startswith(".")])
                os.replace = replace
                self.place.cleanup()
                self.setUp()
                self.saved(nn.Sequential(nn.Linear(4, 4)), torch.randn(2, 4))
        finally:
            os.replace = replace
