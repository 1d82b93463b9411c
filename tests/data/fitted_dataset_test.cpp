// Rows of a data set as the weights of a run know them: classes and features by name, else by
// count.
#include "core/data/fitted_dataset.hpp"
#include "core/data/data.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

using Texts = std::vector<std::string>;
using Floats = std::vector<float>;
using Labels = std::vector<std::int64_t>;

Field features(Texts names, std::int64_t width = 3, std::string name = "samples") {
  Field field{std::move(name), LATHE_FIELD_INPUT, DType::float32, Shape{width}, true, 0, {}};
  field.feature_names = std::move(names);
  return field;
}
Field classes(Texts names, std::int64_t count, DType dtype = DType::int64) {
  return {"labels", LATHE_FIELD_TARGET, dtype, {}, true, count, std::move(names)};
}
Field numbers(std::int64_t width) {
  return {"targets", LATHE_FIELD_TARGET, DType::float32, Shape{width}, true, 0, {}};
}
Field topics(Texts names) {
  const auto count = static_cast<std::int64_t>(names.size());
  return {"topics", LATHE_FIELD_TARGET, DType::float32, Shape{count}, true,
          count,    std::move(names)};
}

// Rows 10 r + column.
Tensor table(std::int64_t rows, std::int64_t width) {
  Floats values;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < width; ++c) values.push_back(static_cast<float>(10 * r + c));
  return Tensor::of<float>(DType::float32, Shape{rows, width}, values);
}

// Three rows of three features, of the classes 0, 1, 2.
std::shared_ptr<Dataset> jets(const Field& x, const Field& y) {
  const Labels labels{0, 1, 2};
  const RowTensors rows{
      {table(3, x.shape[0]), Tensor::of<std::int64_t>(DType::int64, Shape{3}, labels)}};
  return fitted(dataset_of("mine", {x, y}, rows, {}, rows));
}

Floats samples(const Dataset& set) {
  const auto values = set.all(Split::test).fields[0].values<float>();
  return {values.begin(), values.end()};
}
Labels labels(const Dataset& set) {
  const auto values = set.all(Split::test).fields[1].values<std::int64_t>();
  return {values.begin(), values.end()};
}

std::string opening(const std::shared_ptr<Dataset>& set, std::vector<Field> trained_on) {
  return message_of([&] { set->open({{Split::test}, std::move(trained_on)}); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fitted_dataset)

BOOST_AUTO_TEST_CASE(without_weights_rows_stay_as_they_are) {
  const auto set = jets(features({"a", "b", "c"}), classes({"x", "y", "z"}, 3));
  set->open({});
  BOOST_TEST(labels(*set) == (Labels{0, 1, 2}), per_element());
  BOOST_TEST(set->info().target()->class_names == (Texts{"x", "y", "z"}), per_element());
}

BOOST_AUTO_TEST_CASE(classes_have_the_numbers_they_were_trained_with) {
  const auto set = jets(features({}), classes({"x", "y", "z"}, 3));
  // As many, in another order; and one more, which these rows do not have.
  BOOST_REQUIRE_EQUAL(opening(set, {features({}), classes({"z", "w", "x", "y"}, 4)}), "");
  BOOST_TEST(labels(*set) == (Labels{2, 3, 0}), per_element());
  BOOST_TEST(set->info().classes() == 4);
  BOOST_TEST(set->info().target()->class_names == (Texts{"z", "w", "x", "y"}), per_element());
  const std::array<std::uint64_t, 2> index{2, 0};
  const auto some = set->read(Split::test, index);
  BOOST_TEST(some.fields[1].values<std::int64_t>()[0] == 0);
  BOOST_TEST(some.fields[1].values<std::int64_t>()[1] == 2);
  // What is not changed is not copied.
  BOOST_TEST(some.fields[0].values<float>()[0] == 20.0F);
}

BOOST_AUTO_TEST_CASE(labels_of_every_integer_type_are_renumbered) {
  const auto check = [](DType dtype, auto zero) {
    using T = decltype(zero);
    const std::array<T, 3> labels{0, 1, 2};
    const RowTensors rows{{table(3, 3), Tensor::of<T>(dtype, Shape{3}, labels)}};
    const auto set = fitted(
        dataset_of("mine", {features({}), classes({"x", "y", "z"}, 3, dtype)}, {}, {}, rows));
    set->open({{Split::test}, {features({}), classes({"z", "y", "x"}, 3)}});
    const auto values = set->all(Split::test).fields[1].values<T>();
    BOOST_TEST(static_cast<int>(values[0]) == 2);
    BOOST_TEST(static_cast<int>(values[1]) == 1);
    BOOST_TEST(static_cast<int>(values[2]) == 0);
  };
  check(DType::int8, std::int8_t{});
  check(DType::uint8, std::uint8_t{});
  check(DType::int16, std::int16_t{});
  check(DType::int32, std::int32_t{});
}

BOOST_AUTO_TEST_CASE(a_class_that_the_network_does_not_know_is_named_with_its_row) {
  const auto set = jets(features({}), classes({"x", "y", "z"}, 3));
  BOOST_REQUIRE_EQUAL(opening(set, {features({}), classes({"y", "z"}, 2)}), "");
  const std::string error = message_of([&] { set->all(Split::test); });
  BOOST_TEST(contains(error,
                      "'mine': row 0 of split 'test' is of the class 'x', which the network "
                      "does not know; it was trained on 'y', 'z'"),
             error);
  // By its number in the split, where rows are read in part; rows of known classes can be read.
  const std::array<std::uint64_t, 2> index{1, 0};
  BOOST_TEST(contains(message_of([&] { set->read(Split::test, index); }), "row 0 of split"));
  BOOST_TEST(set->read(Split::test, {index.data(), 1}).fields[1].values<std::int64_t>()[0] == 0);
}

BOOST_AUTO_TEST_CASE(classes_without_names_are_counted) {
  const Texts names{"x", "y", "z"};
  for (const bool own_names : {false, true}) {
    const auto mine = [&] { return jets(features({}), classes(own_names ? names : Texts{}, 3)); };
    const auto trained = [&](std::int64_t count) { return classes({}, count); };
    const auto set = mine();
    BOOST_TEST(opening(set, {features({}), trained(3)}) == "");
    BOOST_TEST(labels(*set) == (Labels{0, 1, 2}), per_element());
    for (const std::int64_t count : {2, 4}) {
      const std::string error = opening(mine(), {features({}), trained(count)});
      BOOST_TEST(contains(error, "'mine' has 3 classes"), error);
      BOOST_TEST(contains(error, "was trained on " + std::to_string(count)), error);
    }
  }
  // The network's names stand where the set has none.
  const auto set = jets(features({}), classes({}, 3));
  BOOST_TEST(opening(set, {features({}), classes(names, 3)}) == "");
  BOOST_TEST(set->info().target()->class_names == names, per_element());
}

BOOST_AUTO_TEST_CASE(columns_are_taken_by_name) {
  Field own = features({"a", "b", "c"});
  own.mean = {1, 2, 3};
  own.deviation = {4, 5, 6};
  Field trained = features({"c", "a"}, 2);
  trained.mean = {3, 1};
  trained.deviation = {6, 4};
  const auto set = jets(own, classes({}, 3));
  BOOST_REQUIRE_EQUAL(opening(set, {trained, classes({}, 3)}), "");
  BOOST_TEST(samples(*set) == (Floats{2, 0, 12, 10, 22, 20}), per_element());
  const DatasetInfo info = set->info();
  BOOST_TEST((info.input()->shape == Shape{2}));
  BOOST_TEST(info.input()->feature_names == (Texts{"c", "a"}), per_element());
  BOOST_TEST(info.input()->mean == (std::vector<double>{3, 1}), per_element());
  BOOST_TEST(info.input()->deviation == (std::vector<double>{6, 4}), per_element());
}

BOOST_AUTO_TEST_CASE(a_column_that_is_missing_is_named) {
  const auto set = jets(features({"a", "b", "c"}), classes({}, 3));
  const std::string error =
      opening(set, {features({"a", "mass", "c", "width"}, 4), classes({}, 3)});
  BOOST_TEST(contains(error,
                      "'mine' has no column 'mass', 'width', which the network was trained "
                      "on; it has 'a', 'b', 'c'"),
             error);
}

BOOST_AUTO_TEST_CASE(columns_without_names_are_counted) {
  for (const bool own_names : {false, true}) {
    const auto mine = [&] {
      return jets(features(own_names ? Texts{"a", "b", "c"} : Texts{}), classes({}, 3));
    };
    const auto trained = [&](std::int64_t width) {
      return features(own_names ? Texts{} : Texts(static_cast<std::size_t>(width), "p"), width);
    };
    BOOST_TEST(opening(mine(), {trained(3), classes({}, 3)}) == "");
    for (const std::int64_t width : {2, 4}) {
      const std::string error = opening(mine(), {trained(width), classes({}, 3)});
      BOOST_TEST(contains(error, "'mine' has 3 features in a row of 'samples'"), error);
      BOOST_TEST(contains(error, "was trained on " + std::to_string(width)), error);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_weights_say_of_themselves_is_checked) {
  const auto fails = [](Field x, Field y) {
    return opening(jets(features({}), classes({}, 3)), {std::move(x), std::move(y)});
  };
  BOOST_TEST(contains(fails(features({"a"}), classes({}, 3)),
                      "say 1 names of features of the field 'samples' that they were trained on, "
                      "where 3 are needed"));
  BOOST_TEST(contains(fails(features({}), classes({"x", "y"}, 3)),
                      "say 2 names of classes of the field 'labels'"));
  Field scaled = features({});
  scaled.mean = {1, 2};
  scaled.deviation = {1, 2};
  BOOST_TEST(contains(fails(scaled, classes({}, 3)), "say 2 means of the field 'samples'"));
  scaled.mean = {1, 2, 3};
  BOOST_TEST(contains(fails(scaled, classes({}, 3)), "say 2 deviations"));
  scaled.deviation.clear();
  BOOST_TEST(contains(fails(scaled, classes({}, 3)), "a scaling of the field 'samples' that"));
  scaled.deviation = {1, 0, 1};
  BOOST_TEST(contains(fails(scaled, classes({}, 3)), "a scaling of the field 'samples' that"));
}

BOOST_AUTO_TEST_CASE(numbers_are_no_classes) {
  const RowTensors rows{{table(3, 3), table(3, 2)}};
  const auto regression = [&] {
    return fitted(dataset_of("mine", {features({}), numbers(2)}, {}, {}, rows));
  };
  BOOST_TEST(opening(regression(), {features({}), numbers(2)}) == "");
  BOOST_TEST(contains(opening(regression(), {features({}), classes({}, 3)}),
                      "has numbers in its target 'targets', and the network was trained on one "
                      "class a row"));
  BOOST_TEST(contains(opening(regression(), {features({}), topics({"a", "b"})}),
                      "was trained on any number of classes a row"));
  BOOST_TEST(contains(opening(regression(), {features({}), numbers(1)}),
                      "has 2 numbers in a row of its target 'targets', and the network was trained "
                      "on 1"));
  BOOST_TEST(contains(opening(jets(features({}), classes({}, 3)), {features({}), numbers(1)}),
                      "has one class a row in its target 'labels', and the network was trained on "
                      "numbers"));
}

BOOST_AUTO_TEST_CASE(classes_that_hold_or_not_are_put_in_order) {
  const Floats shares{1, 0, 0.5F, 0, 0, 1};
  const RowTensors rows{{table(2, 3), Tensor::of<float>(DType::float32, Shape{2, 3}, shares)}};
  const auto mine = [&] {
    return fitted(
        dataset_of("mine", {features({}), topics({"art", "law", "sport"})}, {}, {}, rows));
  };
  const auto set = mine();
  BOOST_REQUIRE_EQUAL(opening(set, {features({}), topics({"sport", "art", "law"})}), "");
  const auto values = set->all(Split::test).fields[1].values<float>();
  BOOST_TEST(Floats(values.begin(), values.end()) == (Floats{0.5F, 1, 0, 1, 0, 0}), per_element());
  BOOST_TEST(
      contains(opening(mine(), {features({}), topics({"art", "law"})}),
               "has the classes 'art', 'law', 'sport', and the network was trained on 'art', "
               "'law' alone"));
  BOOST_TEST(contains(opening(mine(), {features({}), topics({"art", "law", "sport", "war"})}),
                      "has no class 'war'"));
}

// The second input is the network's first; sequences and images are left to the graph.
BOOST_AUTO_TEST_CASE(inputs_are_found_by_name_else_at_their_place) {
  const RowTensors rows{{table(2, 2), table(2, 3)}};
  const Field left = features({"a", "b"}, 2, "left");
  const Field right = features({"p", "q", "r"}, 3, "right");
  const auto mine = [&] { return fitted(dataset_of("mine", {left, right}, {}, {}, rows)); };
  auto set = mine();
  BOOST_REQUIRE_EQUAL(opening(set, {features({"r", "p"}, 2, "right"), features({"b"}, 1, "left")}),
                      "");
  const auto of = [&](std::size_t field) {
    const auto values = set->all(Split::test).fields[field].values<float>();
    return Floats(values.begin(), values.end());
  };
  BOOST_TEST(of(0) == (Floats{1, 11}), per_element());
  BOOST_TEST(of(1) == (Floats{2, 0, 12, 10}), per_element());
  set = mine();
  BOOST_REQUIRE_EQUAL(opening(set, {features({"b", "a"}, 2, "x"), features({"q"}, 1, "right")}),
                      "");
  BOOST_TEST(of(0) == (Floats{1, 0, 11, 10}), per_element());
  BOOST_TEST(of(1) == (Floats{1, 11}), per_element());

  const std::array<std::int64_t, 4> tokens{1, 2, 3, 4};
  const Field words{"tokens", LATHE_FIELD_INPUT, DType::int64, Shape{2}, true, 0, {}};
  Field longer = words;
  longer.shape = Shape{32};
  set =
      fitted(dataset_of("mine", {words}, {}, {},
                        RowTensors{{Tensor::of<std::int64_t>(DType::int64, Shape{2, 2}, tokens)}}));
  BOOST_TEST(opening(set, {longer}) == "");
  BOOST_TEST(set->all(Split::test).fields[0].values<std::int64_t>()[3] == 4);
}

BOOST_AUTO_TEST_SUITE_END()
