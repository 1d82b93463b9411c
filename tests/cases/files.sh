#!/usr/bin/env bash
# Checkpoints, tables and arrays as people have them, and commands that met them badly.
# Usage: [LATHE=bin/lathe] files.sh; else lathe from PATH. Each line says what is expected, then the
# exit code, how many bytes were printed, the loss and accuracy, and the last line of stderr.
# base.pt scores 0.6399 / loss 0.90282.
here=$(cd "$(dirname "$0")" && pwd)
case ${LATHE:-} in */*) LATHE=$(realpath "$LATHE") ;; esac
lathe() { command "${LATHE:-lathe}" "$@"; }
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$here/files" || exit 1

run() {
  printf '\n[%s] %s\n' "$1" "$2"; shift 2
  "$@" >"$work/out" 2>"$work/err"
  echo "    exit code $?, $(wc -c <"$work/out") bytes out: $(grep -hE '^(accuracy|loss) ' "$work/out" | tr -s ' ' | tr '\n' ' ')| $(tail -1 "$work/err" | cat -v | cut -c1-260)"
}
test_of() { lathe test jsc-tiny jsc-sim --project-dir "$work" --load "$@"; }
best=$work/d/software/training_ckpts/best.safetensors
lathe train mlp 'csv<train=tr.csv>' --max-epochs 60 --learning-rate 1e-2 --project-dir "$work" --project d >/dev/null 2>&1

run base "0.6399, 0.90282" test_of base.pt
run F1 "two sets of weights: an error that lists them" test_of model_and_ema.pt
run F1 "the one that is chosen: as base" test_of model_and_ema.pt --load-prefix model
run F2 "a negative bit: as base" test_of neg_bit.pt
run F3 "a class in a folder 'code' is no attack: as base" test_of config_in_folder_code.pt
run F3 "commands.Popen is one: refused" lathe export atk_popen.pt
run F4 "a list of tensors has names" lathe export list_of_tensors.pt "$work/x.pt"
run F5 "CRC 0 (compute_crc32=False): as base" test_of nocrc.pt
run F6 "bytes behind the zip: as base" test_of zip_trailing_newline.pt
run F7 "Python 2's INT in protocol 2: as base" test_of python2_large_int.pt
run F8 "a complex tensor that nothing needs: as base, a warning" test_of extra_complex.pt
run F8 "a U16 tensor that nothing needs: as base, a warning" test_of extra_U16.safetensors
run F9 "a subclass of OrderedDict: as base" test_of ordereddict_subclass.pt
run F10 "NaN weights: a warning that names the first node" test_of nan_weights.pt
run F11 "classes by name (trained on a, b, c; tested on b, c, d): d is not known" lathe test mlp 'csv<test=te_bcd.csv>' --load "$best" --project-dir "$work"
run F12 "one-hot rows without a one: refused with the row" lathe test jsc-tiny 'jsc<test=badonehot.csv>' --load base.pt --project-dir "$work"
run F13 "an index column among the features (pure noise otherwise): a warning" lathe train mlp 'csv<train=leak_tr.csv,test=leak_te.csv,standardize=train>' --max-epochs 2 --project-dir "$work" --project l
grep -h '^warning' "$work/err" | cut -c1-240 | sed 's/^/    /'
run F14 "stderr on a full disk: the result" bash -c "'${LATHE:-lathe}' transform jsc-tiny --passes flops 2>/dev/full"
run F14 "stderr closed: the result" bash -c "'${LATHE:-lathe}' --version 2>&-"
run F15 "--dry-run refuses or warns as the run does" lathe transform jsc-tiny jsc-sim --passes 'quantize<by=name,nosuch.name=integer>' --dry-run
run F16 "--load '' is refused" lathe train jsc-tiny jsc-sim --load '' --max-epochs 1 --project-dir "$work" --project ee
run F17 "a NUL in a cell: the whole sentence" lathe train mlp 'csv<train=nul_bytes.csv>' --project-dir "$work"
run F17 "a newline in a cell: the last line is the error" lathe train mlp 'csv<train=nl.csv>' --project-dir "$work"
run F18 "<u1 is read" lathe train mlp 'npy<train=[cnpy_u1_x.npy,y.npy]>' --max-epochs 1 --project-dir "$work" --project u1
run F19 "a missing filter is called that" lathe train jsc-tiny 'jsc<file=lzf.h5>' --project-dir "$work"
run F19 "the data sets that are there are listed" lathe train jsc-tiny 'jsc<file=no_class_set.h5>' --project-dir "$work"
run F20 "a config by pipe" bash -c "'${LATHE:-lathe}' transform --config <(printf 'model=\"jsc-tiny\"\n[passes.flops]\n')"
run arrays "Fortran order is read" lathe train mlp 'npy<train=[fortran_x.npy,y.npy]>' --max-epochs 1 --project-dir "$work" --project fo
run arrays "MedMNIST's names are found" lathe train mlp 'npy<file=npz_medmnist.npz>' --max-epochs 1 --project-dir "$work" --project me
run pointer "a pointer of Git LFS is called that" test_of refuse_lfs_pointer.pt
run metadata "metadata that are null: as base" test_of metadata_null.safetensors
