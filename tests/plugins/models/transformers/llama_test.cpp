// The model llama: the small real one against golden/own_networks/llama.json, and made-up ones
// whose weights lie in files of several kinds.
#include "computed.hpp"

using namespace lathe_test;

namespace {

std::filesystem::path real_folder() {
  const std::filesystem::path folder = data_dir() / "llama";
  if (!std::filesystem::exists(folder / "config.json")) skip("no folder " + folder.string());
  return folder;
}

Graph real_llama(std::size_t length, const json& options = json::object()) {
  json all{{"config", real_folder().string()}, {"length", length}};
  all.update(options);
  return Workbench(1).model("llama", all);
}

std::size_t largest(std::span<const float> row) {
  return static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

// -ln softmax(row)[wanted]
double loss(std::span<const float> row, std::size_t wanted) {
  const double most = row[largest(row)];
  double sum = 0;
  for (const float z : row) sum += std::exp(static_cast<double>(z) - most);
  return most + std::log(sum) - static_cast<double>(row[wanted]);
}

std::vector<std::int64_t> some_ids(std::size_t count) {
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back(static_cast<std::int64_t>(i * i + 3) % 11);
  return ids;
}

Tensor narrowed(const Tensor& tensor, DType dtype) {
  std::vector<std::uint16_t> bits;
  for (const float x : tensor.values<float>()) {
    std::uint32_t wide = 0;
    std::memcpy(&wide, &x, sizeof wide);
    if (dtype == DType::bfloat16) {
      bits.push_back(static_cast<std::uint16_t>(wide >> 16));
    } else {  // by cutting off, without subnormals
      const int exponent = static_cast<int>((wide >> 23) & 0xFF) - 127 + 15;
      const std::uint32_t sign = (wide >> 16) & 0x8000U;
      bits.push_back(static_cast<std::uint16_t>(
          exponent <= 0
              ? sign
              : sign | static_cast<std::uint32_t>(exponent) << 10 | ((wide >> 13) & 0x3FFU)));
    }
  }
  return Tensor::of<std::uint16_t>(dtype, tensor.shape(), bits);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(llama)

BOOST_AUTO_TEST_CASE(the_real_one_computes_the_golden_logits) {
  const json golden = golden_json("own_networks/llama.json");
  for (const json& sequence : golden.at("sequences")) {
    const auto ids = sequence.at("ids").get<std::vector<std::int64_t>>();
    const Tensor logits = computed(real_llama(ids.size()), tokens(ids));
    BOOST_TEST_REQUIRE(logits.shape().text() == fmt::format("[1, {}, 512]", ids.size()));
    const std::span<const float> all = logits.values<float>();
    if (sequence.contains("logits"))
      check_close(all, numbers(sequence.at("logits").at("data")), 0, 1e-4, "logits");
    double total = 0;
    for (std::size_t t = 0; t < ids.size(); ++t) {
      const auto row = all.subspan(t * 512, 512);
      BOOST_TEST(largest(row) == sequence.at("argmax").at(t).get<std::size_t>());
      if (t + 1 < ids.size()) total += loss(row, static_cast<std::size_t>(ids[t + 1]));
    }
    const double mean = total / static_cast<double>(ids.size() - 1);
    BOOST_TEST(std::abs(mean - sequence.at("mean_nll").get<double>()) < 1e-5);
  }
}

BOOST_AUTO_TEST_CASE(the_real_one_has_the_parameters_of_its_file) {
  const Graph graph = real_llama(8);
  BOOST_TEST(graph.parameter_count() == 230976);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : lathe::parameters_of(graph)) names.push_back(name);
  std::vector<std::string> stored;
  for (const auto& [name, tensor] :
       lathe::read_checkpoint(real_folder() / "model.safetensors").tensors)
    stored.push_back(name);
  BOOST_TEST(names == stored, boost::test_tools::per_element());
  // 28 layers, the head and attention: by hand.
  double macs = 0;
  for (const lathe::NodeId id : graph.order()) macs += cost_of(graph, id)->macs;
  BOOST_TEST(macs == 8.0 * (197632 + 32768) + 4.0 * 2 * 4 * 8 * 8 * 16);
}

BOOST_AUTO_TEST_CASE(the_head_is_the_embedding_where_they_are_tied) {
  const Graph graph = real_llama(8);
  const lathe::Parameter& table = graph.node(graph.find("model_embed_tokens")).parameters[0];
  const lathe::Parameter& head = graph.node(graph.find("lm_head")).parameters[0];
  BOOST_TEST(head.qualified_name == "model.embed_tokens.weight");
  BOOST_TEST(head.content == table.content);
  BOOST_TEST(graph.ties().at("lm_head.weight") == "model.embed_tokens.weight");
}

BOOST_AUTO_TEST_CASE(without_a_length_it_has_as_many_tokens_as_positions) {
  const Graph graph = Workbench(1).model("llama", {{"config", real_folder().string()}});
  BOOST_TEST(graph.node(graph.placeholders()[0]).result.shape.text() == "[1, 128]");
}

BOOST_AUTO_TEST_CASE(weights_in_shards_are_those_in_one_file) {
  const LlamaFolder folder;
  const auto weights = folder.weights();
  BOOST_TEST(weights.contains("model.layers.1.self_attn.k_proj.bias"));
  BOOST_TEST(weights.contains("lm_head.weight"));
  const Tensor input = tokens(some_ids(32), 2);
  const auto fresh = values_of(computed(folder.graph({{"weights", "fresh"}}), input));
  folder.write_shards(weights);
  BOOST_TEST(values_of(computed(folder.graph(), input)) == fresh, boost::test_tools::per_element());
  std::filesystem::remove(folder.path("model.safetensors.index.json"));
  folder.write_weights(weights);
  BOOST_TEST(values_of(computed(folder.graph(), input)) == fresh, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(weights_of_16_bits_are_read_as_the_floats_they_stand_for) {
  const LlamaFolder folder;
  for (const DType dtype : {DType::bfloat16, DType::float16}) {
    BOOST_TEST_CONTEXT(name(dtype)) {
      std::map<std::string, Tensor> narrow, wide;
      for (const auto& [name, tensor] : folder.weights()) narrow[name] = narrowed(tensor, dtype);
      folder.write_weights(narrow);
      for (const auto& [name, tensor] : lathe::parameters_of(folder.graph())) {
        BOOST_TEST((tensor.dtype() == DType::float32));
        wide.emplace(name, tensor);
      }
      for (const auto& [name, tensor] : folder.weights()) {
        const double step = dtype == DType::bfloat16 ? 1.0 / 128 : 1.0 / 1024;
        check_close(wide.at(name).values<float>(), values_of(tensor), step, 7e-5, name);
      }
      // What is narrowed once more is what it was.
      for (const auto& [name, tensor] : wide) {
        const Tensor again = narrowed(tensor, dtype), &first = narrow.at(name);
        BOOST_TEST(std::ranges::equal(again.bytes(), first.bytes()), name);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_tied_head_may_be_written_under_either_name) {
  json config = made_up_config();
  config["tie_word_embeddings"] = true;
  const LlamaFolder folder(config);
  auto weights = folder.weights();
  BOOST_TEST(!weights.contains("lm_head.weight"));
  folder.write_weights(weights);
  const Tensor input = tokens(some_ids(16));
  const auto expected = values_of(computed(folder.graph({}, 1), input));
  weights.emplace("lm_head.weight", weights.at("model.embed_tokens.weight"));
  folder.write_weights(weights);
  BOOST_TEST(values_of(computed(folder.graph({}, 1), input)) == expected);
  weights.erase("model.embed_tokens.weight");
  folder.write_weights(weights);
  BOOST_TEST(values_of(computed(folder.graph({}, 1), input)) == expected);
}

BOOST_AUTO_TEST_CASE(no_position_sees_those_behind_it) {
  const LlamaFolder folder;
  const Graph graph = folder.graph({{"weights", "fresh"}}, 1);
  std::vector<std::int64_t> ids = some_ids(16);
  const auto before = values_of(computed(graph, tokens(ids)));
  ids[9] = (ids[9] + 1) % 11;
  const auto after = values_of(computed(graph, tokens(ids)));
  BOOST_TEST(std::equal(before.begin(), before.begin() + 9 * 11, after.begin()));
  BOOST_TEST(!std::equal(before.begin() + 9 * 11, before.end(), after.begin() + 9 * 11));
}

BOOST_AUTO_TEST_SUITE_END()
