#!/usr/bin/env bash
# The ways to say nothing, and what commands do then. Usage: [LATHE=bin/lathe] run.sh; else lathe
# from PATH. A row for each way, a column for each command: the exit code; expected is 0, or 1 with
# a sentence where the result cannot be delivered; 134 or 139 anywhere is a fault.
here=$(cd "$(dirname "$0")" && pwd)
case ${LATHE:-} in */*) LATHE=$(realpath "$LATHE") ;; esac
export L=${LATHE:-lathe}
work=$(mktemp -d) && trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
cp "$here/search.toml" "$work/"
export CONFIG=$work/search.toml
names=(--version 'plugin list' transform train search)
declare -A line=(
  [--version]='$L --version' ['plugin list']='$L plugin list'
  [transform]='$L transform jsc-tiny --passes flops'
  [train]='$L train jsc-tiny jsc-sim --max-epochs 1 --overwrite --project t'
  [search]='$L search --config $CONFIG --overwrite --project s')

# row NAME SUFFIX [PREFIX]: each command line with the suffix, in a shell of its own.
row() {
  printf '%-28s' "$1"
  for name in "${names[@]}"; do
    mkdir -p "$work/here" && cd "$work/here" || exit 1
    bash -c "${3:-} ${line[$name]} $2" >/dev/null 2>"$work/err"
    printf '%13s' "$?"
    cd "$work" && rm -rf here
  done
  echo
}
# A user who may not write everywhere, if this one may.
plain() { [ "$(id -u)" = 0 ] && echo 'setpriv --reuid=65534 --regid=65534 --clear-groups' || true; }

printf '%-28s' 'exit codes'; printf '%13s' "${names[@]}"; echo
row 'as it is' ''
row '<&-' '<&-'
row '2>&-' '2>&-'
row '>&-' '>&-'
row '<&- >&- 2>&-' '<&- >&- 2>&-'
row '2>/dev/full' '2>/dev/full'
row '>/dev/full' '>/dev/full'
row '>/dev/full 2>/dev/full' '>/dev/full 2>/dev/full'
row 'a pipe that closes' '> >(exec true)' 'exec'
row 'a pipe of stderr that closes' '2> >(exec true)' 'exec'
row 'a terminal of 20 columns' "' -" "script -qec 'stty columns 20 rows 9; "
row 'TERM unset' '' 'unset TERM;'
row 'HOME unset' '' 'unset HOME;'
row 'read-only current folder' '' "chmod 555 .; exec $(plain)"
row 'current folder removed' '' 'rmdir ../here;'
row 'few threads (ulimit -u 20)' '' "chmod 777 .; ulimit -u 20; exec $(plain)"
row 'few files (ulimit -n 12)' '' 'ulimit -n 12;'

mkdir -p "$work/here" && cd "$work/here" || exit 1
printf '\nfiles that transform --passes flops makes: '
if command -v strace >/dev/null; then
  strace -f -o "$work/calls" "$L" transform jsc-tiny --passes flops >/dev/null 2>&1
  grep -cE 'O_CREAT|mkdir\(|mkdirat\(|creat\(' "$work/calls"
else
  find . -mindepth 1 | wc -l
fi
