// Regression, several inputs, masks and streams, trained through the executable and held against
// the same networks in double precision, whose gradients are central differences; and against
// PyTorch. Skipped, visibly, without python3-torch (scripts/install-dependencies --peers).
#include "tests/cli/fields_training.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>
#include <sstream>

using namespace lathe;
using namespace lathe_test;
using nlohmann::json;

namespace {

using Loss = std::function<double(const Parameters&)>;
using Row = std::vector<double>;

// W x + b
Row linear(const Parameters& p, const std::string& name, const Row& x) {
  Row y = p.at(name + ".bias");
  const Row& w = p.at(name + ".weight");
  for (std::size_t i = 0; i < y.size(); ++i)
    for (std::size_t k = 0; k < x.size(); ++k) y[i] += w[i * x.size() + k] * x[k];
  return y;
}
Row each(Row x, double (*f)(double)) {
  for (double& value : x) value = f(value);
  return x;
}
double relu(double x) { return x > 0 ? x : 0; }

double cross_entropy(const Row& logits, std::int64_t label) {
  double sum = 0;
  for (const double x : logits) sum += std::exp(x);
  return std::log(sum) - logits[static_cast<std::size_t>(label)];
}

template <typename T>
Row row_of(const RowTensors& rows, std::size_t field, std::size_t row) {
  const auto all = rows.fields[field].values<T>();
  const std::size_t width = all.size() / static_cast<std::size_t>(rows.rows());
  return {all.begin() + static_cast<std::ptrdiff_t>(row * width),
          all.begin() + static_cast<std::ptrdiff_t>((row + 1) * width)};
}

// The mean of a row's loss over all rows.
Loss mean_loss(const RowTensors& rows,
               const std::function<double(const Parameters&, std::size_t row)>& of_row) {
  const auto count = static_cast<std::size_t>(rows.rows());
  return [count, of_row](const Parameters& p) {
    double sum = 0;
    for (std::size_t row = 0; row < count; ++row) sum += of_row(p, row);
    return sum / static_cast<double>(count);
  };
}

// The losses before each step of gradient descent with Nesterov's momentum (PyTorch's SGD).
std::vector<double> descend(Parameters& p, const Loss& loss) {
  constexpr double kStep = 1e-5;
  std::vector<double> losses;
  Parameters momentum;
  for (int epoch = 0; epoch < FieldsTraining::kEpochs; ++epoch) {
    losses.push_back(loss(p));
    Parameters gradients = p;
    for (auto& [name, values] : p)
      for (std::size_t i = 0; i < values.size(); ++i) {
        const double here = values[i];
        values[i] = here + kStep;
        const double above = loss(p);
        values[i] = here - kStep;
        gradients[name][i] = (above - loss(p)) / (2 * kStep);
        values[i] = here;
      }
    for (auto& [name, values] : p) {
      momentum[name].resize(values.size());
      for (std::size_t i = 0; i < values.size(); ++i) {
        double& m = momentum[name][i];
        m = FieldsTraining::kMomentum * m + gradients[name][i];
        values[i] -=
            FieldsTraining::kLearningRate * (gradients[name][i] + FieldsTraining::kMomentum * m);
      }
    }
  }
  return losses;
}

void compare(const FieldsTraining& run, const Loss& loss) {
  Parameters expected = run.initial();
  const std::vector<double> losses = descend(expected, loss), found = run.train_losses();
  BOOST_REQUIRE(found.size() == losses.size());
  for (std::size_t i = 0; i < losses.size(); ++i)
    BOOST_TEST(std::fabs(found[i] - losses[i]) < 1e-5, found[i] << " is not " << losses[i]);
  BOOST_TEST(losses.back() < losses.front());
  const Parameters trained = run.trained();
  double most = 0;
  for (const auto& [name, values] : expected)
    for (std::size_t i = 0; i < values.size(); ++i)
      most = std::max(most, std::fabs(values[i] - trained.at(name)[i]));
  BOOST_TEST(most < 1e-5);
  BOOST_TEST_MESSAGE("losses " << losses.front() << " to " << losses.back()
                               << ", largest difference of a weight " << most);
}

const Network kTokens{"example.tokens_model<vocabulary=12,width=3>",
                      "example.tokens<rows=48,length=5,vocabulary=12>",
                      {{"embedding.weight", {12, 3}}, {"head.weight", {2, 3}}, {"head.bias", {2}}},
                      {"tokens"}};
const Network kTwoInputs{
    "example.two_inputs_model",
    "example.two_inputs<rows=64>",
    {{"hidden.weight", {8, 5}}, {"hidden.bias", {8}}, {"head.weight", {2, 8}}, {"head.bias", {2}}},
    {"two_inputs"}};
Network on_table(const std::string& dataset, std::int64_t outputs,
                 std::vector<std::string> plugins = {}) {
  return {"mlp<hidden=[4],activation=tanh>",
          dataset,
          {{"layers.0.weight", {4, 2}},
           {"layers.0.bias", {4}},
           {"layers.2.weight", {outputs, 4}},
           {"layers.2.bias", {outputs}}},
          std::move(plugins)};
}
Row mlp(const Parameters& p, const Row& x) {
  return linear(p, "layers.2", each(linear(p, "layers.0", x), std::tanh));
}

std::string price(double x, double y) {
  std::ostringstream text;
  text << 2 * x - y * y;
  return text.str();
}
std::string side(double x, double y) { return x > y ? "1" : "0"; }

// A file of rows, which the data set is to name.
struct Table {
  TemporaryFolder folder;
  std::string path;
  explicit Table(const std::string& text) : path((folder.path() / "rows.csv").string()) {
    write_file(path, text);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(fields_training)

BOOST_AUTO_TEST_CASE(a_number_is_learnt_from_a_table) {
  const Table table(table_of(40, price));
  FieldsTraining run(
      on_table("csv<train=" + table.path + ",validation=" + table.path + ",target=float>", 1));
  run.train();
  const auto data = run.data();
  const RowTensors& rows = data->all(Split::train);
  const Loss loss = mean_loss(rows, [&](const Parameters& p, std::size_t row) {
    const double error = mlp(p, row_of<float>(rows, 0, row))[0] - row_of<float>(rows, 1, row)[0];
    return error * error;
  });
  compare(run, loss);
  // The validation rows are the same ones, after the step.
  BOOST_TEST(std::fabs(run.column("validation_loss").back() - loss(run.trained())) < 1e-5);
}

BOOST_AUTO_TEST_CASE(tests_of_a_regression_write_targets_and_outputs) {
  const Table table(table_of(6, price));
  FieldsTraining run(
      on_table("csv<train=" + table.path + ",test=" + table.path + ",target=float>", 1));
  const json report =
      good({"test", "mlp<hidden=[4],activation=tanh>", "csv<test=" + table.path + ",target=float>",
            "--load", run.weights().string(), "--project-dir", ".", "--project", "t", "--json"},
           run.folder())
          .json();
  const auto data = run.data();
  const RowTensors& rows = data->all(Split::test);
  const Parameters p = run.initial();
  std::istringstream lines(
      read_file(run.folder() / "t" / "software" / "checkpoints" / "predictions.csv"));
  std::string line;
  std::getline(lines, line);
  BOOST_TEST(line == "row,target_0,output_0");
  double squares = 0;
  for (std::size_t row = 0; row < 6; ++row) {
    std::getline(lines, line);
    std::istringstream cells(line);
    char comma = 0;
    std::size_t number = 0;
    double target = 0, output = 0;
    cells >> number >> comma >> target >> comma >> output;
    BOOST_TEST(number == row);
    BOOST_TEST(static_cast<float>(target) == rows.fields[1].values<float>()[row]);
    BOOST_TEST(std::fabs(output - mlp(p, row_of<float>(rows, 0, row))[0]) < 1e-5);
    squares += (output - target) * (output - target);
  }
  BOOST_TEST(!std::getline(lines, line));
  BOOST_TEST(std::fabs(report.at("metrics").at("loss").get<double>() - squares / 6) < 1e-5);
  BOOST_TEST(!report.contains("tables"));
}

BOOST_AUTO_TEST_CASE(tokens_are_learnt_where_their_mask_counts_them) {
  FieldsTraining run(kTokens);
  run.train();
  const auto data = run.data();
  const RowTensors& rows = data->all(Split::train);
  BOOST_TEST(data->synthetic());
  compare(run, mean_loss(rows, [&](const Parameters& p, std::size_t row) {
            const Row tokens = row_of<std::int64_t>(rows, 0, row);
            const Row mask = row_of<float>(rows, 1, row);
            Row mean(3);
            for (std::size_t k = 0; k < tokens.size(); ++k)
              for (std::size_t i = 0; i < 3; ++i)
                mean[i] += mask[k] *
                           p.at("embedding.weight")[3 * static_cast<std::size_t>(tokens[k]) + i] /
                           static_cast<double>(tokens.size());
            return cross_entropy(linear(p, "head", mean),
                                 rows.fields[2].values<std::int64_t>()[row]);
          }));
}

// Rows as the plugin says they are, from its own words.
BOOST_AUTO_TEST_CASE(sentences_are_odd_in_length_padded_and_labelled_by_their_majority) {
  const FieldsTraining run(kTokens);
  const auto data = run.data();
  BOOST_TEST(data->count(Split::validation) == 12U);
  const RowTensors& rows = data->all(Split::train);
  std::set<int> lengths;
  for (std::size_t row = 0; row < 48; ++row) {
    const Row tokens = row_of<std::int64_t>(rows, 0, row), mask = row_of<float>(rows, 1, row);
    int words = 0, odd = 0;
    for (std::size_t k = 0; k < 5; ++k) {
      BOOST_TEST(
          (mask[k] == 1 ? tokens[k] >= 1 && tokens[k] < 12 : mask[k] == 0 && tokens[k] == 0));
      BOOST_TEST((k == 0 || mask[k] <= mask[k - 1]));
      words += static_cast<int>(mask[k]);
      odd += std::fmod(tokens[k], 2) == 1 ? 1 : 0;
    }
    lengths.insert(words);
    BOOST_TEST(rows.fields[2].values<std::int64_t>()[row] == (2 * odd > words ? 1 : 0));
  }
  BOOST_TEST((lengths == std::set<int>{1, 3, 5}));
}

BOOST_AUTO_TEST_CASE(two_inputs_are_learnt_together) {
  FieldsTraining run(kTwoInputs);
  run.train();
  const auto data = run.data();
  const RowTensors& rows = data->all(Split::train);
  compare(run, mean_loss(rows, [&](const Parameters& p, std::size_t row) {
            Row x = row_of<float>(rows, 0, row);
            const Row right = row_of<float>(rows, 1, row);
            x.insert(x.end(), right.begin(), right.end());
            return cross_entropy(linear(p, "head", each(linear(p, "hidden", x), relu)),
                                 rows.fields[2].values<std::int64_t>()[row]);
          }));
}

BOOST_AUTO_TEST_CASE(a_stream_is_learnt_as_the_table_of_its_lines) {
  const Table table(table_of(50, side));
  FieldsTraining run(
      on_table("example.stream<train=" + table.path + ",features=2,classes=2>", 2, {"stream"}));
  run.train();
  const auto data = run.data();
  BOOST_TEST(data->count(Split::train) == 50U);
  BOOST_TEST(data->count(Split::test) == 0U);
  const RowTensors& rows = data->all(Split::train);
  compare(run, mean_loss(rows, [&](const Parameters& p, std::size_t row) {
            return cross_entropy(mlp(p, row_of<float>(rows, 0, row)),
                                 rows.fields[1].values<std::int64_t>()[row]);
          }));
}

BOOST_AUTO_TEST_CASE(a_bad_line_of_a_stream_is_named) {
  const FieldsTraining run(on_table("example.stream<train=x,features=2,classes=2>", 2, {"stream"}));
  const std::pair<std::string, std::string> cases[] = {
      {"1,2,0\n1,two,1\n",
       "rows.csv:2:1: dataset 'example.stream': a number was expected at 'two,1'"},
      {"1,2,0\n1,2,2\n", "the last number is no class from 0 to 1"},
      {"1,2\n", "rows.csv:1:1: dataset 'example.stream': more numbers were expected after '2'"},
      {"1,2,0,0\n", "the line should end before ',0'"}};
  for (const auto& [text, says] : cases) {
    const Table table(text);
    Words words{"train", "mlp<hidden=[4]>",
                "example.stream<train=" + table.path + ",features=2,classes=2>", "--project-dir",
                "."};
    const Words plugins = run.plugin_words();
    words.insert(words.end(), plugins.begin(), plugins.end());
    const Outcome outcome = run_lathe(words, run.folder());
    BOOST_TEST(outcome.exit_code == 1);
    BOOST_TEST(contains(outcome.last_line(), says), outcome.last_line());
  }
}

// All of them in PyTorch, from the same weights and rows.
BOOST_AUTO_TEST_CASE(pytorch_finds_the_same_losses) {
  if (std::system("/usr/bin/python3 -c 'import torch' 2>/dev/null") != 0)
    skip("python3-torch is not installed");
  const Table numbers(table_of(40, price)), classes(table_of(50, side));
  struct Case {
    std::string forward;
    Network network;
  };
  const Case cases[] = {
      {"F.mse_loss(mlp(f[0]), f[1])", on_table("csv<train=" + numbers.path + ",target=float>", 1)},
      {"F.cross_entropy(mlp(f[0]), f[1])",
       on_table("example.stream<train=" + classes.path + ",features=2,classes=2>", 2, {"stream"})},
      {"F.cross_entropy(linear('head', (F.embedding(f[0], p['embedding.weight']) * "
       "f[1].unsqueeze(2)).mean(1)), f[2])",
       kTokens},
      {"F.cross_entropy(linear('head', linear('hidden', torch.cat([f[0], f[1]], 1)).relu()), f[2])",
       kTwoInputs}};
  for (const Case& c : cases) BOOST_TEST_CONTEXT(c.network.model << " " << c.network.dataset) {
      FieldsTraining run(c.network);
      run.train();
      const auto data = run.data();
      const RowTensors& rows = data->all(Split::train);
      json problem{{"fields", json::array()}, {"parameters", json::object()}};
      for (const Tensor& tensor : rows.fields) {
        json values = json::array();
        if (tensor.dtype() == DType::int64)
          for (const std::int64_t x : tensor.values<std::int64_t>()) values.push_back(x);
        else
          for (const float x : tensor.values<float>()) values.push_back(x);
        problem["fields"].push_back(
            {std::string(name(tensor.dtype())), tensor.shape().dims(), values});
      }
      for (const auto& [name, values] : run.initial())
        problem["parameters"][name] = {c.network.shapes.at(name).dims(), values};
      write_file(run.folder() / "problem.json", problem.dump());
      write_file(run.folder() / "peer.py", R"(
import json, torch
import torch.nn.functional as F
problem = json.load(open('problem.json'))
f = [torch.tensor(v, dtype=getattr(torch, t)).view(s) for t, s, v in problem['fields']]
p = {n: torch.tensor(v).view(s).requires_grad_() for n, (s, v) in problem['parameters'].items()}
linear = lambda name, x: F.linear(x, p[name + '.weight'], p[name + '.bias'])
mlp = lambda x: linear('layers.2', linear('layers.0', x).tanh())
sgd = torch.optim.SGD(p.values(), lr=0.1, momentum=0.9, nesterov=True)
losses = []
for epoch in range(5):
    sgd.zero_grad()
    loss = )" + c.forward + R"(
    loss.backward()
    sgd.step()
    losses.append(loss.item())
json.dump(losses, open('losses.json', 'w'))
)");
      const std::string line = "cd " + run.folder().string() + " && /usr/bin/python3 peer.py 1>&2";
      BOOST_REQUIRE(std::system(line.c_str()) == 0);
      const json losses = json::parse(read_file(run.folder() / "losses.json"));
      const std::vector<double> found = run.train_losses();
      BOOST_REQUIRE(losses.size() == found.size());
      for (std::size_t i = 0; i < found.size(); ++i)
        BOOST_TEST(std::fabs(found[i] - losses[i].get<double>()) < 1e-4,
                   found[i] << " is not PyTorch's " << losses[i]);
    }
}

BOOST_AUTO_TEST_SUITE_END()
