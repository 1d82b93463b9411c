// GB/s (bytes read and written) of every number format through the host's own call, beside memcpy
// and beside the same formula as a chain of LibTorch operators: bench/formats/run builds and runs
// it.
//
//   measure PLUGINS [--json FILE] [--sizes 1e4,1e6,1e7] [--repeats 15] [FORMAT...]
//
// One thread, by its CPU time. In each round every format is timed once, its own memcpy, chain and
// chain in place right after it, so that whatever else the machine does hits all alike; the medians
// are printed.
#include "core/base/json.hpp"
#include "core/host/instances/format_instance.hpp"
#include "core/tensor/borrowed_tensor.hpp"
#include "tests/engine/torch_formats.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <random>

using namespace lathe;

namespace {

struct Row {
  const char* id;
  const char* options;
  bool by_element;  // no field is shared: the goals of 10 times the chain and 0.7 of memcpy hold
};

// Aliases are left out: they are the same component.
constexpr Row kRows[] = {
    {"integer", R"({"width": 8, "frac_width": 5})", true},
    {"integer_floor", R"({"width": 8, "frac_width": 5})", true},
    {"minifloat_ieee", R"({"width": 8, "exponent_width": 4})", true},
    {"minifloat_denorm", R"({"width": 8, "exponent_width": 4})", true},
    {"minifloat_mx", R"({"exp_bits": 4, "frac_bits": 3, "is_finite": true})", true},
    {"log", R"({"width": 8})", true},
    {"affine", R"({"width": 8, "scale": 0.03, "zero_point": 3})", true},
    {"lsq", R"({"width": 4})", true},
    {"binary", R"({"scale": "none"})", true},
    {"binary_residual", R"({"levels": 2})", true},
    {"binary", R"({"scale": "tensor"})", false},
    {"ternary", R"({"scaling_factor": true})", false},
    {"scale_integer", R"({"width": 8})", false},
    {"block_fp", R"({"width": 8, "exponent_width": 8, "block_size": [1, 16]})", false},
    {"block_minifloat",
     R"({"width": 8, "exponent_width": 4, "exponent_bias_width": 8, "block_size": [1, 16]})",
     false},
    {"block_log", R"({"width": 8, "exponent_bias_width": 8, "block_size": [1, 16]})", false},
    {"mxint", R"({"element_bits": 8, "block_size": [1, 16]})", false},
    {"mxfp", R"({"element": "E4M3", "block_size": [1, 16]})", false},
    {"mxint_hardware", R"({"width": 8, "exponent_width": 8, "parallelism": [5, 8]})", false},
};

// Rows of 400: 1e4, 1e6 and 1e7 are whole numbers of them, and 400 is one of blocks of 16.
constexpr std::int64_t kRowLength = 400;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// CPU seconds of one call. What fits a cache is there before the clock starts.
double seconds(const std::function<void()>& body, std::size_t times) {
  if (times > 1) body();
  const double start = cpu_seconds();
  for (std::size_t i = 0; i < times; ++i) body();
  return (cpu_seconds() - start) / static_cast<double>(times);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// The tensors of one size, which all formats share.
struct Buffers {
  at::Tensor x, y, in_place;
  explicit Buffers(std::int64_t size)
      : x(at::empty({size / kRowLength, kRowLength}, at::kFloat)), y(at::empty_like(x)) {
    std::mt19937 random(1);
    std::normal_distribution<float> noise;
    for (std::int64_t i = 0; i < size; ++i) x.data_ptr<float>()[i] = noise(random);
    in_place = x.clone();
  }
};

// One format on one size: what is called, and its times.
class Bench {
 public:
  Bench(const Registry& registry, const Row& row, const Buffers& buffers)
      : row_(row),
        size_(buffers.x.numel()),
        component_(registry.find(Kind::format, row.id)),
        x_(buffers.x),
        y_(buffers.y),
        in_place_(buffers.in_place) {
    options_ = check_options(component_.options, value_of(Json::parse(row.options)));
    format_ = &format_instance(registry, row.id, options_);
    can_in_place_ = lathe_test::torch_format_in_place(row.id, options_, in_place_, kSite);
    const std::span<const std::int64_t> extents(x_.sizes().data(), x_.sizes().size());
    make_context(extents);
    from_.emplace(DType::float32, x_.data_ptr<float>(), extents, LATHE_TENSOR_READ_ONLY);
    to_.emplace(DType::float32, y_.data_ptr<float>(), extents, 0);
    check();
  }
  Bench(const Bench&) = delete;

  void round() {
    const std::size_t bytes = static_cast<std::size_t>(size_) * sizeof(float);
    const auto times = static_cast<std::size_t>(std::max(1.0, 4e6 / static_cast<double>(size_)));
    ours_.push_back(seconds([&] { quantize(); }, times));
    memcpy_.push_back(
        seconds([&] { std::memcpy(y_.data_ptr<float>(), x_.data_ptr<float>(), bytes); }, times));
    const std::size_t chain_times = std::max<std::size_t>(1, times / 4);
    chain_.push_back(seconds([&] { chain(); }, chain_times));
    if (!can_in_place_) return;
    in_place_times_.push_back(
        seconds([&] { lathe_test::torch_format_in_place(row_.id, options_, in_place_, kSite); },
                chain_times));
  }

  Json result() const {
    const double bytes = 2.0 * sizeof(float) * static_cast<double>(size_) * 1e-9;
    const double ours = median(ours_), chain = median(chain_);
    Json out{{"format", row_.id},
             {"options", Json::parse(row_.options)},
             {"size", size_},
             {"by_element", row_.by_element},
             {"GBps", bytes / ours},
             {"memcpy_GBps", bytes / median(memcpy_)},
             {"chain_GBps", bytes / chain},
             {"chain_in_place_GBps", nullptr},
             {"of_memcpy", median(memcpy_) / ours},
             {"times_chain", chain / ours},
             {"times_chain_in_place", nullptr}};
    if (can_in_place_) {
      out["chain_in_place_GBps"] = bytes / median(in_place_times_);
      out["times_chain_in_place"] = median(in_place_times_) / ours;
    }
    return out;
  }

 private:
  static constexpr lathe_test::TorchSite kSite{false, false, 0};

  void make_context(std::span<const std::int64_t> extents) {
    extents_.assign(extents.begin(), extents.end());
    site_.struct_size = sizeof site_;
    site_.role = LATHE_ROLE_WEIGHT;
    site_.op = {"linear", 6};
    site_.shape = extents_.data();
    site_.rank = extents_.size();
    context_.struct_size = sizeof context_;
    context_.site = &site_;
    for (const StateSpec& spec : format_->state(site_)) {
      at::Tensor& numbers = state_.emplace_back(at::ones(spec.shape.dims(), at::kFloat));
      if (spec.learnable) {
        for (std::int64_t i = 0; i < numbers.numel(); ++i) {
          numbers.data_ptr<float>()[i] = static_cast<float>(std::ldexp(0.5, -static_cast<int>(i)));
        }
        learned_.push_back(numbers);
      }
      lent_.push_back(std::make_unique<BorrowedTensor>(DType::float32, numbers.data_ptr<float>(),
                                                       spec.shape.dims(), LATHE_TENSOR_READ_ONLY));
      pointers_.push_back(&lent_.back()->view());
    }
    context_.state = pointers_.data();
    context_.state_count = pointers_.size();
  }

  void quantize() { format_->quantize(context_, from_->view(), to_->view()); }
  at::Tensor chain() const {
    return lathe_test::torch_format(row_.id, options_, x_, kSite, learned_);
  }

  // Both compute the same: a chain may differ where its own rounding decides.
  void check() {
    quantize();
    const at::Tensor expected = chain();
    const at::Tensor far = at::abs(y_ - expected) > 1e-6 * at::abs(expected);
    const double share = far.to(at::kDouble).mean().item<double>();
    if (share <= 1e-5) return;
    std::fprintf(stderr, "%s %s: %.3g of the values are not those of the chain\n", row_.id,
                 row_.options, share);
    std::exit(1);
  }

  Row row_;
  std::int64_t size_;
  const Component& component_;
  at::Tensor x_, y_, in_place_;
  Value options_;
  const FormatInstance* format_ = nullptr;
  bool can_in_place_ = false;
  std::vector<std::int64_t> extents_;
  lathe_site site_{};
  lathe_format_context context_{};
  std::vector<at::Tensor> state_, learned_;
  std::vector<std::unique_ptr<BorrowedTensor>> lent_;
  std::vector<lathe_tensor*> pointers_;
  std::optional<BorrowedTensor> from_, to_;
  std::vector<double> ours_, memcpy_, chain_, in_place_times_;
};

void print(const Json& result) {
  const auto number = [](const Json& value, const char* unit) {
    if (value.is_null()) return std::string("-");
    char text[32];
    std::snprintf(text, sizeof text, "%.3g%s", value.get<double>(), unit);
    return std::string(text);
  };
  std::string name = result["format"].get<std::string>();
  if (name == "binary") name += result["options"]["scale"] == "none" ? "" : ", scaled";
  std::printf("%-18s %8.0e %9s %9s %9s %9s %10s %9s %9s\n", name.c_str(),
              result["size"].get<double>(), number(result["GBps"], "").c_str(),
              number(result["memcpy_GBps"], "").c_str(), number(result["chain_GBps"], "").c_str(),
              number(result["chain_in_place_GBps"], "").c_str(),
              number(result["of_memcpy"], "").c_str(), number(result["times_chain"], "x").c_str(),
              number(result["times_chain_in_place"], "x").c_str());
}

// The least of a ratio among the results of one size, and whose it is.
void print_least(const Json& all, std::int64_t size, bool by_element, const char* ratio,
                 const char* what) {
  const Json* least = nullptr;
  for (const Json& result : all) {
    if (result["size"] != size || (by_element && !result["by_element"].get<bool>())) continue;
    if (least == nullptr || result[ratio] < (*least)[ratio]) least = &result;
  }
  if (least == nullptr) return;
  std::printf("%8.0e, %s: at least %.3g %s (%s)\n", static_cast<double>(size),
              by_element ? "element-wise formats" : "all formats", (*least)[ratio].get<double>(),
              what, (*least)["format"].get<std::string>().c_str());
}

struct Words {
  std::string plugins, json;
  std::vector<std::int64_t> sizes{10'000, 1'000'000, 10'000'000};
  int repeats = 15;
  std::vector<std::string> formats;

  bool wants(std::string_view id) const {
    return formats.empty() || std::find(formats.begin(), formats.end(), id) != formats.end();
  }
};

Words read_words(int count, char** given) {
  Words out;
  out.plugins = given[1];
  for (int i = 2; i < count; ++i) {
    const std::string word = given[i];
    if (word == "--json" && i + 1 < count) {
      out.json = given[++i];
    } else if (word == "--repeats" && i + 1 < count) {
      out.repeats = std::max(1, std::atoi(given[++i]));
    } else if (word == "--sizes" && i + 1 < count) {
      out.sizes.clear();
      const std::string list = given[++i];
      for (std::size_t at = 0; at < list.size();) {
        const std::size_t end = std::min(list.find(',', at), list.size());
        // Whole rows.
        const double size = std::atof(list.substr(at, end - at).c_str());
        out.sizes.push_back(
            std::max<std::int64_t>(kRowLength, std::llround(size / kRowLength) * kRowLength));
        at = end + 1;
      }
    } else {
      out.formats.push_back(word);
    }
  }
  return out;
}

}  // namespace

int main(int count, char** given) {
  if (count < 2) {
    std::fputs("usage: measure PLUGINS [--json FILE] [--sizes N,...] [--repeats N] [FORMAT...]\n",
               stderr);
    return 2;
  }
  const Words words = read_words(count, given);
  at::set_num_threads(1);
  const at::NoGradGuard constant;
  const Registry registry({{words.plugins, "built-in"}}, {});
  std::printf("%-18s %8s %9s %9s %9s %9s %10s %9s %9s\n", "GB/s", "floats", "lathe", "memcpy",
              "chain", "in place", "of memcpy", "of chain", "in place");
  Json all = Json::array();
  for (const std::int64_t size : words.sizes) {
    const Buffers buffers(size);
    std::vector<std::unique_ptr<Bench>> benches;
    for (const Row& row : kRows) {
      if (words.wants(row.id)) benches.push_back(std::make_unique<Bench>(registry, row, buffers));
    }
    for (int i = 0; i < words.repeats; ++i) {
      for (const auto& bench : benches) bench->round();
    }
    for (const auto& bench : benches) {
      all.push_back(bench->result());
      print(all.back());
    }
  }
  std::puts("");
  for (const std::int64_t size : words.sizes) {
    print_least(all, size, true, "of_memcpy", "of memcpy");
    print_least(all, size, true, "times_chain", "times the chain");
    print_least(all, size, false, "times_chain", "times the chain");
  }
  if (!words.json.empty()) std::ofstream(words.json) << all.dump(1) << '\n';
  return 0;
}
