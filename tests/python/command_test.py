"""lathe.run and lathe.study, over the executable that LATHE names, and over commands that stand in for it."""
import contextlib
import io
import os
import stat
import unittest

import torch
from torch import nn

import lathe
from saving import SavingTest


class Pretended(SavingTest):
    """A command of our own, to see what is asked of it and what becomes of what it says."""

    def setUp(self):
        super().setUp()
        self.before = os.environ.get("LATHE")
        self.addCleanup(self.restore)

    def restore(self):
        os.environ.pop("LATHE", None)
        if self.before is not None:
            os.environ["LATHE"] = self.before

    def pretend(self, script):
        path = self.path("lathe.sh")
        with open(path, "w") as stream:
            stream.write("#!/bin/sh\n" + script)
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        os.environ["LATHE"] = path

    def test_words_go_as_they_are_and_json_comes_back(self):
        self.pretend('for w in "$@"; do echo "said $w" >&2; done\nprintf \'{"words": %s}\' $#\n')
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(lathe.run(["transform", "a folder", 3], show=True), {"words": 4})
        self.assertEqual(said.getvalue(), "said transform\nsaid a folder\nsaid 3\nsaid --json\n")
        self.assertEqual(lathe.run(["list", "--json"]), {"words": 2})

    def test_a_failure_is_an_error_with_text_and_code(self):
        self.pretend(
            "echo talk >&2; echo 'error: net.onnx: it is cut off' >&2; echo '{\"a\": 1}'; exit 2\n"
        )
        with self.assertRaises(lathe.Error) as caught:
            lathe.run(["transform", "net.onnx"])
        error = caught.exception
        self.assertEqual(
            (str(error), error.code, error.result), ("error: net.onnx: it is cut off", 2, {"a": 1})
        )
        self.assertEqual(error.output, "talk\nerror: net.onnx: it is cut off\n")
        self.assertEqual(error.command[1:], ["transform", "net.onnx", "--json"])

    def test_silence_what_is_no_json_and_what_is_not_there(self):
        self.pretend("exit 3\n")
        with self.assertRaises(lathe.Error) as caught:
            lathe.run(["list"])
        self.assertIn("said nothing and ended with 3", str(caught.exception))
        self.pretend("exit 0\n")
        self.assertIsNone(lathe.run(["version"]))
        self.pretend("echo hello\n")
        with self.assertRaises(lathe.Error) as caught:
            lathe.run(["version"])
        self.assertIn("printed no JSON", str(caught.exception))
        os.environ["LATHE"] = self.path("nothing")
        with self.assertRaises(lathe.Error) as caught:
            lathe.run(["version"])
        self.assertIn("cannot be started", str(caught.exception))
        self.assertRaises(TypeError, lathe.run, "list model")

    def test_much_is_said_while_much_is_printed(self):
        self.pretend(
            "i=0; while [ $i -lt 3000 ]; do echo 'a line of talk that fills the pipe' >&2; i=$((i+1)); done\n"
            "printf '['; i=0; while [ $i -lt 20000 ]; do printf '1,'; i=$((i+1)); done; echo '1]'\n"
        )
        self.assertEqual(len(lathe.run(["list"])), 20001)


class Study(SavingTest):
    def search_json(self, text, *folders):
        folder = os.path.join(self.path("run"), *folders)
        os.makedirs(folder)
        with open(os.path.join(folder, "search.json"), "w") as stream:
            stream.write(text)
        return folder

    def test_the_study_of_a_run(self):
        folder = self.search_json(
            '{"lathe_search": 1, "study": "first", "storage": null}', "software", "search_ckpts"
        )
        expected = lathe.Study("sqlite:///" + os.path.join(folder, "study.db"), "first")
        for named in (self.path("run"), os.path.join(self.path("run"), "software"), folder):
            self.assertEqual(lathe.study(named), expected)

    def test_a_study_elsewhere(self):
        self.search_json('{"lathe_search": 1, "study": "s", "storage": "postgresql://host/db"}')
        self.assertEqual(
            lathe.study(self.path("run"))._asdict(),
            {"storage": "postgresql://host/db", "study_name": "s"},
        )

    def test_no_search_and_a_damaged_one(self):
        with self.assertRaises(FileNotFoundError) as caught:
            lathe.study(self.path("none"))
        self.assertIn("is not the folder of a search", str(caught.exception))
        self.search_json("{")
        self.assertRaises(ValueError, lathe.study, self.path("run"))


@unittest.skipUnless(os.environ.get("LATHE"), "LATHE names no executable")
class Command(SavingTest):
    """The command itself on a network of our own."""

    def network(self):
        net = nn.Sequential(
            nn.Flatten(), nn.Linear(16, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 5)
        ).eval()
        self.saved(net, torch.randn(2, 16))
        return net

    def test_a_saved_network_is_counted(self):
        self.network()
        report = lathe.run(
            [
                "transform",
                "--load",
                self.path(),
                "--passes",
                "flops",
                "--project-dir",
                self.path("runs"),
            ]
        )
        self.assertEqual(report["metrics"]["parameters"], 16 * 8 + 8 + 2 * 8 + 8 * 5 + 5)

    def test_a_search_is_found_by_its_folder(self):
        example = os.path.join(
            os.path.dirname(os.path.abspath(__file__)),
            "..",
            "..",
            "examples",
            "jsc_toy_by_type.toml",
        )
        runs = self.path("runs")
        lathe.run(
            [
                "search",
                "--config",
                example,
                "--model",
                "jsc-toy",
                "--dataset",
                "jsc-sim",
                "--n-trials",
                2,
                "--project-dir",
                runs,
                "--project",
                "first",
            ]
        )
        study = lathe.study(os.path.join(runs, "first"))
        self.assertTrue(os.path.exists(study.storage.replace("sqlite:///", "", 1)))
        try:
            import optuna
        except ImportError:
            self.skipTest("python3-optuna is not installed")
        self.assertEqual(len(optuna.load_study(**study._asdict()).trials), 2)

    def test_what_the_command_refuses_is_an_error_with_its_text(self):
        with self.assertRaises(lathe.Error) as caught:
            lathe.run(["transform", "no-such-model", "--passes", "flops"])
        self.assertEqual(caught.exception.code, 2)
        self.assertIn("no-such-model", str(caught.exception))
