"""The search of bench/README.md with Debian's torch and optuna.

    peer_search.py DATA_FOLDER CHECKPOINT TRIALS STORAGE_URL|memory
Prints one JSON object: trials, those of them at an earlier one's point, CPU seconds of the loop and of
the process, best accuracy.
"""
import copy
import json
import sys
import time

import optuna
import torch

from jsc_toy import LinearInteger, jsc_toy, load_csv, load_safetensors


def main():
    folder, checkpoint, trials, storage = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    samples, labels = (t[:512] for t in load_csv(f"{folder}/validation.csv"))
    original = jsc_toy()
    original.load_state_dict(load_safetensors(checkpoint))
    linears = [i for i, layer in enumerate(original) if isinstance(layer, torch.nn.Linear)]

    def objective(trial):
        model = copy.deepcopy(original).eval()
        bits = weights = 0
        for i in linears:
            widths = (trial.suggest_categorical(f"seq_blocks_{i}/config/data_in_width", [4, 8]),
                      trial.suggest_categorical(f"seq_blocks_{i}/config/weight_width", [2, 4, 8]),
                      trial.suggest_categorical(f"seq_blocks_{i}/config/bias_width", [2, 4, 8]))
            model[i] = LinearInteger(model[i], widths)
            bits += widths[1] * model[i].weight.numel()
            weights += model[i].weight.numel()
        with torch.inference_mode():
            logits = model(samples)
            torch.nn.functional.cross_entropy(logits, labels).item()
            accuracy = (logits.argmax(1) == labels).float().mean().item()
        return accuracy, 0.2 * bits / weights

    study = optuna.create_study(directions=["maximize", "minimize"],
                                sampler=optuna.samplers.TPESampler(seed=0),
                                storage=None if storage == "memory" else storage)
    begin = time.process_time()
    study.optimize(objective, n_trials=trials)
    loop = time.process_time() - begin
    points = {tuple(sorted(t.params.items())) for t in study.trials}
    print(json.dumps({"trials": trials, "repeats": trials - len(points), "loop_cpu_seconds": loop,
                      "process_cpu_seconds": time.process_time(),
                      "best_accuracy": max(t.values[0] for t in study.trials)}))


main()
