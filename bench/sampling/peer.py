"""The cells of bench/search with Debian's python3-optuna, in memory.

    peer.py tpe|tpe_multivariate OBJECTIVES random|front PARAMETERS TRIALS SECONDS
Prints one CSV line as bench/sampling/measure.cpp does: CPU microseconds of ask, suggestions and tell,
the median of up to five trials or of as many as SECONDS allow; nothing if one does not end within.
"""
import random
import signal
import sys
import time

import optuna


def main():
    sampler, objectives, values, parameters, trials, seconds = sys.argv[1:]
    objectives, parameters, trials, seconds = int(objectives), int(parameters), int(trials), int(seconds)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    choices = [list(range(3 + p % 4)) for p in range(parameters)]
    distributions = {f"p{p}": optuna.distributions.CategoricalDistribution(c) for p, c in enumerate(choices)}
    numbers = random.Random(0)

    def outcome():
        x = numbers.random()
        return [x if i == 0 else 1 - x if values == "front" else numbers.random() for i in range(objectives)]

    study = optuna.create_study(
        directions=["minimize"] * objectives,
        sampler=optuna.samplers.TPESampler(seed=0, multivariate=sampler == "tpe_multivariate"))
    study.add_trials([optuna.trial.create_trial(
        params={name: numbers.choice(d.choices) for name, d in distributions.items()},
        distributions=distributions, values=outcome()) for _ in range(trials)])
    # However the trial that does not end hangs, this ends it.
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    signal.signal(signal.SIGVTALRM, lambda *_: sys.exit(0))
    spent = []
    while len(spent) < 5 and sum(spent) < seconds / 3:
        before = time.process_time()
        trial = study.ask()
        for name, choice in zip(distributions, choices):
            trial.suggest_categorical(name, choice)
        study.tell(trial, outcome())
        spent.append(time.process_time() - before)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    spent.sort()
    print(f"{sampler},{objectives}{' front' if values == 'front' else ''},{parameters},{trials},"
          f"{1e6 * spent[len(spent) // 2]:.0f}")


main()
