// Which splits of a plugin's data set are opened, and what the plugin is told. The plugin is made
// of C functions here.
#include "core/data/data.hpp"
#include "tests/data/c_dataset.hpp"
#include "tests/support/messages.hpp"

#include <fmt/ranges.h>
#include <boost/test/unit_test.hpp>

#include <thread>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

// What the plugin does, and what it was asked.
struct Script {
  std::vector<std::string> opened;      // "train+test", a text for each call
  std::vector<std::string> trained_on;  // of the last request
  std::vector<double> mean;             // likewise
  std::string counted;                  // splits
  std::string missing;                  // a split whose file is not there
  std::int64_t classes = 2;
  bool grows = false;  // a class more with each call of open()
  lathe_field fields[2] = {};
  lathe_field_table table = {};
};
Script* script = nullptr;

std::string text_of(lathe_str text) { return {text.data, text.size}; }

lathe_code create(lathe_call*, const lathe_value*, lathe_str, void** self) {
  *self = script;
  return LATHE_OK;
}
void destroy(void*) {}
lathe_code info(lathe_call*, void*, lathe_dataset_info* out) {
  static const std::int64_t width = 1;
  script->fields[0] = field("samples", LATHE_FIELD_INPUT, LATHE_DTYPE_FLOAT32, &width, 1);
  script->fields[1] =
      field("labels", LATHE_FIELD_TARGET, LATHE_DTYPE_INT64, nullptr, 0, script->classes);
  script->table = {sizeof(lathe_field_table), sizeof(lathe_field), script->fields, 2};
  out->fields = &script->table;
  return LATHE_OK;
}
lathe_code open(lathe_call* call, void*, const lathe_open_request* request) {
  std::vector<std::string> splits;
  for (std::uint64_t i = 0; i < request->split_count; ++i)
    splits.push_back(text_of(request->splits[i]));
  script->opened.push_back(splits.empty() ? "all" : fmt::format("{}", fmt::join(splits, "+")));
  script->trained_on.clear();
  if (const lathe_field_table* fields = request->trained_on; fields != nullptr) {
    for (std::uint64_t i = 0; i < fields->count; ++i) {
      const lathe_field& field = fields->rows[i];
      for (std::int64_t k = 0; field.class_names != nullptr && k < field.classes; ++k)
        script->trained_on.push_back(text_of(field.class_names[k]));
      for (std::int64_t k = 0; field.feature_names != nullptr && k < field.shape[0]; ++k)
        script->trained_on.push_back(text_of(field.feature_names[k]));
      if (field.mean != nullptr) script->mean = {field.mean[0], field.deviation[0]};
    }
  }
  if (script->grows) ++script->classes;
  for (const std::string& split : splits)
    if (split == script->missing)
      return call->host->fail(call, LATHE_NOT_FOUND, text("the file is not there"));
  return LATHE_OK;
}
lathe_code count(lathe_call*, void*, lathe_str split, std::uint64_t* rows) {
  script->counted += text_of(split) + " ";
  *rows = 3;
  return LATHE_OK;
}
lathe_code read(lathe_call*, void*, lathe_str, const std::uint64_t* index, std::uint64_t rows,
                lathe_tensor* const* out, std::uint64_t) {
  for (std::uint64_t i = 0; i < rows; ++i) {
    static_cast<float*>(out[0]->dl.data)[i] = static_cast<float>(index[i]);
    static_cast<std::int64_t*>(out[1]->dl.data)[i] = 0;
  }
  return LATHE_OK;
}
const lathe_dataset kInterface = {LATHE_SIZE_UP_TO(lathe_dataset, read),
                                  0,
                                  create,
                                  destroy,
                                  info,
                                  open,
                                  count,
                                  read,
                                  nullptr,
                                  nullptr,
                                  nullptr,
                                  nullptr};

struct Fixture {
  Script s;
  Component component = dataset_component("counting", kInterface);
  Fixture() { script = &s; }
  std::shared_ptr<Dataset> make() {
    return make_dataset(component, Value(Value::Map{}), "counting", {});
  }
};

using Texts = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(opened_splits)

BOOST_FIXTURE_TEST_CASE(a_request_for_no_split_opens_all, Fixture) {
  const auto set = make();
  set->open({});
  for (const Split split : {Split::train, Split::validation, Split::test}) set->all(split);
  BOOST_TEST(s.opened == Texts{"all"}, per_element());
}

BOOST_FIXTURE_TEST_CASE(only_splits_that_are_asked_for_are_opened_and_counted, Fixture) {
  const auto set = make();
  set->open({{Split::test}, {}});
  BOOST_TEST(set->all(Split::test).rows() == 3);
  BOOST_TEST(set->count(Split::test) == 3U);
  BOOST_TEST(s.opened == Texts{"test"}, per_element());
  BOOST_TEST(s.counted == "test ");
  set->open({{Split::test}, {}});
  BOOST_TEST(s.opened.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(another_split_is_opened_when_it_is_needed, Fixture) {
  const auto set = make();
  set->open({{Split::test}, {}});
  BOOST_TEST(set->count(Split::train) == 3U);
  const std::uint64_t row = 2;
  BOOST_TEST(set->read(Split::train, {&row, 1}).fields[0].values<float>()[0] == 2.0F);
  BOOST_TEST(s.opened == (Texts{"test", "train"}), per_element());
  set->open({});
  BOOST_TEST(s.opened == (Texts{"test", "train", "validation"}), per_element());
}

BOOST_FIXTURE_TEST_CASE(threads_that_need_a_split_open_it_once, Fixture) {
  const auto set = make();
  set->open({{Split::test}, {}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      set->all(Split::validation);
      set->all(Split::test);
    });
  for (auto& thread : threads) thread.join();
  BOOST_TEST(s.opened == (Texts{"test", "validation"}), per_element());
}

BOOST_FIXTURE_TEST_CASE(a_split_that_cannot_be_opened_hides_none_that_is_open, Fixture) {
  s.missing = "train";
  const auto set = make();
  set->open({{Split::test}, {}});
  for (int i = 0; i < 2; ++i)
    BOOST_TEST(contains(message_of([&] { set->all(Split::train); }), "the file is not there"));
  BOOST_TEST(set->all(Split::test).rows() == 3);
  BOOST_TEST(s.opened == (Texts{"test", "train"}), per_element());
}

BOOST_FIXTURE_TEST_CASE(a_plugin_is_told_what_the_weights_were_trained_on, Fixture) {
  Field samples{"samples", LATHE_FIELD_INPUT, DType::float32, Shape{1}, true, 0, {}};
  samples.feature_names = {"mass"};
  samples.mean = {2.5};
  samples.deviation = {0.5};
  const Field labels{"labels", LATHE_FIELD_TARGET, DType::int64, {}, true, 2, {"no", "yes"}};
  const auto set = make();
  set->open({{Split::test}, {samples, labels}});
  const Texts told{"mass", "no", "yes"};
  BOOST_TEST(s.trained_on == told, per_element());
  BOOST_TEST(s.mean == (std::vector<double>{2.5, 0.5}), per_element());
  set->all(Split::train);
  BOOST_TEST(s.trained_on == told, per_element());
  // It names no classes of its own: they are those of the weights.
  BOOST_TEST(set->info().target()->class_names == (Texts{"no", "yes"}), per_element());
}

BOOST_FIXTURE_TEST_CASE(what_a_row_is_made_of_stays_when_more_is_opened, Fixture) {
  s.grows = true;
  const auto set = make();
  set->open({{Split::test}, {}});
  const std::string error = message_of([&] { set->all(Split::validation); });
  BOOST_TEST(contains(error, "info() changes when the split 'validation' is opened"), error);
}

BOOST_AUTO_TEST_SUITE_END()
