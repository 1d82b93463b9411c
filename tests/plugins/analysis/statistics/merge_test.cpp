// Whatever way rows are split over batches, workers and threads, the statistics are those of one
// pass.
#include "tests/plugins/analysis/statistics/statistic_cases.hpp"

#include <random>

using namespace lathe_test;
using nlohmann::json;
using statistics::Statistic;

namespace {

// Rows of an activation with a mean that is large beside its deviations, ties, and zeros as a ReLU
// gives them.
class Rows {
 public:
  Rows(std::int64_t count, std::vector<std::int64_t> row, unsigned seed) : row_(std::move(row)) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal(40.0, 1.5);
    size_ = 1;
    for (const std::int64_t extent : row_) size_ *= static_cast<std::size_t>(extent);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count) * size_; ++i) {
      const double x = normal(random);
      data_.push_back(static_cast<float>(i % 3 == 0 ? std::max(0.0, x - 40) : x));
    }
  }
  std::size_t count() const { return data_.size() / size_; }

  void show(Statistic& to, std::size_t first, std::size_t count) const {
    std::vector<std::int64_t> shape{1};
    shape.insert(shape.end(), row_.begin(), row_.end());
    to.see({&data_[first * size_], count, {shape.data(), shape.size()}});
  }
  void show(Statistic& to, std::size_t first, std::size_t end, std::size_t batch) const {
    for (; first < end; first += batch) show(to, first, std::min(batch, end - first));
  }

  std::vector<Sample> samples() const {
    std::vector<std::int64_t> shape{1};
    shape.insert(shape.end(), row_.begin(), row_.end());
    std::vector<Sample> all;
    for (std::size_t r = 0; r < count(); ++r) {
      const auto begin = data_.begin() + static_cast<std::ptrdiff_t>(r * size_);
      all.push_back({shape, {begin, begin + static_cast<std::ptrdiff_t>(size_)}});
    }
    return all;
  }
  const std::vector<float>& data() const { return data_; }

 private:
  std::vector<std::int64_t> row_;
  std::size_t size_ = 0;
  std::vector<float> data_;
};

// Both passes in batches.
json in_batches(const std::string& name, const json& args, const Rows& rows, std::size_t batch) {
  const auto whole = statistic(name, args);
  rows.show(*whole, 0, rows.count(), batch);
  if (whole->wants_second_pass()) {
    whole->begin_second_pass();
    rows.show(*whole, 0, rows.count(), batch);
  }
  return result_of(*whole);
}

// Seven runs of rows of random length, some of none, each with batches of its own.
struct Workers {
  explicit Workers(std::size_t rows, unsigned seed) : random(seed) {
    std::uniform_int_distribution<std::size_t> any(0, rows);
    ends = {rows};
    for (int w = 0; w < 6; ++w) ends.push_back(any(random));
    std::sort(ends.begin(), ends.end());
  }
  void show(const Rows& rows, std::vector<std::unique_ptr<Statistic>>& parts) {
    std::uniform_int_distribution<std::size_t> batch(1, 300);
    std::size_t first = 0;
    for (std::size_t w = 0; w < ends.size(); ++w) {
      rows.show(*parts[w], first, ends[w], batch(random));
      first = ends[w];
    }
  }
  std::mt19937_64 random;
  std::vector<std::size_t> ends;
};

std::vector<std::unique_ptr<Statistic>> seven_of(const Statistic& whole) {
  std::vector<std::unique_ptr<Statistic>> parts;
  for (int w = 0; w < 7; ++w) parts.push_back(whole.fresh());
  return parts;
}

json by_workers(const std::string& name, const json& args, const Rows& rows, unsigned seed) {
  Workers workers(rows.count(), seed);
  const auto whole = statistic(name, args);
  auto parts = seven_of(*whole);
  workers.show(rows, parts);
  for (const auto& part : parts) whole->merge(*part);
  if (whole->wants_second_pass()) {
    whole->begin_second_pass();
    parts = seven_of(*whole);
    workers.show(rows, parts);
    for (const auto& part : parts) whole->merge(*part);
  }
  return result_of(*whole);
}

struct Asked {
  std::string name;
  json args;
};

std::vector<Asked> everything() {
  std::vector<Asked> all{{"record", json::object()}};
  for (const json& dims : {json("all"), json(nullptr), json{0}, json{1, -1}, json{0, 1, 2}}) {
    for (const char* name : {"variance_online", "variance_precise", "abs_mean"}) {
      all.push_back({name, {{"dims", dims}}});
    }
    for (const bool is_abs : {false, true}) {
      all.push_back({"range_min_max", {{"dims", dims}, {"abs", is_abs}}});
      all.push_back({"range_quantile", {{"dims", dims}, {"abs", is_abs}, {"quantile", 0.9}}});
      all.push_back({"range_n_sigma", {{"dims", dims}, {"abs", is_abs}, {"var_mode", "precise"}}});
      all.push_back({"range_n_sigma", {{"dims", dims}, {"abs", is_abs}, {"num_sigma", 2.5}}});
    }
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(merged_statistics)

BOOST_AUTO_TEST_CASE(seven_workers_and_batches_of_7_and_512_give_what_one_pass_gives) {
  const Rows rows(1030, {4, 3}, 11);
  for (const auto& [name, args] : everything()) {
    BOOST_TEST_CONTEXT(name << " " << args.dump()) {
      const json once = in_batches(name, args, rows, rows.count());
      check_alike(once, oracle(rows.samples(), args).of(name, args), 1e-10, 1e-12);
      check_alike(in_batches(name, args, rows, 7), once, 1e-10, 1e-12);
      check_alike(in_batches(name, args, rows, 512), once, 1e-10, 1e-12);
      for (unsigned seed = 0; seed < 3; ++seed) {
        check_alike(by_workers(name, args, rows, seed), once, 1e-10, 1e-12);
      }
    }
  }
}

// More values than a quantile keeps: the second pass is merged as well.
BOOST_AUTO_TEST_CASE(quantiles_of_many_values_are_those_of_the_sorted_values) {
  const Rows rows(4000, {10, 10}, 5);
  for (const double q : {0.5, 0.75, 0.97, 0.999999, 1.0}) {
    for (const bool is_abs : {false, true}) {
      const json args = {{"quantile", q}, {"abs", is_abs}};
      const json expected = oracle({{{1, 400000}, rows.data()}}, args).of("range_quantile", args);
      BOOST_TEST_CONTEXT(args.dump()) {
        check_alike(in_batches("range_quantile", args, rows, rows.count()), expected, 0, 0);
        check_alike(in_batches("range_quantile", args, rows, 7), expected, 0, 0);
        check_alike(by_workers("range_quantile", args, rows, 3), expected, 0, 0);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_worker_that_kept_its_values_merges_with_one_that_counted) {
  const Rows rows(3000, {10, 10}, 6);
  const json args = {{"quantile", 0.9}};
  const json expected = in_batches("range_quantile", args, rows, rows.count());
  for (const std::size_t first : {std::size_t{100}, std::size_t{2900}}) {
    const auto low = statistic("range_quantile", args), high = statistic("range_quantile", args);
    rows.show(*low, 0, first);
    rows.show(*high, first, rows.count() - first);
    low->merge(*high);
    BOOST_TEST_REQUIRE(low->wants_second_pass());
    low->begin_second_pass();
    rows.show(*low, 0, rows.count());
    BOOST_TEST(result_of(*low) == expected);
  }
}

// Bit for bit: what threads do first does not matter.
BOOST_AUTO_TEST_CASE(pieces_of_work_may_be_done_in_any_order) {
  const Rows rows(900, {20, 30}, 7);
  const std::vector<std::int64_t> shape{1, 20, 30};
  for (const auto& [name, args] : everything()) {
    const auto forward = statistic(name, args), backward = statistic(name, args);
    const statistics::Samples samples{
        rows.data().data(), rows.count(), {shape.data(), shape.size()}};
    for (bool again = true; again;) {
      forward->see(samples);
      for (std::uint64_t i = backward->start(samples); i-- > 0;) backward->work(i);
      backward->finish();
      again = forward->wants_second_pass();
      forward->begin_second_pass();
      backward->begin_second_pass();
    }
    BOOST_TEST((result_of(*forward) == result_of(*backward)), name << " " << args.dump());
  }
}

BOOST_AUTO_TEST_SUITE_END()
