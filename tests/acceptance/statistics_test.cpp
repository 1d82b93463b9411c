// profile_statistics on a network that learned the real letters, held against NumPy: every weight
// from the checkpoint, and the input from the table of letters.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

// MASE's words as its lab files have them, every statistic and every form of dims.
std::string lab_file(const std::string& data) {
  std::string text = "model = 'jsc-toy'\ndataset = '" + data +
                     "'\n[passes.profile_statistics]\nby = 'type'\n"
                     "target_weight_nodes = ['linear', 'batch_norm1d']\n"
                     "target_activation_nodes = ['relu', 'linear']\n";
  for (const std::string table : {"weight_statistics", "activation_statistics"}) {
    const std::string at = "[passes.profile_statistics." + table + ".";
    text += at + "variance_online]\ndevice = 'cpu'\ndims = 'all'\n";
    text += at + "variance_precise]\ndevice = 'cpu'\ndims = 'all'\n";
    text += at + "range_n_sigma]\ndevice = 'cpu'\nnum_sigma = 3\n";
    text += at + "range_min_max]\ndevice = 'cpu'\ndims = 'all'\n";
    text += at + "range_quantile]\ndevice = 'cpu'\ndims = 'all'\nquantile = 0.97\n";
    text += at + "abs_mean]\ndevice = 'cpu'\ndims = 'all'\n";
    text += at + "record]\ndevice = 'cpu'\n";
  }
  return text;
}

// Reads a report and, for each of its rows but records, computes the same of the recorded values:
// those of weights are those of the checkpoint, those of the input the columns of the table.
constexpr const char* kCheck = R"(import csv, json, sys
import numpy as np

report = json.load(open(sys.argv[1]))['passes'][0]
folder, exported, table = sys.argv[2:5]

def close(found, expected, what):
    assert abs(found - expected) <= 1e-6 * abs(expected) + 1e-9, (what, found, expected)

def tensors(path):
    raw = open(path, 'rb').read()
    size = int.from_bytes(raw[:8], 'little')
    header = json.loads(raw[8:8 + size])
    for name, entry in header.items():
        if name == '__metadata__' or entry['dtype'] != 'F32': continue
        a, b = entry['data_offsets']
        yield name, np.frombuffer(raw[8 + size + a:8 + size + b], '<f4').reshape(entry['shape'])

weights = {n.replace('.', '_', n.count('.') - 1): x for n, x in tensors(exported)}
rows = np.array([[float(c) for c in r[:-1]] for r in list(csv.reader(open(table)))[1:]], np.float32)

checked, kinds = 0, set()
for name in ('weights', 'activations'):
    for row in report['tables'][name]:
        place = row['node'] + '.' + row['operand']
        recorded = np.load(folder + '/record/' + place + '.npy')
        if name == 'weights':
            assert np.array_equal(recorded, weights[place]), place
        if row['node'] == 'x':
            assert np.array_equal(recorded, rows), place
        x = recorded.astype(np.float64).ravel()
        kind = row['statistic']
        kinds.add(kind)
        if kind == 'record':
            assert row['count'] == (1 if name == 'weights' else len(rows))
            continue
        assert row['count'] == x.size, (place, kind)
        if kind.startswith('variance'):
            close(row['mean'], x.mean(), (place, kind))
            close(row['variance'], x.var(ddof=1 if kind == 'variance_precise' else 0), (place, kind))
        elif kind == 'range_n_sigma':
            close(row['min'], x.mean() - 3 * x.std(), (place, kind))
            close(row['max'], x.mean() + 3 * x.std(), (place, kind))
        elif kind == 'range_min_max':
            assert (row['min'], row['max']) == (x.min(), x.max()), (place, kind)
        elif kind == 'range_quantile':
            close(row['min'], np.quantile(x, 1 - 0.97), (place, kind))
            close(row['max'], np.quantile(x, 0.97), (place, kind))
        else:
            close(row['abs_mean'], np.abs(x).mean(), (place, kind))
        checked += 1
assert len(kinds) == 7, kinds
print(checked)
)";

}  // namespace

BOOST_AUTO_TEST_SUITE(statistics)

BOOST_AUTO_TEST_CASE(a_lab_file_s_statistics_of_the_letters_network_are_numpy_s) {
  const std::string data = letters();
  if (std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0) {
    skip("python3-numpy is not installed");
  }
  TemporaryFolder folder;
  succeed({"train", "jsc-toy", data, "--training-optimizer", "adam", "--learning-rate", "1e-2",
           "--batch-size", "64", "--max-epochs", "2", "--project-dir", ".", "--project", "trained"},
          folder.path());
  const std::string trained = "trained/software/training_ckpts/best.safetensors";
  write_file(folder.path() / "lab.toml", lab_file(data));
  const Outcome run = succeed({"transform", "--config", "lab.toml", "--load", trained,
                               "--project-dir", ".", "--project", "lab", "--json"},
                              folder.path());
  write_file(folder.path() / "report.json", run.out);
  write_file(folder.path() / "check.py", kCheck);
  succeed({"export", trained, "weights.safetensors"}, folder.path());
  const std::string command =
      "cd '" + folder.path().string() +
      "' && /usr/bin/python3 check.py report.json lab/software/transform/profile_statistics "
      "weights.safetensors '" +
      (data_dir() / "tabular/letterAE_train.csv").string() + "' > checked.txt";
  BOOST_TEST_REQUIRE(std::system(command.c_str()) == 0);
  BOOST_TEST(std::stoi(read_file(folder.path() / "checked.txt")) > 100);
}

BOOST_AUTO_TEST_SUITE_END()
