"""Trials of a project folder, and how many different points and networks they are."""
import collections
import json
import sys

with open(sys.argv[1] + "/software/search_ckpts/log.json") as file:
    trials = list(json.load(file).values())


def layers(trial):
    sampled = trial["user_attrs_sampled_config"] or {}
    return {name: of["config"] for name, of in sampled.items() if name.startswith("seq")}


def network(trial):
    return {name: config for name, config in layers(trial).items() if config.get("name")}


def different(key):
    return len({json.dumps(key(trial), sort_keys=True) for trial in trials})


states = dict(collections.Counter(trial["state"] for trial in trials))
print(f"    {len(trials)} trials, {different(layers)} points, {different(network)} networks, {states}")
