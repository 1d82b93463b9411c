// Data sets over plugins and tensors. The plugin is made of C functions here, well-behaved or not.
#include "core/data/data.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>
#include <numeric>
#include <set>
#include <thread>

using namespace lathe;
using namespace lathe_test;

namespace {

// What the plugin should do, and what it was asked.
struct Script {
  std::uint32_t rank = 1;
  std::int64_t width = 2;
  std::int64_t classes = 3;
  std::uint64_t rows = 5;
  std::int64_t label_of_row_3 = 0;
  float sample_of_row_3 = 3;
  std::int32_t augments = 0;
  const char* open_fails = nullptr;
  std::atomic<int> opened{0}, whole_reads{0}, inside{0}, most_inside{0};
};
Script* script = nullptr;

lathe_code create(lathe_call*, const lathe_value*, lathe_str, void** self) {
  *self = script;
  return LATHE_OK;
}
void destroy(void*) {}
lathe_code info(lathe_call*, void*, lathe_dataset_info* out) {
  out->rank = script->rank;
  out->shape = &script->width;
  out->classes = script->classes;
  // A plugin that is older does not know the field.
  if (out->struct_size >= LATHE_SIZE_UP_TO(lathe_dataset_info, augments))
    out->augments = script->augments;
  return LATHE_OK;
}
lathe_code open(lathe_call* call, void*) {
  ++script->opened;
  if (script->open_fails == nullptr) return LATHE_OK;
  return call->host->fail(call, LATHE_NOT_FOUND,
                          {script->open_fails, std::strlen(script->open_fails)});
}
lathe_code count(lathe_call*, void*, lathe_split split, std::uint64_t* rows) {
  *rows = split == LATHE_SPLIT_TEST ? 0 : script->rows;
  return LATHE_OK;
}
lathe_code read(lathe_call*, void*, lathe_split, const std::uint64_t* index, std::uint64_t count,
                lathe_tensor* samples, lathe_tensor* labels) {
  const int now = ++script->inside;
  if (now > script->most_inside) script->most_inside = now;
  if (count == script->rows) ++script->whole_reads;
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool third = index[i] == 3;
    auto* row = static_cast<float*>(samples->dl.data) + i * 2;
    row[0] = third ? script->sample_of_row_3 : static_cast<float>(index[i]);
    row[1] = -row[0];
    static_cast<std::int64_t*>(labels->dl.data)[i] =
        third ? script->label_of_row_3 : static_cast<std::int64_t>(index[i] % 3);
  }
  std::this_thread::yield();
  --script->inside;
  return LATHE_OK;
}
// Adds 100 times the epoch, 10 times the seed and the row's number.
lathe_code augment(lathe_call*, void*, std::uint64_t seed, std::uint64_t epoch,
                   const std::uint64_t* index, std::uint64_t count, lathe_tensor* samples) {
  auto* values = static_cast<float*>(samples->dl.data);
  for (std::uint64_t i = 0; i < count; ++i)
    for (std::int64_t k = 0; k < script->width; ++k)
      *values++ += static_cast<float>(100 * epoch + 10 * seed + index[i]);
  return samples->dl.ndim == 2 && samples->dl.shape[1] == script->width ? LATHE_OK : LATHE_INTERNAL;
}
// One from before augment() was, and one of today.
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
                                   augment,
                                   nullptr};

// A component as the registry would give it.
struct Fixture {
  Script s;
  Component component;
  Fixture() {
    script = &s;
    component.kind = Kind::dataset;
    component.id = "numbers";
    component.interface = &kInterface;
    component.options.owner = "data set 'numbers'";
    Option option;
    option.key = "test";
    component.options.options.push_back(option);
  }
  std::shared_ptr<Dataset> make() {
    return make_dataset(component, Value(Value::Map{}), "numbers<>", {});
  }
};

std::string message(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}
}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_dataset)

BOOST_FIXTURE_TEST_CASE(rows_come_by_index_in_the_order_asked_for, Fixture) {
  const auto set = make();
  set->open();
  const std::vector<std::uint64_t> index{4, 0, 4};
  for (int whole = 0; whole < 2; ++whole) {
    const SplitTensors rows = set->read(Split::train, index);
    BOOST_TEST((rows.samples.shape() == Shape{3, 2}));
    BOOST_TEST(rows.samples.values<float>()[0] == 4.0F);
    BOOST_TEST(rows.samples.values<float>()[2] == 0.0F);
    BOOST_TEST(rows.labels.values<std::int64_t>()[2] == 1);
    set->all(Split::train);
  }
}

BOOST_FIXTURE_TEST_CASE(a_set_is_opened_once_and_each_split_read_once, Fixture) {
  const auto set = make();
  set->open();
  set->open();
  std::vector<std::thread> threads;
  std::set<const SplitTensors*> seen;
  std::mutex mutex;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      const SplitTensors* all = &set->all(Split::validation);
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
  set->open();
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
    BOOST_TEST(contains(message([&] { set->open(); }), "the file is on holiday"));
  BOOST_TEST(s.opened == 1);
  BOOST_TEST(contains(message([&] { set->all(Split::train); }), "before open"));
}

BOOST_FIXTURE_TEST_CASE(rows_that_are_not_there_are_named, Fixture) {
  const auto set = make();
  set->open();
  const std::uint64_t far = 5;
  for (int whole = 0; whole < 2; ++whole) {
    const std::string error = message([&] { set->read(Split::train, {&far, 1}); });
    BOOST_TEST(contains(error, "'numbers<>'"), error);
    BOOST_TEST(contains(error, "row 5"), error);
    set->all(Split::train);
  }
  BOOST_TEST(contains(message([&] { set->all(Split::test); }), "option 'test'"));
}

BOOST_FIXTURE_TEST_CASE(what_a_plugin_gets_wrong_is_an_error_of_the_run, Fixture) {
  s.label_of_row_3 = 3;
  auto set = make();
  set->open();
  BOOST_TEST(
      contains(message([&] { set->all(Split::train); }), "row 3 of split 'train' has label 3"));
  s.label_of_row_3 = 0;
  s.sample_of_row_3 = NAN;
  BOOST_TEST(
      contains(message([&] { set->all(Split::train); }), "row 3 of split 'train' holds nan"));
  s.sample_of_row_3 = 3;
  BOOST_TEST(message([&] { set->all(Split::train); }).empty());

  s.classes = 0;
  BOOST_TEST(contains(message([&] { make()->open(); }), "its classes"));
  s.classes = -1;
  BOOST_TEST(contains(message([&] { make()->open(); }), "negative"));
  s.classes = 3;
  s.width = 0;
  BOOST_TEST(contains(message([&] { make()->open(); }), "[0]"));
}

BOOST_FIXTURE_TEST_CASE(rows_are_augmented_by_a_set_that_says_so, Fixture) {
  component.interface = &kAugmenting;
  s.augments = 1;
  const auto set = make();
  BOOST_TEST(set->info().augments);
  set->open();
  const std::vector<std::uint64_t> index{4, 1};
  std::vector<float> samples{0, 0, 0, 0};
  set->augment(3, 2, index, samples);
  BOOST_TEST(samples == (std::vector<float>{234, 234, 231, 231}), boost::test_tools::per_element());
  std::vector<float> short_of_one(3);
  BOOST_TEST(contains(message([&] { set->augment(3, 2, index, short_of_one); }), "2 rows"));
}

BOOST_FIXTURE_TEST_CASE(rows_of_a_set_that_does_not_augment_stay_as_they_are, Fixture) {
  component.interface = &kAugmenting;
  const auto set = make();
  set->open();
  const std::uint64_t row = 4;
  std::vector<float> samples{5, 6};
  set->augment(3, 2, {&row, 1}, samples);
  BOOST_TEST(samples == (std::vector<float>{5, 6}), boost::test_tools::per_element());
  // Says that it does and cannot.
  component.interface = &kInterface;
  s.augments = 1;
  BOOST_TEST(contains(message([&] { make()->open(); }), "has no augment()"));
}

BOOST_AUTO_TEST_CASE(tensors_make_a_data_set) {
  const std::vector<float> x{1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> y{0, 1, 1};
  const SplitTensors rows{Tensor::of<float>(DType::float32, Shape{3, 2}, x),
                          Tensor::of<std::int64_t>(DType::int64, Shape{3}, y)};
  const auto set = dataset_of("mine", rows, {}, rows, 2);
  set->open();
  BOOST_TEST((set->info().sample_shape == Shape{2}));
  BOOST_TEST(set->count(Split::train) == 3U);
  BOOST_TEST(set->count(Split::validation) == 0U);
  const std::uint64_t last = 2;
  BOOST_TEST(set->read(Split::test, {&last, 1}).samples.values<float>()[1] == 6.0F);
  BOOST_TEST(contains(message([&] { set->all(Split::validation); }), "'mine' has no rows"));
  BOOST_TEST(contains(message([&] { dataset_of("mine", rows, {}, {}, 1); }), "has label 1"));
}

BOOST_AUTO_TEST_CASE(an_epoch_sees_every_row_once_in_an_order_of_its_own) {
  const auto plain = epoch_order(1000, false, 7, 3);
  std::vector<std::uint64_t> counting(1000);
  std::iota(counting.begin(), counting.end(), std::uint64_t{0});
  BOOST_TEST((plain == counting));
  const auto first = epoch_order(1000, true, 7, 0);
  BOOST_TEST((first == epoch_order(1000, true, 7, 0)));
  BOOST_TEST((first != epoch_order(1000, true, 7, 1)));
  BOOST_TEST((first != epoch_order(1000, true, 8, 0)));
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  BOOST_TEST((sorted == counting));
}

BOOST_AUTO_TEST_SUITE_END()
