// Formats of plugins on integers: a student's, with codes, as any other; one whose codes are wrong
// costs an error that names it, or the layer stays on floats and says why.
#include "core/host/instances/format_choice.hpp"
#include "tests/engine/integer/exact_sums.hpp"
#include "tests/engine/integer/networks.hpp"
#include "tests/engine/integer/runs.hpp"

using namespace lathe_test;

namespace {

const lathe::Registry& with_fixtures() {
  static const lathe::Registry plugins(
      {{lathe_test::built_plugin_dir(), "built-in"}},
      {lathe_test::build_dir() / "tests/fixtures/integer_formats.so"});
  return plugins;
}

struct Site {
  const char* role;
  std::string id;
  Value options{Value::Map{}};
};

// Of bytes whose products are exact everywhere.
const Site kData{"data_in", "integer",
                 Value::Map{{"width", 7}, {"frac_width", 5}, {"is_signed", false}}};
const Site kWeight{"weight", "integer", Value::Map{{"width", 7}, {"frac_width", 6}}};

struct Layer {
  Graph graph;
  NodeId node = NodeId::none;
  Tensor x;
};

Layer layer(const std::string& op, const std::vector<Site>& sites) {
  Layer out;
  Writer w(9);
  if (op == "linear") {
    w.input({13});
    out.node = w.linear("layer", 13, 7);
    out.x = noise({4, 13}, 5);
  } else {
    w.input({3, 6, 5});
    out.node = conv(w, "layer", "conv2d", 3, 7);
    out.x = noise({4, 3, 6, 5}, 5);
  }
  out.graph = w.finish(4);
  lathe::Transaction edit(out.graph);
  for (const Site& site : sites) {
    const lathe::Component& component = with_fixtures().find(lathe::Kind::format, site.id);
    OperandFormat format;
    format.role = site.role;
    format.format = site.id;
    format.options = lathe::check_options(component.options, site.options);
    format.plugin_hash = component.sha256;
    edit.set_format(out.node, format);
  }
  edit.commit();
  return out;
}

Ran run(const Layer& layer, bool on_integers) {
  return run_graph(layer.graph, {layer.x},
                   {.on_integers = on_integers, .plugins = &with_fixtures()});
}

Site wrong(const char* role, const std::string& how) {
  return {role, "test_wrong_codes", Value::Map{{"how", how}}};
}

// Data of own formats have a sign: it takes exact instructions to multiply them.
void check_exact(const Layer& layer, bool own_data) {
  const Ran ran = run(layer, true);
  BOOST_REQUIRE(ran.on_integers.contains("layer"));
  if (own_data && !instructions_are_exact()) return;
  const auto exact = exact_result(with_fixtures(), layer.graph, layer.node, {layer.x});
  BOOST_TEST((list(ran.results.at(0)) == exact.value()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(own_formats_on_integers)

BOOST_AUTO_TEST_CASE(a_students_format_runs_on_integers) {
  for (const char* op : {"linear", "conv2d"}) {
    for (const char* id : {"test_tenths", "test_quarters", "test_thirds"}) {
      BOOST_TEST_CONTEXT(op << ", " << id) {
        check_exact(layer(op, {{"data_in", id}, kWeight}), true);
        check_exact(layer(op, {kData, {"weight", id}}), false);
        check_exact(layer(op, {{"data_in", id}, {"weight", id}}), true);
      }
    }
    check_exact(layer(op, {wrong("data_in", "none"), wrong("weight", "none")}), true);
  }
}

// Data are quantized, and then seen as levels; weights are asked for their codes.
BOOST_AUTO_TEST_CASE(wrong_codes_cost_an_error_or_integers_never_a_wrong_result) {
  enum class End { error, floats, integers };
  struct Row {
    const char* how;
    End on_data, on_weight;
    const char* says;  // in the error, beside the format's name; or in the reason
  };
  const Row rows[] = {
      {"outside", End::error, End::error, "which 7 bits do not hold"},
      {"nan_scale", End::error, End::error, "a scale that is not finite"},
      {"infinite_scale", End::error, End::error, "a scale that is not finite"},
      {"no_scale", End::error, End::error, "0 scales for 1 blocks"},
      {"two_scales", End::error, End::error, "2 scales for 1 blocks"},
      {"throws", End::error, End::error, "codes never work"},
      {"disagrees", End::integers, End::error, "must agree"},
      {"moves", End::error, End::error, "must agree"},
      {"negative_scale", End::floats, End::error, ""},
      {"half_levels", End::floats, End::floats, "no whole number"},
      {"nan_level", End::floats, End::floats, "level"},
      {"nine_bits", End::floats, End::floats, "9 bits"},
      {"far_zero_point", End::floats, End::floats, "zero point"},
      {"blocks", End::floats, End::floats, "scale"},
      {"unimplemented", End::floats, End::floats, "codes are for later"},
      {"draws", End::floats, End::floats, "random"},
  };
  for (const char* op : {"linear", "conv2d"}) {
    for (const Row& row : rows) {
      for (const bool on_data : {true, false}) {
        BOOST_TEST_CONTEXT(op << ", " << (on_data ? "data, " : "weight, ") << row.how) {
          const Layer one = on_data ? layer(op, {wrong("data_in", row.how), kWeight})
                                    : layer(op, {kData, wrong("weight", row.how)});
          const Tensor expected = run(one, false).results.at(0);
          std::string error;
          Ran ran;
          try {
            ran = run(one, true);
          } catch (const lathe::Error& e) {
            error = e.what();
          }
          const End end = on_data ? row.on_data : row.on_weight;
          if (end == End::error) {
            BOOST_TEST(error.find("test_wrong_codes") != std::string::npos, error);
            BOOST_TEST(error.find("'layer'") != std::string::npos, error);
            BOOST_TEST(error.find(row.says) != std::string::npos, error);
            continue;
          }
          BOOST_TEST(error.empty(), error);
          if (!error.empty()) continue;
          if (end == End::integers) {
            BOOST_TEST(ran.on_integers.contains("layer"));
            if (!instructions_are_exact()) continue;
            check_close(ran.results.at(0).values<float>(), list(expected), 1e-6, 1e-5, "y");
            continue;
          }
          BOOST_TEST(same_bytes(ran.results.at(0), expected));
          const auto why = ran.on_floats.find("layer");
          const std::string reason = why == ran.on_floats.end() ? "none" : why->second;
          BOOST_TEST(reason.find(row.says) != std::string::npos, reason);
        }
      }
    }
  }
}

// A layer with a format on one side alone has no codes to multiply.
BOOST_AUTO_TEST_CASE(layers_without_both_formats_stay_on_floats_and_say_so) {
  for (const char* op : {"linear", "conv2d"}) {
    for (const Site& site : {kData, kWeight}) {
      const Layer one = layer(op, {site});
      const Ran ran = run(one, true);
      BOOST_TEST(ran.on_integers.empty());
      BOOST_TEST(ran.on_floats.contains("layer"));
      BOOST_TEST(same_bytes(ran.results.at(0), run(one, false).results.at(0)));
    }
  }
  const Ran plain = run(layer("linear", {}), true);
  BOOST_TEST((plain.on_integers.empty() && plain.on_floats.empty()));
}

// A scale for each of the rows that the graph has.
BOOST_AUTO_TEST_CASE(formats_that_take_no_other_number_of_rows_stay_on_floats) {
  const Layer one = layer(
      "linear",
      {{"data_in", "affine", Value::Map{{"scale", Value::List{0.1, 0.2, 0.3, 0.4}}, {"axis", 0}}},
       kWeight});
  const Ran ran = run(one, true);
  BOOST_TEST(ran.on_floats.contains("layer"));
  BOOST_TEST(same_bytes(ran.results.at(0), run(one, false).results.at(0)));
}

BOOST_AUTO_TEST_CASE(nan_in_weights_is_as_on_floats) {
  for (const char* op : {"linear", "conv2d"}) {
    Layer one = layer(op, {kData, kWeight});
    const Tensor weight = one.graph.node(one.node).parameter("weight")->content->tensor();
    one.graph = one.graph.with_parameters(
        {{"layer.weight", with_row_spoilt(weight, 1, std::numeric_limits<float>::quiet_NaN())}});
    BOOST_TEST(same_bytes(run(one, true).results.at(0), run(one, false).results.at(0)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
