// Data sets over plugins. The plugin is made of C functions here, well-behaved or not.
#include "core/data/data.hpp"
#include "tests/data/c_dataset.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>
#include <thread>

using namespace lathe;
using namespace lathe_test;

namespace {

// What the plugin should do, and what it was asked.
struct Script {
  std::vector<lathe_field> fields;  // empty: samples and labels, of the members below
  std::uint32_t rank = 1;
  std::int64_t width = 2;
  std::int64_t classes = 3;
  std::uint64_t rows = 5;
  std::int64_t label_of_row_3 = 0;
  float sample_of_row_3 = 3;
  std::int32_t augments = 0;
  const char* open_fails = nullptr;
  std::uint64_t stream_rows = 0;  // of each split that is a stream
  std::uint64_t too_many = 0;     // that next() says it gave beyond what it was asked for
  std::atomic<int> opened{0}, whole_reads{0}, inside{0}, most_inside{0};
  std::vector<std::uint64_t> firsts;  // that next() was asked for
  lathe_field_table table{};
};
Script* script = nullptr;

lathe_code create(lathe_call*, const lathe_value*, lathe_str, void** self) {
  *self = script;
  return LATHE_OK;
}
void destroy(void*) {}
lathe_code info(lathe_call*, void*, lathe_dataset_info* out) {
  static std::vector<lathe_field> rows;
  rows = script->fields;
  if (rows.empty())
    rows = {field("samples", LATHE_FIELD_INPUT, LATHE_DTYPE_FLOAT32, &script->width, script->rank),
            field("labels", LATHE_FIELD_TARGET, LATHE_DTYPE_INT64, nullptr, 0, script->classes)};
  script->table = {sizeof(lathe_field_table), sizeof(lathe_field), rows.data(), rows.size()};
  out->fields = &script->table;
  out->augments = script->augments;
  return LATHE_OK;
}
lathe_code open(lathe_call* call, void*, const lathe_open_request*) {
  ++script->opened;
  if (script->open_fails == nullptr) return LATHE_OK;
  return call->host->fail(call, LATHE_NOT_FOUND, text(script->open_fails));
}
lathe_code count(lathe_call*, void*, lathe_str split, std::uint64_t* rows) {
  *rows = std::string_view(split.data, split.size) == "test" ? 0 : script->rows;
  return LATHE_OK;
}
void fill_row(std::uint64_t row, std::uint64_t at, lathe_tensor* const* out) {
  const bool third = row == 3;
  auto* samples = static_cast<float*>(out[0]->dl.data) + at * 2;
  samples[0] = third ? script->sample_of_row_3 : static_cast<float>(row);
  samples[1] = -samples[0];
  static_cast<std::int64_t*>(out[1]->dl.data)[at] =
      third ? script->label_of_row_3 : static_cast<std::int64_t>(row % 3);
}
lathe_code read(lathe_call*, void*, lathe_str, const std::uint64_t* index, std::uint64_t count,
                lathe_tensor* const* out, std::uint64_t out_count) {
  const int now = ++script->inside;
  if (now > script->most_inside) script->most_inside = now;
  if (count == script->rows) ++script->whole_reads;
  for (std::uint64_t i = 0; i < count; ++i) fill_row(index[i], i, out);
  std::this_thread::yield();
  --script->inside;
  return out_count == 2 ? LATHE_OK : LATHE_INTERNAL;
}
lathe_code next(lathe_call*, void*, lathe_str, std::uint64_t first, std::uint64_t rows,
                lathe_tensor* const* out, std::uint64_t, std::uint64_t* given) {
  script->firsts.push_back(first);
  *given = std::min(rows, script->stream_rows - std::min(first, script->stream_rows));
  for (std::uint64_t i = 0; i < *given; ++i) fill_row(first + i, i, out);
  *given += script->too_many;
  return LATHE_OK;
}
lathe_code count_streams(lathe_call*, void*, lathe_str, std::uint64_t* rows) {
  *rows = LATHE_COUNT_UNKNOWN;
  return LATHE_OK;
}
// Adds 100 times the epoch, 10 times the seed and the row's number to the samples, and one to the
// labels.
lathe_code augment(lathe_call*, void*, std::uint64_t seed, std::uint64_t epoch,
                   const std::uint64_t* index, std::uint64_t count, lathe_tensor* const* out,
                   std::uint64_t out_count) {
  auto* values = static_cast<float*>(out[0]->dl.data);
  for (std::uint64_t i = 0; i < count; ++i) {
    for (std::int64_t k = 0; k < script->width; ++k)
      *values++ += static_cast<float>(100 * epoch + 10 * seed + index[i]);
    ++static_cast<std::int64_t*>(out[1]->dl.data)[i];
  }
  const DLTensor& samples = out[0]->dl;
  return out_count == 2 && samples.ndim == 2 && samples.shape[1] == script->width ? LATHE_OK
                                                                                  : LATHE_INTERNAL;
}
// Without what came last, with all, and with nothing but streams.
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
const lathe_dataset kAugmenting = {LATHE_SIZE_UP_TO(lathe_dataset, augment),
                                   0,
                                   create,
                                   destroy,
                                   info,
                                   open,
                                   count,
                                   read,
                                   nullptr,
                                   nullptr,
                                   augment,
                                   nullptr};
const lathe_dataset kStream = {LATHE_SIZE_UP_TO(lathe_dataset, next),
                               0,
                               create,
                               destroy,
                               info,
                               open,
                               count_streams,
                               nullptr,
                               next,
                               nullptr,
                               nullptr,
                               nullptr};

struct Fixture {
  Script s;
  Component component = dataset_component("numbers", kInterface);
  Fixture() {
    script = &s;
    Option option;
    option.key = "test";
    component.options.options.push_back(option);
  }
  std::shared_ptr<Dataset> make(std::uint64_t stream_limit = 0) {
    return make_dataset(component, Value(Value::Map{}), "numbers<>", {}, stream_limit);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_dataset)

BOOST_FIXTURE_TEST_CASE(rows_come_by_index_in_the_order_asked_for, Fixture) {
  const auto set = make();
  set->open({});
  const std::vector<std::uint64_t> index{4, 0, 4};
  for (int whole = 0; whole < 2; ++whole) {
    const RowTensors rows = set->read(Split::train, index);
    BOOST_TEST((rows.fields[0].shape() == Shape{3, 2}));
    BOOST_TEST(rows.fields[0].values<float>()[0] == 4.0F);
    BOOST_TEST(rows.fields[0].values<float>()[2] == 0.0F);
    BOOST_TEST(rows.fields[1].values<std::int64_t>()[2] == 1);
    set->all(Split::train);
  }
}

BOOST_FIXTURE_TEST_CASE(a_set_is_opened_once_and_each_split_read_once, Fixture) {
  const auto set = make();
  set->open({});
  set->open({});
  std::vector<std::thread> threads;
  std::set<const RowTensors*> seen;
  std::mutex mutex;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      const RowTensors* all = &set->all(Split::validation);
      const std::lock_guard lock(mutex);
      seen.insert(all);
    });
  for (auto& thread : threads) thread.join();
  BOOST_TEST(s.opened == 1);
  BOOST_TEST(s.whole_reads == 1);
  BOOST_TEST(seen.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_plugin_that_does_not_say_so_is_never_called_by_two_threads, Fixture) {
  const auto set = make();
  set->open({});
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      const std::uint64_t row = 1;
      for (int k = 0; k < 50; ++k) set->read(Split::train, {&row, 1});
    });
  for (auto& thread : threads) thread.join();
  BOOST_TEST(s.most_inside == 1);
}

BOOST_FIXTURE_TEST_CASE(what_opening_failed_with_stays_the_answer, Fixture) {
  s.open_fails = "the file is on holiday";
  const auto set = make();
  for (int i = 0; i < 2; ++i)
    BOOST_TEST(contains(message_of([&] { set->open({}); }), "the file is on holiday"));
  BOOST_TEST(s.opened == 1);
  BOOST_TEST(contains(message_of([&] { set->all(Split::train); }), "before open"));
}

BOOST_FIXTURE_TEST_CASE(rows_that_are_not_there_are_named, Fixture) {
  const auto set = make();
  set->open({});
  const std::uint64_t far = 5;
  for (int whole = 0; whole < 2; ++whole) {
    const std::string error = message_of([&] { set->read(Split::train, {&far, 1}); });
    BOOST_TEST(contains(error, "'numbers<>'"), error);
    BOOST_TEST(contains(error, "row 5"), error);
    set->all(Split::train);
  }
  BOOST_TEST(contains(message_of([&] { set->all(Split::test); }), "option 'test'"));
}

BOOST_FIXTURE_TEST_CASE(what_a_plugin_gets_wrong_is_an_error_of_the_run, Fixture) {
  s.label_of_row_3 = 3;
  auto set = make();
  set->open({});
  BOOST_TEST(
      contains(message_of([&] { set->all(Split::train); }), "row 3 of split 'train' has label 3"));
  s.label_of_row_3 = 0;
  s.sample_of_row_3 = NAN;
  BOOST_TEST(
      contains(message_of([&] { set->all(Split::train); }), "row 3 of split 'train' holds nan"));
  s.sample_of_row_3 = 3;
  BOOST_TEST(message_of([&] { set->all(Split::train); }).empty());

  s.classes = 0;
  BOOST_TEST(contains(message_of([&] { make()->open({}); }), "the classes of its field 'labels'"));
  s.classes = -1;
  BOOST_TEST(contains(message_of([&] { make()->open({}); }), "'labels' -1 classes"));
  s.classes = 3;
  s.width = 0;
  BOOST_TEST(contains(message_of([&] { make()->open({}); }), "the shape [0]"));
  s.width = 2;
  s.rank = LATHE_RANK_UNKNOWN;
  BOOST_TEST(!make()->info().input()->known_shape);
  BOOST_TEST(contains(message_of([&] { make()->open({}); }), "the shape of its field 'samples'"));
}

// Rows that are read in part are named by their number in the split, not in what was read.
BOOST_FIXTURE_TEST_CASE(a_bad_row_has_its_number_in_the_split, Fixture) {
  s.label_of_row_3 = -1;
  const auto set = make();
  set->open({});
  const std::vector<std::uint64_t> index{4, 3};
  BOOST_TEST(contains(message_of([&] { set->read(Split::train, index); }),
                      "row 3 of split 'train' has label -1 in its field 'labels'"));
}

BOOST_FIXTURE_TEST_CASE(fields_that_cannot_be_are_refused, Fixture) {
  const std::int64_t two = 2, endless[] = {std::int64_t{1} << 40, std::int64_t{1} << 40};
  const lathe_field x = field("x", LATHE_FIELD_INPUT, LATHE_DTYPE_FLOAT32, &two, 1);
  const lathe_str endless_name[] = {text("a"), {"b", UINT64_MAX}};
  const double numbers[] = {1.0, 2.0}, with_nan[] = {1.0, NAN}, with_zero[] = {1.0, 0.0};
  lathe_field named = x, lopsided = x, odd = x, flat = x,
              target = field("y", LATHE_FIELD_TARGET, LATHE_DTYPE_FLOAT32, &two, 1);
  named.feature_names = endless_name;
  const std::int64_t square[] = {2, 2};
  lathe_field picture = named;
  picture.shape = square;
  picture.rank = 2;
  lopsided.mean = numbers;
  odd.mean = with_nan, odd.deviation = numbers;
  flat.mean = numbers, flat.deviation = with_zero;
  target.mean = target.deviation = numbers;
  struct Case {
    std::vector<lathe_field> fields;
    const char* says;
  };
  const Case cases[] = {
      {{named}, "info(): the name of feature 1 of 'x' is no text"},
      {{picture}, "'x' names of features, and it is no input of rank 1"},
      {{lopsided}, "'x' a mean without a deviation"},
      {{odd}, "number 1 of the field 'x' the mean nan"},
      {{flat}, "the deviation 0; both are finite"},
      {{x, target}, "'y' names or a scaling of its numbers, and it is no input"},
      {{field("y", LATHE_FIELD_TARGET, LATHE_DTYPE_FLOAT32)}, "no field that is an input"},
      {{x, x}, "two fields the name 'x'"},
      {{field("", LATHE_FIELD_INPUT, LATHE_DTYPE_FLOAT32)}, "field 0 an empty name"},
      {{field("x", LATHE_FIELD_INPUT, 77)}, "'x' the unknown element type 77"},
      {{field("x", LATHE_FIELD_INPUT, LATHE_DTYPE_NONE)}, "'x' the unknown element type 0"},
      {{field("x", LATHE_FIELD_INPUT, LATHE_DTYPE_FLOAT32, nullptr, 3)}, "'x' a rank without"},
      {{field("x", LATHE_FIELD_INPUT, LATHE_DTYPE_FLOAT32, &two, 65)}, "'x' 65 dimensions"},
      {{field("x", LATHE_FIELD_INPUT, LATHE_DTYPE_INT8, endless, 2)}, "which no memory holds"},
      {{field("x", LATHE_FIELD_INPUT, LATHE_DTYPE_INT64, &two, 1, 5)}, "it is no target"},
      {{x, field("y", LATHE_FIELD_TARGET, LATHE_DTYPE_FLOAT32, &two, 1, 3)}, "as many numbers"},
      {{x, field("w", LATHE_FIELD_WEIGHT, LATHE_DTYPE_FLOAT64)}, "a weight is one float32"},
      {{x, field("w", LATHE_FIELD_WEIGHT, LATHE_DTYPE_FLOAT32, &two, 1)}, "the weight 'w'"},
  };
  for (const Case& c : cases) BOOST_TEST_CONTEXT(c.says) {
      s.fields = c.fields;
      const std::string error = message_of([&] { make()->open({}); });
      BOOST_TEST(contains(error, c.says), error);
      BOOST_TEST(contains(error, "'numbers<>'"), error);
    }
}

BOOST_FIXTURE_TEST_CASE(every_element_type_and_role_comes_as_it_is, Fixture) {
  const std::int64_t two = 2;
  const lathe_dtype types[] = {LATHE_DTYPE_FLOAT32,  LATHE_DTYPE_FLOAT64, LATHE_DTYPE_FLOAT16,
                               LATHE_DTYPE_BFLOAT16, LATHE_DTYPE_INT8,    LATHE_DTYPE_INT16,
                               LATHE_DTYPE_INT32,    LATHE_DTYPE_INT64,   LATHE_DTYPE_UINT8,
                               LATHE_DTYPE_BOOL};
  static const std::string names = "abcdefghij";
  for (std::size_t i = 0; i < std::size(types); ++i)
    s.fields.push_back({{&names[i], 1},
                        LATHE_FIELD_INPUT,
                        types[i],
                        {},
                        1,
                        &two,
                        0,
                        nullptr,
                        nullptr,
                        nullptr,
                        nullptr});
  const DatasetInfo info = make()->info();
  BOOST_REQUIRE(info.fields.size() == std::size(types));
  for (std::size_t i = 0; i < std::size(types); ++i) {
    BOOST_TEST(info.fields[i].name == std::string(1, names[i]));
    BOOST_TEST(static_cast<int>(info.fields[i].dtype) == static_cast<int>(types[i]));
    BOOST_TEST((info.fields[i].shape == Shape{2}));
  }
  BOOST_TEST(info.complete());
  BOOST_TEST(info.target() == nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_placeholder_takes_the_input_of_its_name_else_the_one_at_its_place,
                        Fixture) {
  s.fields = {field("y", LATHE_FIELD_TARGET, LATHE_DTYPE_FLOAT32),
              field("a", LATHE_FIELD_INPUT, LATHE_DTYPE_FLOAT32),
              field("b", LATHE_FIELD_INPUT, LATHE_DTYPE_INT64)};
  const DatasetInfo info = make()->info();
  BOOST_TEST(info.input_for("b", 0).value() == 2U);
  BOOST_TEST(info.input_for("x", 0).value() == 1U);
  BOOST_TEST(info.input_for("x", 1).value() == 2U);
  BOOST_TEST(!info.input_for("x", 2).has_value());
  BOOST_TEST(!info.input_for("y", 2).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_stream_is_read_to_its_end_once, Fixture) {
  component.interface = &kStream;
  s.stream_rows = 100'000;  // more than are asked for at once
  const auto set = make();
  set->open({});
  BOOST_TEST(s.firsts.empty());
  BOOST_TEST(set->count(Split::train) == 100'000U);
  BOOST_REQUIRE(s.firsts.size() == 2U);
  BOOST_TEST(s.firsts[0] == 0U);
  BOOST_TEST(s.firsts[1] == 65'536U);
  const std::vector<std::uint64_t> index{99'999, 65'536};
  const RowTensors rows = set->read(Split::train, index);
  BOOST_TEST(rows.fields[0].values<float>()[0] == 99'999.0F);
  BOOST_TEST(rows.fields[0].values<float>()[3] == -65'536.0F);
  BOOST_TEST(rows.fields[1].values<std::int64_t>()[1] == 65'536 % 3);
  BOOST_TEST(set->all(Split::train).rows() == 100'000);
  BOOST_TEST(s.firsts.size() == 2U);
  // Another split is another stream.
  BOOST_TEST(set->count(Split::test) == 100'000U);
  BOOST_TEST(s.firsts.size() == 4U);
}

BOOST_FIXTURE_TEST_CASE(a_stream_may_be_empty_and_may_end_where_a_portion_does, Fixture) {
  component.interface = &kStream;
  const auto empty = make();
  empty->open({});
  BOOST_TEST(empty->count(Split::validation) == 0U);
  BOOST_TEST(contains(message_of([&] { empty->all(Split::validation); }), "has no rows"));
  s.stream_rows = 65'536;
  const auto whole = make();
  whole->open({});
  BOOST_TEST(whole->count(Split::train) == 65'536U);
}

BOOST_FIXTURE_TEST_CASE(a_stream_without_end_is_refused_before_memory_is_gone, Fixture) {
  component.interface = &kStream;
  s.stream_rows = UINT64_MAX;
  const auto set = make(std::uint64_t{3} << 20);
  set->open({});
  const std::string error = message_of([&] { set->all(Split::train); });
  // A row has two floats and a label of 64 bits: 65,536 rows are 1 MiB.
  BOOST_TEST(contains(error, "has not ended after 196608 rows (3 MiB)"), error);
  BOOST_TEST(contains(error, "3 MiB are the most"), error);
  BOOST_TEST(s.firsts.size() == 3U);
}

BOOST_FIXTURE_TEST_CASE(a_stream_that_gives_more_than_it_was_asked_for_is_refused, Fixture) {
  component.interface = &kStream;
  s.stream_rows = UINT64_MAX;
  s.too_many = 1;
  const auto set = make();
  set->open({});
  BOOST_TEST(contains(message_of([&] { set->count(Split::train); }),
                      "next() gives 65537 rows of the split 'train' where 65536 were asked for"));
}

BOOST_FIXTURE_TEST_CASE(a_stream_needs_next, Fixture) {
  lathe_dataset neither = kStream;
  neither.next = nullptr;
  component.interface = &neither;
  BOOST_TEST(contains(message_of([&] { make()->open({}); }), "there is no next()"));
  neither.count = count;
  BOOST_TEST(contains(message_of([&] { make()->open({}); }), "there is no read()"));
}

BOOST_FIXTURE_TEST_CASE(rows_are_augmented_by_a_set_that_says_so, Fixture) {
  component.interface = &kAugmenting;
  s.augments = 1;
  const auto set = make();
  BOOST_TEST(set->info().augments);
  set->open({});
  const std::vector<std::uint64_t> index{4, 1};
  const RowTensors rows = set->read(Split::train, index);
  const RowTensors changed = set->augment(3, 2, index, rows);
  const auto samples = changed.fields[0].values<float>();
  BOOST_TEST((std::vector<float>(samples.begin(), samples.end()) ==
              std::vector<float>{238, 230, 232, 230}));
  // Rows 4 and 1 both have label 1.
  BOOST_TEST(changed.fields[1].values<std::int64_t>()[0] == 2);
  // Those that came are as they were.
  BOOST_TEST(rows.fields[0].values<float>()[0] == 4.0F);
  BOOST_TEST(rows.fields[1].values<std::int64_t>()[0] == 1);
  const std::vector<std::uint64_t> one{4};
  BOOST_TEST(
      contains(message_of([&] { set->augment(3, 2, one, rows); }), "2 rows of 2 fields as 1"));
  // What becomes of a row is checked as what is read: row 2 has the last class.
  const std::vector<std::uint64_t> second{2};
  const RowTensors last = set->read(Split::train, second);
  BOOST_TEST(contains(message_of([&] { set->augment(0, 0, second, last); }),
                      "row 2 of split 'train' has label 3"));
}

BOOST_FIXTURE_TEST_CASE(rows_of_a_set_that_does_not_augment_stay_as_they_are, Fixture) {
  component.interface = &kAugmenting;
  const auto set = make();
  set->open({});
  const std::vector<std::uint64_t> row{4};
  const RowTensors rows = set->read(Split::train, row);
  BOOST_TEST(set->augment(3, 2, row, rows).fields[0].values<float>()[0] == 4.0F);
  // Says that it does and cannot.
  component.interface = &kInterface;
  s.augments = 1;
  BOOST_TEST(contains(message_of([&] { make()->open({}); }), "has no augment()"));
}

BOOST_AUTO_TEST_SUITE_END()
