// Rows of any fields, from a plugin written with the sugar to the host, and from the host to a
// model's builder.
#include "core/data/data.hpp"
#include "core/host/instances/instances.hpp"
#include "core/host/run.hpp"
#include "tests/plugin/fixtures.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

struct World {
  Registry registry{{}, {fixture("field_kinds")}};
  RunContext context;
  World() { context.registry = &registry; }

  std::shared_ptr<Dataset> set(const std::string& id, Value::Map options = {}) const {
    const Component& component = registry.find(Kind::dataset, id);
    return make_dataset(component, check_options(component.options, Value(std::move(options))), id,
                        {});
  }
  std::shared_ptr<Dataset> opened(const std::string& id, Value::Map options = {}) const {
    auto made = set(id, std::move(options));
    made->open({});
    return made;
  }
  Graph net(const DatasetInfo& info, Value::Map options = {}) {
    const Component& component = registry.find(Kind::model, "fields.net");
    return build_model(component, check_options(component.options, Value(std::move(options))), info,
                       6, 0, context);
  }
};

template <typename T>
std::vector<T> values(const RowTensors& rows, std::size_t field) {
  const auto all = rows.fields.at(field).values<T>();
  return {all.begin(), all.end()};
}

Field input(const std::string& name, DType dtype, Shape shape) {
  return {name, LATHE_FIELD_INPUT, dtype, std::move(shape), true, 0, {}};
}
Field target(DType dtype, Shape shape, std::int64_t classes) {
  return {"target", LATHE_FIELD_TARGET, dtype, std::move(shape), true, classes, {}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fields)

BOOST_FIXTURE_TEST_CASE(fields_are_what_the_plugin_says_before_and_after_open, World) {
  const auto rows = set("fields.rows");
  const DatasetInfo before = rows->info();
  BOOST_REQUIRE(before.fields.size() == 5U);
  BOOST_TEST(!before.fields[1].known_shape);
  BOOST_TEST(!before.complete());
  BOOST_TEST(before.augments);
  rows->open({});
  const DatasetInfo info = rows->info();
  BOOST_TEST(info.complete());
  BOOST_TEST(info.input()->name == "tokens");
  BOOST_TEST((info.input()->dtype == DType::int64));
  BOOST_TEST((info.fields[1].shape == Shape{3}));
  BOOST_TEST((info.fields[1].dtype == DType::boolean));
  BOOST_TEST(info.target()->name == "topics");
  BOOST_TEST(info.classes() == 2);
  BOOST_TEST(info.target()->class_names[1] == "sport");
  BOOST_TEST(info.first(LATHE_FIELD_WEIGHT)->name == "weight");
  BOOST_TEST((info.fields[4].dtype == DType::bfloat16));
}

BOOST_FIXTURE_TEST_CASE(rows_of_every_field_are_read_by_index, World) {
  const auto set = opened("fields.rows");
  BOOST_TEST(set->count(Split::train) == 4U);
  BOOST_TEST(set->count(Split::test) == 0U);
  const std::vector<std::uint64_t> index{3, 0};
  const RowTensors rows = set->read(Split::train, index);
  BOOST_TEST(values<std::int64_t>(rows, 0) == (std::vector<std::int64_t>{3, 4, 5, 0, 1, 2}),
             per_element());
  BOOST_TEST(values<std::uint8_t>(rows, 1) == (std::vector<std::uint8_t>{1, 1, 1, 0, 0, 0}),
             per_element());
  BOOST_TEST(values<float>(rows, 2) == (std::vector<float>{0, 1, 1, 0}), per_element());
  BOOST_TEST(values<float>(rows, 3) == (std::vector<float>{0.75F, 0}), per_element());
  BOOST_TEST((rows.fields[2].shape() == Shape{2, 2}));
  BOOST_TEST((rows.fields[3].shape() == Shape{2}));
}

BOOST_FIXTURE_TEST_CASE(targets_may_be_augmented_too, World) {
  const auto set = opened("fields.rows");
  const std::vector<std::uint64_t> index{0};
  const RowTensors rows = set->read(Split::train, index);
  BOOST_TEST(values<float>(set->augment(0, 0, index, rows), 2) == (std::vector<float>{0, 1}),
             per_element());
  BOOST_TEST(values<float>(set->augment(0, 1, index, rows), 2) == (std::vector<float>{1, 0}),
             per_element());
}

BOOST_FIXTURE_TEST_CASE(a_stream_counts_its_rows_by_being_read, World) {
  const auto set = opened("fields.stream");
  BOOST_TEST(!set->info().augments);
  BOOST_TEST(set->count(Split::train) == 10U);
  BOOST_TEST(set->count(Split::validation) == 0U);
  const RowTensors& rows = set->all(Split::train);
  BOOST_TEST(values<float>(rows, 0)[9] == 9.0F);
  BOOST_TEST(values<double>(rows, 1)[9] == 18.0);
}

BOOST_FIXTURE_TEST_CASE(a_plugin_that_asks_for_a_field_it_has_not_is_told, World) {
  const std::pair<std::string, std::string> cases[] = {
      {"name", "no field 'z'"}, {"place", "field 2 of rows with 2"}, {"type", "element type"}};
  for (const auto& [how, says] : cases) {
    const auto set = opened("fields.wrong", {{"how", Value(how)}});
    const std::string error = message_of([&] { set->count(Split::train); });
    BOOST_TEST(contains(error, says), error);
  }
}

BOOST_FIXTURE_TEST_CASE(placeholders_take_shape_and_type_of_inputs, World) {
  DatasetInfo info;
  info.fields = {target(DType::int64, {}, 4), input("a", DType::int64, {5}),
                 input("in_0", DType::float32, {2, 3})};
  // The first by its name; the second, whose name is no input's, by its place.
  const Graph graph = net(info);
  const auto placeholders = graph.placeholders();
  BOOST_REQUIRE(placeholders.size() == 2U);
  const Result& named = graph.node(placeholders[0]).result;
  BOOST_TEST((named.dtype == DType::float32));
  BOOST_TEST((named.shape == Shape{6, 2, 3}));
  BOOST_TEST((graph.node(placeholders[1]).result.shape == Shape{6, 2, 3}));
  info.fields[2].name = "b";
  info.fields[2].shape = {5};
  const Graph by_place = net(info);
  BOOST_TEST((by_place.node(by_place.placeholders()[0]).result.dtype == DType::int64));
}

BOOST_FIXTURE_TEST_CASE(a_network_has_as_many_outputs_as_the_target_needs, World) {
  const std::pair<Field, std::int64_t> cases[] = {
      {target(DType::int64, {}, 4), 4},       {target(DType::uint8, {7}, 3), 3},
      {target(DType::float32, {}, 0), 1},     {target(DType::float32, {1}, 0), 1},
      {target(DType::float64, {2, 3}, 0), 6}, {target(DType::boolean, {5}, 5), 5}};
  for (const auto& [of, outputs] : cases) {
    DatasetInfo info;
    info.fields = {input("x", DType::float32, {2}), of};
    const Graph graph = net(info);
    BOOST_TEST(graph.parameter_count() == outputs * 3);
  }
}

BOOST_FIXTURE_TEST_CASE(what_a_network_needs_and_the_data_set_has_not_is_told, World) {
  DatasetInfo info;
  info.fields = {input("x", DType::float32, {2}), target(DType::float32, {1}, 0)};
  BOOST_TEST(contains(message_of([&] { net(info, {{"needs", Value("mask")}}); }),
                      "needs a data set with a field 'mask'"));
  const std::string second = message_of([&] { net(info, {{"placeholders", Value(2)}}); });
  BOOST_TEST(contains(second, "placeholder 'in_1' has no shape"), second);
  BOOST_TEST(contains(second, "want of an input"), second);
  info.fields.pop_back();
  BOOST_TEST(contains(message_of([&] { net(info); }), "how many classes"));
}

BOOST_AUTO_TEST_SUITE_END()
