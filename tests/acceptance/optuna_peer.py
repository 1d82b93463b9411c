# Optuna on the space of optuna_test.cpp: begins a study or goes on with one, and prints what it holds.
#
#   optuna_peer.py URL NAME TRIALS     begins the study if it is not there, adds TRIALS, prints all as JSON
import json
import logging
import sys

import optuna
import sqlalchemy

# A test needs no file that survives a power cut.
if sys.argv[1].startswith("sqlite:"):
    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "connect",
                            lambda file, _: file.execute("pragma synchronous = off"))
optuna.logging.set_verbosity(logging.ERROR)


def objective(trial):
    for layer in ("seq_blocks_2", "seq_blocks_5", "seq_blocks_8"):
        if trial.suggest_categorical(f"{layer}/config/name", ["integer", None]):
            trial.suggest_int(f"{layer}/config/data_in_width", 2, 12)
            trial.suggest_int(f"{layer}/config/weight_width", 2, 12, step=2)
    rate = trial.suggest_float("training/learning_rate", 1e-4, 0.3, log=True)
    if trial.suggest_categorical("training/training_optimizer", ["adamw", "sgd"]) == "adamw":
        trial.suggest_float("training/weight_decay", 0.0, 0.3, step=0.1)
    return 10 * rate, float(len(trial.params))


def main(url, name, trials):
    study = optuna.create_study(storage=url, study_name=name, directions=["maximize", "minimize"],
                                load_if_exists=True, sampler=optuna.samplers.TPESampler(seed=3))
    study.optimize(objective, n_trials=int(trials))
    every = [{"number": t.number, "state": t.state.name, "values": t.values, "params": t.params} for t in study.trials]
    print(json.dumps({"trials": every, "best": sorted(t.number for t in study.best_trials)}))


main(*sys.argv[1:])
