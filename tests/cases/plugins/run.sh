#!/usr/bin/env bash
# Plugins that went wrong, each built as its author would and run once.
# Usage: [LATHE=bin/lathe] run.sh; else lathe from PATH. Each block says what is expected, then the
# exit code, how many bytes were printed, and the last line of stderr.
here=$(cd "$(dirname "$0")" && pwd)
case ${LATHE:-} in */*) LATHE=$(realpath "$LATHE") ;; esac
lathe() { command "${LATHE:-lathe}" "$@"; }
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

say() { printf '\n[%s] %s\n' "$1" "$2"; }
run() {
  "$@" >out 2>err
  echo "    exit code $?, $(wc -c <out) bytes out: $(tail -1 err | cat -v | cut -c1-240)"
}
build() { lathe plugin build "$here/$1.c" "${@:2}" >/dev/null 2>&1; }
count() { lathe transform jsc-tiny --passes "$1" "${@:2}" --project-dir . --project p; }

for name in run_exit run_abort run_fail_nl run_spin csr; do build $name; done
build fast -- -ffast-math

say P1 "exit(0) in run(): exit code 1, a line that names pass, file and function"
run count evil --plugin ./run_exit.so
say P2 "abort() in run(): the same"
run count evil --plugin ./run_abort.so
say P3 "a failure with a newline, an escape and a NUL: one line, with \n and \x1b written out"
run count evil --plugin ./run_fail_nl.so
say P4 "exit(0) while it is loaded: named when it is built"
run lathe plugin build "$here/ctor_exit.c"
say P5 "a pass that does not come back: SIGTERM ends it within some seconds, exit code 143, named"
command "${LATHE:-lathe}" transform jsc-tiny --passes evil --plugin ./run_spin.so --project-dir . >out 2>err &
sleep 2; kill -TERM $!; wait $!
echo "    exit code $?: $(tail -1 err | cut -c1-240)"
say P6 "subnormal weights score alike beside a plugin built with -ffast-math, and n = 0 (no flushing to zero)"
data="jsc-tiny jsc-sim --load $here/subnormal_weights.pt --plugin ./csr.so --plugin ./fast.so --project-dir . --project t"
for passes in csr fast,csr; do
  lathe test $data --passes $passes --json 2>err | python3 -c "
import json, sys
r = json.load(sys.stdin)
print('    $passes: loss', r['metrics']['loss'], 'accuracy', r['metrics']['accuracy'], 'n', r['passes'][-1]['scalars']['n'])"
done
