// Statistics by their definitions, in long double, over values that are gathered one by one: what
// the tests hold the plugin's against. It shares nothing with them.
#pragma once

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

namespace lathe_test {

struct Sample {
  std::vector<std::int64_t> shape;
  std::vector<float> data;
};

class Oracle {
 public:
  // `dims` as a config has them: "all", null or a list.
  Oracle(const std::vector<Sample>& samples, const nlohmann::json& dims, bool is_abs)
      : dims_(dims), samples_(samples) {
    for (const Sample& sample : samples) {
      for (std::size_t i = 0; i < sample.data.size(); ++i) {
        auto& cell = cells_[cell_of(sample, i)];
        const float x = is_abs ? std::fabs(sample.data[i]) : sample.data[i];
        if (std::isfinite(x)) cell.push_back(x);
      }
    }
    for (auto& [place, cell] : cells_) std::sort(cell.begin(), cell.end());
  }

  nlohmann::json of(const std::string& statistic, const nlohmann::json& args) const {
    using Cell = std::vector<float>;
    if (statistic == "record") return record(args.value("add_new_dim_before_concat", false));
    nlohmann::json out;
    const auto set = [&](const char* key, std::size_t least, auto number) {
      out[key] = by_cell([&](const Cell& c) -> nlohmann::json {
        if (c.size() < least) return "NA";
        return static_cast<double>(number(c));
      });
    };
    if (statistic == "variance_online" || statistic == "variance_precise") {
      const bool is_precise = statistic == "variance_precise";
      set("mean", is_precise && dims_ == "all" ? 1 : 2, mean);
      set("variance", 2, [&](const Cell& c) { return variance(c, is_precise); });
      if (is_precise || out["mean"] != "NA") out["count"] = counts();
    } else if (statistic == "range_n_sigma") {
      const bool is_precise = args.value("var_mode", "online") == "precise";
      const long double sigmas = args.value("num_sigma", 3.0);
      const auto reach = [&](const Cell& c) { return sigmas * std::sqrt(variance(c, is_precise)); };
      set("min", 2, [&](const Cell& c) { return mean(c) - reach(c); });
      set("max", 2, [&](const Cell& c) { return mean(c) + reach(c); });
      set("range", 2, [&](const Cell& c) { return 2 * reach(c); });
      out["count"] = counts();
    } else if (statistic == "range_min_max") {
      set("min", 1, [](const Cell& c) { return c.front(); });
      set("max", 1, [](const Cell& c) { return c.back(); });
      set("range", 2, [](const Cell& c) { return double(c.back()) - double(c.front()); });
      out["count"] = counts();
    } else if (statistic == "range_quantile") {
      const double q = args.value("quantile", 0.975);
      const std::size_t least = dims_.is_null() ? 2 : 1;
      set("min", least, [&](const Cell& c) { return quantile(c, 1 - q); });
      set("max", least, [&](const Cell& c) { return quantile(c, q); });
      set("range", least, [&](const Cell& c) { return quantile(c, q) - quantile(c, 1 - q); });
      out["count"] = counts();
    } else {
      set("abs_mean", 2, [](const Cell& c) {
        long double sum = 0;
        for (const float x : c) sum += std::fabs(static_cast<long double>(x));
        return sum / static_cast<long double>(c.size());
      });
      if (out["abs_mean"] != "NA") out["count"] = counts();
    }
    return out;
  }

 private:
  using Place = std::vector<std::int64_t>;

  bool is_reduced(std::int64_t dimension, std::int64_t rank) const {
    if (dims_ == "all") return true;
    if (dims_.is_null()) return false;
    return std::any_of(dims_.begin(), dims_.end(), [&](const nlohmann::json& d) {
      return d.get<std::int64_t>() == dimension || d.get<std::int64_t>() == dimension - rank;
    });
  }

  // The indices that stay.
  Place cell_of(const Sample& sample, std::size_t element) const {
    Place place;
    const auto rank = static_cast<std::int64_t>(sample.shape.size());
    auto rest = static_cast<std::int64_t>(element);
    for (std::int64_t d = rank - 1; d >= 0; --d) {
      const std::int64_t extent = sample.shape[static_cast<std::size_t>(d)];
      if (!is_reduced(d, rank)) place.insert(place.begin(), rest % extent);
      rest /= extent;
    }
    return place;
  }

  // Nested lists by the places of cells, or one "NA".
  template <class Of>
  nlohmann::json by_cell(Of of) const {
    nlohmann::json out;
    bool any = false;
    for (const auto& [place, cell] : cells_) {
      nlohmann::json* at = &out;
      for (const std::int64_t i : place) at = &(*at)[static_cast<std::size_t>(i)];
      *at = of(cell);
      any = any || *at != "NA";
    }
    return any ? out : nlohmann::json("NA");
  }

  nlohmann::json counts() const {
    std::set<std::size_t> sizes;
    for (const auto& [place, cell] : cells_) sizes.insert(cell.size());
    if (sizes.size() < 2) return sizes.empty() ? 0 : *sizes.begin();
    return by_cell([](const std::vector<float>& c) -> nlohmann::json { return c.size(); });
  }

  nlohmann::json record(bool has_new_dimension) const {
    std::vector<std::int64_t> shape = samples_[0].shape;
    const auto count = static_cast<std::int64_t>(samples_.size());
    if (has_new_dimension || shape.empty()) {
      shape.insert(shape.begin(), count);
    } else {
      shape[0] *= count;
    }
    return {{"count", count},
            {"size_in_bytes", samples_.size() * samples_[0].data.size() * 4},
            {"data_shape", shape}};
  }

  static long double mean(const std::vector<float>& c) {
    long double sum = 0;
    for (const float x : c) sum += static_cast<long double>(x);
    return sum / static_cast<long double>(c.size());
  }
  static long double variance(const std::vector<float>& c, bool is_unbiased) {
    const long double m = mean(c);
    long double sum = 0;
    for (const float x : c) {
      sum += (static_cast<long double>(x) - m) * (static_cast<long double>(x) - m);
    }
    return sum / static_cast<long double>(is_unbiased ? c.size() - 1 : c.size());
  }
  static double quantile(const std::vector<float>& sorted, double q) {
    const double place = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(std::floor(place));
    const double low = static_cast<double>(sorted[below]);
    const double high = static_cast<double>(sorted[std::min(below + 1, sorted.size() - 1)]);
    return low + (place - std::floor(place)) * (high - low);
  }

  nlohmann::json dims_;
  std::vector<Sample> samples_;
  std::map<Place, std::vector<float>> cells_;
};

// Numbers within relative + absolute, whole ones and texts the same, nothing more and nothing less.
inline void check_alike(const nlohmann::json& found, const nlohmann::json& expected,
                        double relative, double absolute, const std::string& where = "result") {
  if (expected.is_number_float() && found.is_number()) {
    const double a = found.get<double>(), b = expected.get<double>();
    BOOST_TEST(std::fabs(a - b) <= relative * std::fabs(b) + absolute,
               where << ": found " << a << ", expected " << b);
  } else if (expected.is_array() && found.is_array() && found.size() == expected.size()) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      check_alike(found[i], expected[i], relative, absolute, where + "[" + std::to_string(i) + "]");
    }
  } else if (expected.is_object() && found.is_object()) {
    BOOST_TEST(found.size() == expected.size(), where << ": found " << found.dump());
    for (const auto& [key, value] : expected.items()) {
      BOOST_TEST_REQUIRE(found.contains(key), where << " lacks " << key << ": " << found.dump());
      check_alike(found.at(key), value, relative, absolute, where + "." + key);
    }
  } else {
    BOOST_TEST(found == expected,
               where << ": found " << found.dump() << ", expected " << expected.dump());
  }
}

}  // namespace lathe_test
