// The passes save_graph and load_graph: what one writes the other reads, bit for bit, and what it
// cannot read is named and changes nothing.
#include "tests/cli/run/saved/trainings.hpp"
#include "tests/support/examples.hpp"

#include <cstring>

using namespace lathe_test;
using nlohmann::json;

namespace {

// The tensors of a safetensors file: types, shapes and places, and their bytes.
struct Tensors {
  json header;
  std::string bytes;
  bool operator==(const Tensors&) const = default;
};

Tensors tensors_in(const fs::path& file) {
  const std::string text = read_file(file);
  std::uint64_t size = 0;
  std::memcpy(&size, text.data(), sizeof size);
  Tensors tensors{json::parse(text.substr(sizeof size, size)), text.substr(sizeof size + size)};
  tensors.header.erase("__metadata__");
  return tensors;
}

// The file without what it says of its network, so that the graph alone is to blame.
void write_nameless(const fs::path& file) {
  const Tensors tensors = tensors_in(file);
  const std::string header = tensors.header.dump();
  const std::uint64_t size = header.size();
  std::string text(sizeof size, '\0');
  std::memcpy(text.data(), &size, sizeof size);
  write_file(file, text + header + tensors.bytes);
}

json graph_in(const fs::path& folder) { return json::parse(read_file(folder / "graph.json")); }

std::string saving(const fs::path& folder) {
  return "save_graph<save_dir=" + folder.string() + ">";
}
std::string loading(const fs::path& folder) {
  return "load_graph<load_dir=" + folder.string() + ">";
}

void check_same_graphs(const fs::path& a, const fs::path& b) {
  BOOST_TEST(graph_in(a).at("nodes") == graph_in(b).at("nodes"));
  BOOST_TEST((tensors_in(a / "model.safetensors") == tensors_in(b / "model.safetensors")));
  BOOST_TEST(read_file(a / "graph.txt") == read_file(b / "graph.txt"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(graph_files)

BOOST_AUTO_TEST_CASE(a_trained_network_with_state_of_formats_comes_back_bit_for_bit) {
  Trainings at;
  at.train("p", {"--passes",
                 "quantize<by=type,linear={name=lsq,weight_width=3},batch_norm1d={data_in={name="
                 "binary_residual}}>"});
  good({"transform", "--load", "p", "--passes", saving("a")}, at.path());
  // From a run of another network.
  good({"transform", "jsc-tiny", "jsc-sim", "--passes", loading("a") + "," + saving("b")},
       at.path());
  check_same_graphs(at.path() / "a", at.path() / "b");
  // It says of itself what it said before.
  BOOST_TEST(graph_in(at.path() / "a").at("origin") == graph_in(at.path() / "b").at("origin"));
  const json names = graph_in(at.path() / "b").at("nodes");
  BOOST_TEST(names.dump().find("binary_residual") != std::string::npos);
  BOOST_TEST(tensors_in(at.path() / "b" / "model.safetensors").header.dump().find("quantizer") !=
             std::string::npos);
  check_same(at.metrics({"test", "--load", "b", "jsc-sim"}), at.metrics({"test", "--load", "p"}));
}

BOOST_AUTO_TEST_CASE(a_convolutional_network_with_masks_comes_back_bit_for_bit) {
  Trainings at;
  good({"transform", "toy_convnet", "--passes",
        "prune<weight={sparsity=0.5},activation={sparsity=0.25}>,"
        "quantize<by=type,conv2d={name=integer,weight_width=5}>," +
            saving("a") + "," + loading("a") + "," + saving("b") + "," +
            loading("b/node_meta_param.toml") + "," + saving("c")},
       at.path());
  check_same_graphs(at.path() / "a", at.path() / "b");
  check_same_graphs(at.path() / "a", at.path() / "c");
  const std::string graph = read_file(at.path() / "c/graph.json");
  for (const char* part : {"masks", "prune_activation", "integer"})
    BOOST_TEST(contains(graph, part), part);
}

BOOST_AUTO_TEST_CASE(the_graph_is_saved_as_it_is_at_that_point_of_the_pipeline) {
  Trainings at;
  good({"transform", "jsc-tiny", "--passes", saving("a") + "," + kQuantize + "," + saving("b")},
       at.path());
  const json before = graph_in(at.path() / "a"), after = graph_in(at.path() / "b");
  BOOST_TEST(before.at("nodes").dump().find("integer") == std::string::npos);
  BOOST_TEST(after.at("nodes").dump().find("integer") != std::string::npos);
  BOOST_TEST(!before.at("origin").contains("passes"));
  BOOST_TEST(after.at("origin").at("passes") == at.printed(kQuantize));
}

BOOST_AUTO_TEST_CASE(passes_after_a_loaded_graph_compare_with_the_first_of_the_run) {
  Trainings at;
  good({"transform", "jsc-tiny", "--passes", kQuantize + "," + saving("a")}, at.path());
  const auto metrics =
      at.metrics({"transform", "jsc-tiny", "--passes", loading("a") + ",summarize_quantization"});
  BOOST_TEST(metrics.at("changed_nodes") == 1);
}

BOOST_AUTO_TEST_CASE(without_a_folder_it_is_the_pass_s_own_of_the_run) {
  Trainings at;
  const auto told = good({"transform", "jsc-tiny", "--passes", "save_graph", "--project-dir", ".",
                          "--project", "t", "--json"},
                         at.path())
                        .json();
  const fs::path folder = at.path() / "t/software/transform/save_graph";
  for (const char* name :
       {"graph.json", "graph.txt", "model.safetensors", "node_meta_param.toml"}) {
    BOOST_TEST(fs::is_regular_file(folder / name), name);
    BOOST_TEST(contains(told.dump(), std::string("save_graph/") + name), name);
  }
  BOOST_TEST(at.run({"test", "jsc-sim", "--load", folder.string()}).exit_code == 0);
}

// [D] In MASE, load_mase_graph, save_node_meta_param and load_node_meta_param crash.
BOOST_AUTO_TEST_CASE(paths_of_a_file_are_relative_to_it_and_mase_s_words_work) {
  Trainings at;
  fs::create_directory(at.path() / "sub");
  write_file(at.path() / "sub/a.toml",
             "model = 'jsc-tiny'\n[passes.save_node_meta_param]\nsave_path = 'out/meta.toml'\n"
             "[passes.load_node_meta_param]\nload_path = 'out/meta.toml'\n"
             "[passes.save_mase_graph]\nsave_dir = 'again'\n"
             "[passes.load_mase_graph]\nload_dir = 'again'\n");
  good({"transform", "--config", "sub/a.toml", "--project-dir", "."}, at.path());
  BOOST_TEST(fs::is_regular_file(at.path() / "sub/out/meta.toml"));
  BOOST_TEST(!fs::exists(at.path() / "sub/out/node_meta_param.toml"));
  check_same_graphs(at.path() / "sub/out", at.path() / "sub/again");
}

BOOST_AUTO_TEST_CASE(metadata_are_toml_in_mase_s_layout) {
  Trainings at;
  good({"transform", "jsc-tiny", "--batch-size", "8", "--passes",
        "quantize<by=name,seq_blocks_2={name=integer,weight_width=6,weight_frac_width=3}>," +
            saving("a")},
       at.path());
  const std::string text = read_file(at.path() / "a/node_meta_param.toml");
  for (const char* part :
       {"[seq_blocks_2.common]\nmase_type = \"module_related_func\"\nmase_op = \"linear\"\n",
        "[seq_blocks_2.common.args.data_in_0]\n",
        "[seq_blocks_2.common.args.weight]\ntype = \"integer\"\nprecision = [6, 3]\nshape = [5, "
        "16]\n",
        "[seq_blocks_2.common.results.data_out_0]\ntype = \"float\"\nprecision = [32]\nshape = [8, "
        "5]\ntorch_dtype = \"torch.float32\"\n",
        "[seq_blocks_2.software.args.weight.stat]\n", "[seq_blocks_2.hardware]\n",
        "[x.hardware]\nis_implicit = true\n"})
    BOOST_TEST(contains(text, part), part << " is not in\n" << text);
}

// [D] MASE writes tensors as nested lists of texts.
BOOST_AUTO_TEST_CASE(what_passes_noted_stands_in_the_metadata_as_numbers) {
  Trainings at;
  good({"transform", "jsc-tiny", "jsc-sim", "--passes",
        "profile_statistics<by=type,target_weight_nodes=[linear],num_samples=16,"
        "weight_statistics={range_min_max={dims=all}}>," +
            saving("a")},
       at.path());
  const std::string text = read_file(at.path() / "a/node_meta_param.toml");
  const std::string table = "[seq_blocks_2.software.args.weight.stat.range_min_max]\n";
  BOOST_TEST(contains(text, table), text);
  for (const char* entry : {"\nmin = -0.", "\nmax = 0.", "\ncount = 80\n"})
    BOOST_TEST(contains(text.substr(text.find(table)), entry), entry);
}

BOOST_AUTO_TEST_CASE(a_dry_run_writes_nothing_and_reads_what_is_loaded) {
  Trainings at;
  good({"transform", "jsc-tiny", "--passes", saving("a"), "--dry-run"}, at.path());
  BOOST_TEST(!fs::exists(at.path() / "a"));
  check_refused(at.run({"transform", "jsc-tiny", "--passes", loading("a"), "--dry-run"}), 2,
                {"no file and no folder", "a'"});
}

BOOST_AUTO_TEST_CASE(what_cannot_be_loaded_is_named_and_nothing_is_left_behind) {
  Trainings at;
  good({"transform", "jsc-tiny", "--passes", kQuantize + "," + saving("good")}, at.path());
  good({"transform", "jsc-toy", "--passes", saving("other")}, at.path());
  const auto spoilt = [&](const std::string& name,
                          const std::function<void(const fs::path&)>& how) {
    const fs::path folder = at.path() / name;
    fs::copy(at.path() / "good", folder);
    how(folder);
    const Outcome outcome = at.run({"transform", "jsc-toy", "--passes", "flops," + loading(name)});
    BOOST_TEST(!fs::exists(at.path() / "t/software/transform/transformed_ckpt"), name);
    return outcome;
  };
  const auto edited = [](const std::function<void(json&)>& edit) {
    return [edit](const fs::path& folder) {
      json graph = json::parse(read_file(folder / "graph.json"));
      edit(graph);
      write_file(folder / "graph.json", graph.dump());
      write_nameless(folder / "model.safetensors");
    };
  };
  check_refused(
      spoilt("no_weights", [](const fs::path& f) { fs::remove(f / "model.safetensors"); }), 1,
      {"no_weights"});
  check_refused(spoilt("no_graph", [](const fs::path& f) { fs::remove(f / "graph.json"); }), 1,
                {"no_graph", "neither a training nor a saved graph"});
  check_refused(spoilt("cut_weights",
                       [](const fs::path& f) {
                         const auto file = f / "model.safetensors";
                         fs::resize_file(file, fs::file_size(file) - 8);
                       }),
                1, {"model.safetensors"});
  check_refused(spoilt("cut_graph",
                       [](const fs::path& f) {
                         const auto file = f / "graph.json";
                         fs::resize_file(file, fs::file_size(file) / 2);
                       }),
                1, {"graph.json", "no JSON"});
  check_refused(spoilt("changed",
                       [](const fs::path& f) {
                         json graph = json::parse(read_file(f / "graph.json"));
                         graph["nodes"][1]["name"] = "another";
                         write_file(f / "graph.json", graph.dump());
                       }),
                1, {"graph.json", "changed since"});
  check_refused(spoilt("foreign",
                       [&](const fs::path& f) {
                         fs::copy_file(at.path() / "other/model.safetensors",
                                       f / "model.safetensors",
                                       fs::copy_options::overwrite_existing);
                       }),
                1, {"foreign", "model.safetensors"});
  check_refused(spoilt("newer", edited([](json& g) { g["lathe_graph"] = 7; })), 1,
                {"graph.json", "form 7"});
  check_refused(spoilt("format", edited([](json& g) {
                         for (json& node : g["nodes"])
                           if (node.contains("formats")) node["formats"][0]["format"] = "mystery";
                       })),
                1, {"graph.json", "'mystery'", "no plugin brings"});
  check_refused(spoilt("op", edited([](json& g) { g["nodes"][2]["op"] = "mystery"; })), 1,
                {"graph.json", "mystery"});
}

BOOST_AUTO_TEST_CASE(a_format_whose_plugin_is_missing_is_named_with_the_plugin) {
  Trainings at;
  const std::string plugin = built_example("power_of_two.cpp", at.path()).string();
  good({"transform", "jsc-tiny", "--plugin", plugin, "--passes",
        "quantize<by=type,linear.name=power_of_two>," + saving("a")},
       at.path());
  check_refused(at.run({"transform", "jsc-tiny", "--passes", loading("a")}), 1,
                {"power_of_two", "--plugin", "graph.json"});
  good({"transform", "jsc-tiny", "--plugin", plugin, "--passes", loading("a") + "," + saving("b")},
       at.path());
  check_same_graphs(at.path() / "a", at.path() / "b");
}

BOOST_AUTO_TEST_CASE(options_are_checked_before_anything_runs) {
  Trainings at;
  check_refused(at.run({"transform", "jsc-tiny", "--passes", "load_graph"}), 2, {"load_dir"});
  check_refused(at.run({"transform", "jsc-tiny", "--passes", "save_graph<dir=a>"}), 2,
                {"'dir'", "save_dir"});
}

BOOST_AUTO_TEST_SUITE_END()
