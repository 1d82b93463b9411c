#!/usr/bin/env bash
# Searches that went wrong: samplers, studies, spaces, terminals.
# Usage: [LATHE=bin/lathe] run.sh; else lathe from PATH. Each block says what is expected, then what
# comes out. Needs python3-optuna and tmux for the blocks that name them.
here=$(cd "$(dirname "$0")" && pwd)
case ${LATHE:-} in */*) LATHE=$(realpath "$LATHE") ;; esac
lathe=$(command -v "${LATHE:-lathe}")
python=/usr/bin/python3  # Debian's, which python3-optuna is installed for
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

say() { printf '\n[%s] %s\n' "$1" "$2"; }
show() { grep -E "$1" | cut -c1-200 | sed 's/^/    /'; }
search() { "$lathe" search --config "$here/$1.toml" --project "${@:2}"; }
results() { echo "lathe_output/$1/software/search_ckpts"; }
sql() { $python -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1])
for row in c.execute(sys.argv[2]): print("   ", *row)
c.commit()' "$@"; }
optuna() { $python -W ignore -c "
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.load_study(study_name='$1', storage='sqlite:///$(results "$1")/study.db')
$2"; }

say S1 "brute over 16 points, 8 trials, then a person enqueues 4 repeats (optuna), then the rest: 20 trials, 16 points"
brute="--model jsc-tiny --set search.strategy.setup.sampler=brute"
search base be $brute --n-trials 8 >/dev/null 2>&1
optuna be "for i in range(4): study.enqueue_trial({'seq_blocks_2/config/weight_width': 2, 'seq_blocks_2/config/data_in_width': 2})"
search base be $brute --n-trials 1000 2>/dev/null | show '^[0-9]+ trials'
$python "$here/points.py" lathe_output/be

say S2 "a finished study of 20,000 trials and a time budget shorter than its replay: both files as before"
search base br --n-trials 20000 >/dev/null 2>&1
wc -c "$(results br)"/{log,best}.json | head -2 | sed 's/^/    /'
search base br --n-trials 20000 --time-budget 0.05 2>/dev/null | show '^[0-9]+ trials'
wc -c "$(results br)"/{log,best}.json | head -2 | sed 's/^/    /'

say S3 "a study whose trial 2 holds the choice 1e18 of 4: an error that names the trial, exit code 2, nothing changed"
metrics='search.strategy.metrics={average_bitwidth={scale=1.0,direction="minimize"}}'
search base oor --set "$metrics" >/dev/null 2>&1
sql "$(results oor)/study.db" "update trial_params set param_value = 1e18 where param_name like '%weight_width' and trial_id = 3"
search base oor --n-trials 40 --set "$metrics" >/dev/null 2>err
echo "    exit code $?"; tail -1 err | show .

say S4 "a person enqueues a trial (optuna) while the search runs: taken up, or left waiting; nothing is lost"
search slow eq --n-trials 20000 >/dev/null 2>err & pid=$!
sleep 1
optuna eq "study.enqueue_trial({'module_list_0/config/weight_width': 8})"
wait $pid; echo "    exit code $?"
sql "$(results eq)/study.db" "select state, count(*), max(number) from trials group by 1"

say S5 "10 searches of different studies in one file: all end with 0"
for k in $(seq 10); do
  ( search base "w$k" --storage sqlite:///race.db --study "X$k" --n-trials 2000 >/dev/null 2>&1; echo $? >"rc$k" ) &
done
wait
echo "    exit codes $(cat rc* | sort | uniq -c | xargs)"

say S6 "progress on 40 columns: one line, redrawn (tmux)"
tmux -L lathe new-session -d -x 40 -y 40 -s w "bash --norc"
tmux -L lathe send-keys -t w "cd $PWD; clear; $lathe search --config $here/base.toml --project nt --n-trials 60000 >/dev/null" Enter
sleep 3; tmux -L lathe capture-pane -p -t w | show '^trials'; tmux -L lathe kill-session -t w

say S7 "a user with few threads left: an error that says so, or fewer workers; never exit code 134"
mkdir -m 777 nobody && chmod 755 .
cp "$here/base.toml" nobody/
(cd nobody && setpriv --reuid=65534 --clear-groups bash -c "ulimit -u 20; HOME=$PWD $lathe search --config base.toml --project th --jobs 64 --n-trials 50") >out 2>err
echo "    exit code $?"; { grep -E '^[0-9]+ trials' out; tail -1 err; } | show .

say S8 "a choice that is listed twice: an error at its place"
search dup_choices du 2>&1 >/dev/null | tail -1 | show .

say S9 "trials that diverge fail; the reason is said"
search nan_lr nl >out 2>err; echo "    exit code $?"; show '^[0-9]+ trials' <out; grep -v '^trials' err | tail -2 | show .

say S10 "a pruner beside two objectives"
search prune_mo pm >out 2>err; echo "    exit code $?"; show '^[0-9]+ trials' <out

say S11 "a sum that is no number: the trial fails, none of them is the best"
search sum_inf si >out 2>err; echo "    exit code $?"; show '^[0-9]+ trials' <out; tail -1 err | show .

say S12 "4^100 points"
search huge hu >out 2>err; echo "    exit code $?"; show '^[0-9]+ trials' <out

say S13 "every trial on the front: CPU seconds of the loop with tpe and with random"
for n in 1000 5000; do
  for sampler in tpe random; do
    search front_growth "fg$n$sampler" --n-trials $n --set search.strategy.setup.sampler=$sampler --json 2>/dev/null |
      $python -c "import json, sys; print('    $n $sampler', round(json.load(sys.stdin)['provenance']['loop_cpu_seconds'], 2))"
  done
done
