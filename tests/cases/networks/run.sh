#!/usr/bin/env bash
# Faults that were met with networks, counting, training and quantization, as small as they get.
# Usage: [LATHE=bin/lathe] run.sh [folder to work in, which is kept]; else lathe from PATH is run, in
# a folder that goes away. Each block says what is expected, then what comes out.
here=$(cd "$(dirname "$0")" && pwd)
case ${LATHE:-} in */*) LATHE=$(realpath "$LATHE") ;; esac
lathe() { command "${LATHE:-lathe}" "$@"; }
if [ -n "${1:-}" ]; then work=$(realpath "$1"); else work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; fi
cd "$work" || exit 1
python3 "$here/make_inputs.py" tables
lathe plugin build "$here/odd_models.cpp" >/dev/null 2>&1
odd="--plugin ./odd_models.so"
data="csv<train=train.csv,validation=val129.csv,test=val129.csv>"
metric() { python3 -c "import json,sys
text = sys.stdin.read()
m = json.loads(text)['metrics'] if text else {}
print('   ', {k: m[k] for k in '$1'.split(',') if k in m} or 'no result')"; }
say() { printf '\n[%s] %s\n' "$1" "$2"; }
show() { grep -E "$1" | cut -c1-200 | sed 's/^/    /'; }

lathe train jsc-toy "$data" --max-epochs 15 --batch-size 129 --learning-rate 1e-2 --project base >/dev/null 2>&1
best=lathe_output/base/software/training_ckpts/best.safetensors
python3 "$here/make_inputs.py" weights $best

say N1 "loss of one network on one split must not depend on the batch size; best epoch must not either"
for b in 64 128 129; do lathe test jsc-toy "$data" --load $best --batch-size $b --project t --json 2>/dev/null | metric loss,accuracy; done

say N2 "a layer called twice has its weights once: 357 parameters, 336 weight elements, average 10.67 bits"
lathe transform reuse $odd --batch-size 1 --passes 'quantize<by=name,fc={name=integer,weight_width=4},fc_1={name=integer,weight_width=4},default.name=NA>,flops,average_bitwidth' --project t 2>/dev/null | show '^(parameters|total_parameters|average_bitwidth|memory_density) '

say N3 "what was widened and trained must be testable"
lathe train jsc-toy "$data" --load $best --max-epochs 1 --batch-size 129 --passes 'channel_multiplier<by=name,seq_blocks_2.width=2,weights=net2wider>' --project wide >/dev/null 2>&1
wide=lathe_output/wide/software/training_ckpts/best.safetensors
lathe test jsc-toy "$data" --load $wide --project t 2>&1 | show '^(error|accuracy )'
lathe test jsc-toy "$data" --load $wide --project t --passes 'channel_multiplier<by=name,seq_blocks_2.width=2>' 2>&1 | show '^(error|accuracy )'

say N4 "a network with a branch that nothing reads: its own checkpoint must load, and --resume go on"
lathe train dead "$data" $odd --max-epochs 1 --project dead >/dev/null 2>&1
lathe test dead "$data" $odd --load lathe_output/dead/software/training_ckpts/best.safetensors --project t 2>&1 | show '^(error|accuracy )'
lathe train dead "$data" $odd --max-epochs 2 --project dead --resume 2>&1 | show '^error'

say N5 "two whole sets of weights in a file (model., ema.): refuse, or let one choose; the shorter prefix wins instead"
lathe test jsc-toy "$data" --load two_sets.safetensors --project t 2>&1 | show '^(error|accuracy )|under the prefix'

say N6 "8 bits made 4 bits is a change"
q() { echo "quantize<by=type,default.name=NA,linear={name=integer,data_in_width=$1,weight_width=$1,bias_width=$1}>"; }
lathe transform jsc-toy --passes "$(q 8)" --project q8 >/dev/null 2>&1
lathe transform jsc-toy --load lathe_output/q8/software/transform/transformed_ckpt --passes "$(q 4),summarize_quantization" --project t 2>/dev/null | show 'changed_nodes|Linear'

say N7 "a network whose every logit is NaN needs a warning"
lathe test jsc-toy "$data" --load nan.safetensors --project t 2>&1 | show '^(warning|error|loss|accuracy ) ?'

say N8 "integers for a float parameter need a warning"
lathe test jsc-toy "$data" --load codes.safetensors --project t 2>&1 | show '^(warning|error|accuracy )'

say N9 "accumulating over more batches than an epoch has: the step must not shrink (4 batches; 4, 8 and 100)"
for a in 4 8 100; do lathe train 'mlp<hidden=[]>' 'csv<train=hundred.csv>' --max-epochs 1 --batch-size 25 --accumulate-grad-batches $a --training-optimizer sgd --lr-scheduler constant --learning-rate 0.01 --project acc$a >/dev/null 2>&1; done
lathe transform 'mlp<hidden=[]>' 'csv<train=hundred.csv>' --passes 'quantize<by=type,default.name=NA>' --project acc0 >/dev/null 2>&1
python3 -c "
import json, struct
def first(p):
    r = open(p,'rb').read(); n = struct.unpack('<Q', r[:8])[0]; h = json.loads(r[8:8+n]); k = [k for k in h if k.endswith('0.weight')][0]
    a, b = h[k]['data_offsets']; return struct.unpack('<%df' % ((b-a)//4), r[8+n+a:8+n+b])
w = {a: first(f'lathe_output/acc{a}/software/' + ('transform/transformed_ckpt/model' if a == 0 else 'training_ckpts/last') + '.safetensors') for a in (0, 4, 8, 100)}
size = lambda a: sum((x-y)**2 for x, y in zip(w[a], w[0]))**.5
print('    size of the step:', {a: round(size(a), 6) for a in (4, 8, 100)})"

say N10 "max_steps = 0 must train nothing, or say that it is no bound"
lathe train jsc-toy "$data" --max-steps 0 --max-epochs 2 --project t0 2>&1 | show '^(warning|error|max_steps|epoch )'

say N11 "calibration: the observed range is what was observed, and an operand of zeros has a row"
lathe transform jsc-toy 'csv<train=const.csv>' --passes 'quantize<by=name,seq_blocks_2.name=integer,default.name=NA,calibration=range>' --project t 2>/dev/null | show 'data_in'
echo "    (3.5 everywhere; low should be about 3.5)"
lathe transform jsc-toy 'csv<train=zeros.csv>' --passes 'quantize<by=name,seq_blocks_2.name=integer,default.name=NA,calibration=range>' --project t 2>/dev/null | show 'seq_blocks_2'

say N12 "a pattern that an earlier one shadows matches; the warning says otherwise"
lathe transform jsc-toy --passes 'quantize<by=regex_name,"seq_blocks_.*"={name=integer},"seq_blocks_2"={name=integer,weight_width=2}>' --project t 2>&1 | show '^warning'

say N13 "quantize without any entry does nothing and says nothing"
lathe transform jsc-toy --passes 'quantize,average_bitwidth' --project t 2>&1 | show '^(warning|error|average_bitwidth) '

say N14 "hints: 'bypass' twice; NA that is then refused; torch's dotted name"
lathe transform jsc-toy --passes 'quantize<by=type,linear={name=integer,width=8}>' 2>&1 | show '^error'
lathe transform jsc-toy --passes 'quantize<by=name,seq_blocks.2.name=integer>' 2>&1 | show '^error'

say N15 "batch norm without running statistics on a batch of one row: PyTorch refuses, here every answer is the same"
lathe train 'bnoptions<track=false>' "$data" $odd --max-epochs 3 --batch-size 129 --learning-rate 1e-2 --project bn >/dev/null 2>&1
for b in 1 129; do lathe test 'bnoptions<track=false>' "$data" $odd --load lathe_output/bn/software/training_ckpts/best.safetensors --batch-size $b --project t --json 2>err | metric accuracy; tail -1 err | show '^error'; done

say N16 "weights that all round to zero (3 bits, 1 behind the point, fresh jsc-toy): nothing is said, and it never learns"
lathe train jsc-toy "$data" --max-epochs 10 --batch-size 129 --learning-rate 1e-2 --passes 'quantize<by=type,default.name=NA,linear={name=integer,data_in_width=6,data_in_frac_width=2,weight_width=3,weight_frac_width=1,bias_width=4}>' --project dz 2>&1 | show '^(warning|error|epoch 10)'

say N17 "a saved graph of one network under another's name: a line on stderr only; the report names the other"
lathe test jsc-s "$data" --load lathe_output/q8/software/transform/transformed_ckpt --project t 2>&1 | show '^jsc|^error'
