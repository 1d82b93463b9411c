// The passes profile_statistics and natural_sparsity on networks that run: which tensors they see,
// what they publish and leave at the nodes, and what they leave alone.
#include "tests/engine/engine.hpp"
#include "tests/plugins/analysis/statistics/oracle.hpp"
#include "tests/plugins/workbench.hpp"
#include "tests/support/messages.hpp"

using namespace lathe_test;

namespace {

// Rows of one split; the others have none.
std::shared_ptr<lathe::Dataset> rows_for_training(const Tensor& samples, std::int64_t classes) {
  const std::vector<std::int64_t> labels(static_cast<std::size_t>(samples.shape().dims()[0]));
  std::vector<std::int64_t> none(samples.shape().dims());
  none[0] = 0;
  const lathe::RowTensors empty{{floats(Shape(none), {}), integers({})}};
  return lathe::dataset_of("rows", {{samples, integers(labels)}}, empty, empty, classes);
}

class Profile {
 public:
  explicit Profile(std::shared_ptr<lathe::Dataset> data) : bench(8), data_(std::move(data)) {
    bench.context.executor = [this]() -> lathe::Executor& { return *executor_; };
    bench.context.dataset = [this]() -> const lathe::Dataset& { return *data_; };
    bench.context.folder = folder.path();
  }

  lathe::PassReport run(Graph& graph, const json& options,
                        const std::string& pass = "profile_statistics") {
    return bench.run(pass, graph, options);
  }
  // A note at a node; null if there is none.
  json note(const Graph& graph, const std::string& node, const std::string& key) const {
    const Value* found = bench.context.notes.find(graph.find(node), "software/" + key);
    return found == nullptr ? json() : to_json(*found);
  }

  const TemporaryFolder folder;
  Workbench bench;

 private:
  std::shared_ptr<lathe::Dataset> data_;
  std::shared_ptr<lathe::Executor> executor_ = open_executor();
};

bool is_close(double a, double b) { return std::fabs(a - b) <= 1e-5 * std::fabs(b) + 1e-6; }

void check_numbers(const json& found, const json& expected, const std::string& where) {
  for (const auto& [key, value] : expected.items()) {
    BOOST_TEST_REQUIRE(found.contains(key), where << " lacks " << key << ": " << found.dump());
    if (value.is_object()) {
      check_numbers(found.at(key), value, where + "." + key);
    } else {
      BOOST_TEST(is_close(found.at(key).get<double>(), value.get<double>()),
                 where << "." << key << ": found " << found.at(key) << ", expected " << value);
    }
  }
}

const json& golden_pass() {
  static const json file = golden_json("statistics.json").at("profile_pass");
  return file;
}

std::vector<float> golden_rows() {
  std::vector<float> rows;
  for (const json& batch : golden_pass().at("batches")) {
    const std::vector<float> some = numbers(batch.at("data"));
    rows.insert(rows.end(), some.begin(), some.end());
  }
  return rows;
}

Tensor uniform_rows(const std::vector<std::int64_t>& shape, unsigned seed) {
  std::vector<float> values;
  std::uint64_t state = seed;
  for (std::int64_t i = 0; i < Shape(shape).numel(); ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    values.push_back(static_cast<float>(static_cast<double>(state >> 40) / double(1 << 24) - 0.5));
  }
  return floats(Shape(shape), values);
}

// conv -> bn -> relu -> flatten -> fc
Graph small_net() {
  Writer net(3);
  net.input({2, 4, 4});
  net.module("conv", "conv2d", {{"in_channels", 2}, {"out_channels", 3}, {"kernel_size", 3}});
  net.module("bn", "batch_norm2d", {{"num_features", 3}});
  net.relu("relu", true);
  net.module("flat", "flatten");
  net.linear("fc", 12, 5);
  return net.finish(8);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(profile_pass)

// The pass of the original on jsc-tiny in evaluation mode. [D]: its variance_online is that of each
// sample, unbiased, over a population's total; and what enters the network has no statistics.
BOOST_AUTO_TEST_CASE(the_golden_profile_is_reproduced_at_every_operand) {
  const std::vector<float> rows = golden_rows();
  Profile profile(
      rows_for_training(floats(Shape{static_cast<std::int64_t>(rows.size()) / 16, 16}, rows), 5));
  Graph graph = with_state(profile.bench.model("jsc-tiny"), golden_pass().at("state_dict"));
  json options = golden_pass().at("args");
  options["batch_size"] = golden_pass().at("batch_size");
  profile.run(graph, options);
  for (const auto& [node, sides] : golden_pass().at("software").items()) {
    for (const auto& [side, operands] : sides.items()) {
      for (const auto& [operand, entry] : operands.items()) {
        const std::string place = side + "/" + operand + "/stat";
        const json found = profile.note(graph, node, place);
        json expected = entry.at("stat");
        if (node == "x") {
          BOOST_TEST(found.contains("range_quantile"));
        } else if (expected.empty()) {
          BOOST_TEST(found.is_null(), node << " " << place);
        } else {
          if (expected.contains("variance_online")) expected["variance_online"].erase("variance");
          check_numbers(found, expected, node + "/" + place);
          BOOST_TEST(found.size() == expected.size());
        }
      }
    }
  }
  const json args = {{"dims", "all"}};
  const Oracle input({{{1, static_cast<std::int64_t>(rows.size())}, rows}}, "all", false);
  const json found = profile.note(graph, "x", "results/data_out_0/stat");
  for (const char* name : {"variance_online", "range_min_max"}) {
    check_numbers(found.at(name), input.of(name, args), name);
  }
  check_numbers(found.at("range_quantile"), input.of("range_quantile", {{"quantile", 0.97}}), "q");
}

BOOST_AUTO_TEST_CASE(weights_buffers_and_inputs_of_all_nodes_are_profiled_by_default) {
  Profile profile(rows_for_training(uniform_rows({20, 2, 4, 4}, 1), 5));
  Graph graph = small_net();
  const lathe::PassReport report = profile.run(graph, json::object());
  std::vector<std::string> weights, activations;
  for (std::size_t i = 0; i < table(report, "weights").rows.size(); ++i) {
    const auto& row = table(report, "weights").rows[i];
    weights.push_back(row[0].as_string() + "." + row[1].as_string());
    BOOST_TEST(row[2].as_string() == "variance_precise");
  }
  for (std::size_t i = 0; i < table(report, "activations").rows.size(); ++i) {
    const auto& row = table(report, "activations").rows[i];
    activations.push_back(row[0].as_string() + "." + row[1].as_string());
    BOOST_TEST(row[2].as_string() == "range_quantile");
  }
  const std::vector<std::string> expected_weights{
      "conv.weight",     "conv.bias",      "bn.weight", "bn.bias",
      "bn.running_mean", "bn.running_var", "fc.weight", "fc.bias"};
  const std::vector<std::string> expected{"x.data_out_0",    "conv.data_in_0", "bn.data_in_0",
                                          "relu.data_in_0",  "flat.data_in_0", "fc.data_in_0",
                                          "output.data_in_0"};
  BOOST_TEST(weights == expected_weights, boost::test_tools::per_element());
  BOOST_TEST(activations == expected, boost::test_tools::per_element());
  BOOST_TEST(scalar(report, "profiled_tensors") == 15);
  BOOST_TEST(scalar(report, "samples") == 20);
}

// hls4ml loses the input layer, and the original has statistics of targets alone.
BOOST_AUTO_TEST_CASE(what_enters_the_network_is_profiled_whatever_the_targets) {
  Profile profile(rows_for_training(uniform_rows({20, 2, 4, 4}, 1), 5));
  Graph graph = small_net();
  const json statistics = {{"range_min_max", json::object()}};
  profile.run(graph, {{"by", "name"},
                      {"target_activation_nodes", {"fc"}},
                      {"activation_statistics", statistics},
                      {"profile_output_activation", true}});
  BOOST_TEST(profile.note(graph, "x", "results/data_out_0/stat").contains("range_min_max"));
  BOOST_TEST(profile.note(graph, "fc", "results/data_out_0/stat").contains("range_min_max"));
  BOOST_TEST(profile.note(graph, "fc", "args/data_in_0/stat").contains("range_min_max"));
  BOOST_TEST(profile.note(graph, "fc", "args/weight/stat").is_null());
  BOOST_TEST(profile.note(graph, "relu", "args/data_in_0/stat").is_null());
}

// [D]: the original exits where a node is a target for activations and not for weights.
BOOST_AUTO_TEST_CASE(a_target_for_activations_alone_has_no_statistics_of_weights) {
  Profile profile(rows_for_training(uniform_rows({20, 2, 4, 4}, 1), 5));
  Graph graph = small_net();
  profile.run(graph, {{"target_weight_nodes", {"conv2d"}},
                      {"target_activation_nodes", {"linear"}},
                      {"weight_statistics", {{"abs_mean", json::object()}}},
                      {"activation_statistics", {{"abs_mean", json::object()}}}});
  BOOST_TEST(!profile.note(graph, "conv", "args/weight/stat").is_null());
  BOOST_TEST(profile.note(graph, "conv", "args/data_in_0/stat").is_null());
  BOOST_TEST(profile.note(graph, "fc", "args/weight/stat").is_null());
  BOOST_TEST(!profile.note(graph, "fc", "args/data_in_0/stat").is_null());
}

BOOST_AUTO_TEST_CASE(batches_of_7_and_512_give_the_same_profile) {
  Profile profile(rows_for_training(uniform_rows({1100, 2, 4, 4}, 2), 5));
  Graph graph = small_net();
  for (const json& dims : {json("all"), json("NA"), json{0, 1}}) {
    json statistics = json::object();
    for (const char* name : {"variance_online", "variance_precise", "range_n_sigma",
                             "range_min_max", "range_quantile", "abs_mean"}) {
      statistics[name] = {{"dims", dims}};
    }
    std::vector<json> found;
    for (const int batch : {7, 512}) {
      profile.run(graph, {{"activation_statistics", statistics},
                          {"target_activation_nodes", {"conv2d", "batch_norm2d", "linear"}},
                          {"batch_size", batch}});
      json all;
      for (const char* node : {"conv", "bn", "fc"}) {
        all[node] = profile.note(graph, node, "args/data_in_0/stat");
        BOOST_TEST(all[node].size() == 6U);
      }
      found.push_back(all);
    }
    check_alike(found[0], found[1], 1e-6, 1e-7);
  }
}

// It would count once for each batch, and its rows are none.
BOOST_AUTO_TEST_CASE(a_tensor_that_the_network_holds_is_seen_once_and_whole) {
  Profile profile(rows_for_training(uniform_rows({20, 2}, 1), 2));
  Writer net;
  const NodeId x = net.input({2});
  lathe::NodeSpec spec;
  spec.opcode = lathe::Opcode::get_attr;
  spec.target = "scale";
  spec.attributes = Value(Value::Map{{"shape", Value::List{2}}});
  const NodeId scale = net.edit().add(spec);
  net.function("mul", {{x}, {scale}});
  Graph graph = net.finish(8).with_parameters({{"scale", floats(Shape{2}, {0, -3})}});
  profile.run(graph,
              {{"activation_statistics", {{"range_min_max", json::object()}}}, {"batch_size", 2}});
  const json held = profile.note(graph, "mul", "args/data_in_1/stat").at("range_min_max");
  BOOST_TEST(held == json({{"min", -3.0}, {"max", 0.0}, {"range", 3.0}, {"count", 2}}));
  BOOST_TEST(profile.note(graph, "mul", "args/data_in_0/stat").at("range_min_max").at("count") ==
             40);
  const lathe::PassReport report = profile.run(graph, {{"activations", true}}, "natural_sparsity");
  BOOST_TEST(table(report, "activations").rows.size() == 2U);  // of mul and of output
}

BOOST_AUTO_TEST_CASE(whole_numbers_that_enter_are_profiled_as_numbers) {
  const std::vector<std::int64_t> tokens{2, 0, 1, 1, 0, 2};
  const lathe::Field field{"tokens", LATHE_FIELD_INPUT, DType::int64, Shape{2}, true, 0, {}};
  const lathe::Field target{"labels", LATHE_FIELD_TARGET, DType::int64, {}, true, 2, {}};
  const auto rows = [&](std::size_t count) {
    const std::vector<std::int64_t> some(tokens.begin(),
                                         tokens.begin() + static_cast<std::ptrdiff_t>(2 * count));
    const Shape shape{static_cast<std::int64_t>(count), 2};
    return lathe::RowTensors{{Tensor::of<std::int64_t>(DType::int64, shape, some),
                              integers(std::vector<std::int64_t>(count))}};
  };
  Profile profile(lathe::dataset_of("rows", {field, target}, rows(3), rows(0), rows(0)));
  Writer net;
  net.placeholder("x", {{"shape", Value::List{2}}, {"dtype", "int64"}});
  net.module("table", "embedding", {{"num_embeddings", 3}, {"embedding_dim", 2}});
  net.module("flat", "flatten");
  Graph graph = net.finish(3);
  profile.run(graph, {{"activation_statistics", {{"abs_mean", json::object()}}}});
  BOOST_TEST(profile.note(graph, "x", "results/data_out_0/stat").at("abs_mean") ==
             json({{"abs_mean", 1.0}, {"count", 6}}));
}

BOOST_AUTO_TEST_CASE(num_samples_are_the_first_rows_exactly) {
  const Tensor rows = uniform_rows({40, 2, 4, 4}, 3);
  Profile profile(rows_for_training(rows, 5));
  Graph graph = small_net();
  const json options = {{"activation_statistics", {{"range_min_max", json::object()}}},
                        {"num_samples", 13},
                        {"batch_size", 8}};
  BOOST_TEST(scalar(profile.run(graph, options), "samples") == 13);
  const auto all = rows.values<float>();
  const Oracle first({{{1, 13 * 32}, {all.begin(), all.begin() + 13 * 32}}}, "all", false);
  BOOST_TEST(profile.note(graph, "x", "results/data_out_0/stat").at("range_min_max") ==
             first.of("range_min_max", json::object()));
}

BOOST_AUTO_TEST_CASE(the_network_and_its_batch_norm_stay_as_they_were) {
  Profile profile(rows_for_training(uniform_rows({64, 2, 4, 4}, 4), 5));
  Graph graph = small_net();
  const Graph before = graph;
  profile.run(graph, json::object());
  profile.run(graph, {{"activations", true}}, "natural_sparsity");
  BOOST_TEST(graph.epoch() == before.epoch());
  const auto kept = before.parameters(), now = graph.parameters();
  BOOST_TEST_REQUIRE(kept.size() == now.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    BOOST_TEST((kept[i].parameter->content == now[i].parameter->content));
  }
}

// [D]: the original's stored values are overwritten by a ReLU in place.
BOOST_AUTO_TEST_CASE(a_relu_in_place_does_not_change_what_is_seen_before_it) {
  Profile profile(rows_for_training(uniform_rows({64, 2, 4, 4}, 4), 5));
  Graph graph = small_net();
  profile.run(graph, {{"activation_statistics", {{"range_min_max", json::object()}}}});
  const auto least = [&](const std::string& node) {
    return profile.note(graph, node, "args/data_in_0/stat")
        .at("range_min_max")
        .at("min")
        .get<double>();
  };
  BOOST_TEST(least("relu") < 0);
  BOOST_TEST(least("flat") == 0);
}

BOOST_AUTO_TEST_CASE(records_lie_in_the_pass_s_folder_and_not_in_the_report) {
  const Tensor rows = uniform_rows({6, 2, 4, 4}, 5);
  Profile profile(rows_for_training(rows, 5));
  Graph graph = small_net();
  const lathe::PassReport report =
      profile.run(graph, {{"activation_statistics", {{"record", json::object()}}},
                          {"target_activation_nodes", {"conv2d"}},
                          {"batch_size", 4}});
  BOOST_TEST(report.files.size() == 2U);
  const json note = profile.note(graph, "x", "results/data_out_0/stat").at("record");
  BOOST_TEST(note == json({{"count", 6},
                           {"size_in_bytes", 6 * 32 * 4},
                           {"data_shape", {6, 2, 4, 4}},
                           {"file", "record/x.data_out_0.npy"}}));
  const std::string file =
      read_text(profile.folder.path() / "profile_statistics/record/x.data_out_0.npy");
  const std::size_t size = 6 * 32 * sizeof(float);
  BOOST_TEST_REQUIRE(file.size() > size);
  BOOST_TEST(std::memcmp(&file[file.size() - size], rows.values<float>().data(), size) == 0);
}

BOOST_AUTO_TEST_CASE(dimensions_that_some_tensors_lack_give_na_and_that_all_lack_are_refused) {
  Profile profile(rows_for_training(uniform_rows({6, 2, 4, 4}, 5), 5));
  Graph graph = small_net();
  profile.run(graph, {{"weight_statistics", {{"range_min_max", {{"dims", {0, 1}}}}}}});
  BOOST_TEST(profile.note(graph, "fc", "args/bias/stat").at("range_min_max") == "NA");
  BOOST_TEST(profile.note(graph, "fc", "args/weight/stat").at("range_min_max").at("count") == 60);
  const std::string said = message_of(
      [&] { profile.run(graph, {{"weight_statistics", {{"range_min_max", {{"dims", {4}}}}}}}); });
  BOOST_TEST(contains(said, "range_min_max lists dimensions that all tensors lack"), said);
}

BOOST_AUTO_TEST_CASE(a_split_without_rows_is_refused) {
  Profile profile(rows_for_training(uniform_rows({6, 2, 4, 4}, 5), 5));
  Graph graph = small_net();
  const std::string said = message_of([&] { profile.run(graph, {{"split", "test"}}); });
  BOOST_TEST(contains(said, "test"), said);
  BOOST_TEST(contains(said, "rows"), said);
  // Weights alone need none.
  profile.run(graph, {{"split", "test"}, {"weight_statistics", {{"abs_mean", json::object()}}}});
}

// [D]: the original gives the density under this name.
BOOST_AUTO_TEST_CASE(natural_sparsity_is_the_share_of_zeros) {
  Profile profile(rows_for_training(uniform_rows({50, 2, 4, 4}, 6), 5));
  Graph graph = small_net();
  std::map<std::string, Tensor> contents;
  std::vector<float> weight(60, 1.0F);
  for (std::size_t i = 0; i < 15; ++i) weight[i] = i % 2 == 0 ? 0.0F : -0.0F;
  contents.emplace("fc.weight", floats(Shape{5, 12}, weight));
  graph = graph.with_parameters(contents);
  const lathe::PassReport report = profile.run(graph, {{"activations", true}}, "natural_sparsity");
  BOOST_TEST(cell(table(report, "weights"), "fc", "sparsity").as_float() == 0.25);
  BOOST_TEST(cell(table(report, "weights"), "fc", "density").as_float() == 0.75);
  BOOST_TEST(cell(table(report, "weights"), "conv", "zeros").as_int() == 0);
  // 54 weights of conv, 3 of bn, 60 of fc.
  BOOST_TEST(is_close(scalar(report, "weight_sparsity"), 15.0 / 117));
  BOOST_TEST(is_close(scalar(report, "weight_density"), 102.0 / 117));
  BOOST_TEST(profile.note(graph, "fc", "args/weight/sparsity") == 0.25);
  const double behind_relu = cell(table(report, "activations"), "flat", "sparsity").as_float();
  BOOST_TEST(behind_relu > 0.2);
  BOOST_TEST(behind_relu < 0.8);
  BOOST_TEST(cell(table(report, "activations"), "conv", "sparsity").as_float() == 0);
  BOOST_TEST(
      is_close(scalar(report, "activation_sparsity") + scalar(report, "activation_density"), 1));
}

BOOST_AUTO_TEST_SUITE_END()
