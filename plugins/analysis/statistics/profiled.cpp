#include "profiled.hpp"

#include <algorithm>

#include "catalogue.hpp"

namespace statistics {

namespace {

// Below this many values, times statistics, threads cost more than they save.
constexpr std::uint64_t kWorthSpreading = 1 << 16;

template <class T>
bool converted(const DLTensor& t, std::uint8_t code, std::vector<float>& out) {
  if (t.dtype.code != code || t.dtype.bits != 8 * sizeof(T)) return false;
  const T* from = reinterpret_cast<const T*>(static_cast<const char*>(t.data) + t.byte_offset);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(from[i]);
  return true;
}

// The values of a dense tensor, which `own` holds unless they are floats already.
const float* floats_of(const lathe_tensor& x, std::vector<float>& own) {
  const DLTensor& t = x.dl;
  if (t.dtype.code == kDLFloat && t.dtype.bits == 32) return lathe::tensor<const float>(x).data();
  own.resize(lathe::element_count({t.shape, static_cast<std::uint64_t>(t.ndim)}));
  if (converted<double>(t, kDLFloat, own) || converted<std::int64_t>(t, kDLInt, own) ||
      converted<std::int32_t>(t, kDLInt, own) || converted<std::uint8_t>(t, kDLUInt, own) ||
      converted<std::uint8_t>(t, kDLBool, own)) {
    return own.data();
  }
  throw lathe::error(LATHE_UNIMPLEMENTED, "there are no statistics of its element type");
}

// Which of the statistics, and which piece of its work, a number among all pieces means.
struct Work {
  std::vector<Statistic*> statistics;
  std::vector<std::uint64_t> end;  // running sums of their pieces

  void add(Statistic& statistic, std::uint64_t pieces) {
    statistics.push_back(&statistic);
    end.push_back(total() + pieces);
  }
  std::uint64_t total() const { return end.empty() ? 0 : end.back(); }
  void run(std::uint64_t begin, std::uint64_t finish) const {
    auto at = static_cast<std::size_t>(
        std::distance(end.begin(), std::upper_bound(end.begin(), end.end(), begin)));
    for (std::uint64_t i = begin; i < finish; ++i) {
      while (i >= end[at]) ++at;
      statistics[at]->work(i - (at == 0 ? 0 : end[at - 1]));
    }
  }
};

}  // namespace

std::vector<Choice> choices_of(const lathe::options& options, std::string_view option) {
  std::vector<Choice> choices;
  if (!options.has(option)) return choices;
  for (const lathe_entry& e : options[option].entries()) {
    Choice choice{
        lathe::to_string(lathe::to_view(e.key)), lathe::value(lathe::value_view(&e.value)), {}};
    try {
      choice.dims = Dims::of(lathe::value_view(&e.value).find("dims"));
    } catch (const lathe::error& error) {
      throw lathe::invalid_argument(lathe::join({"'dims' of ", choice.name, ": ", error.what()}))
          .at_option(option);
    }
    choices.push_back(std::move(choice));
  }
  return choices;
}

Profiled::Profiled(const lathe::node& node, const lathe::operand& operand, bool is_seen_once)
    : node_(node),
      operand_(lathe::to_string(operand.name())),
      is_result_(operand.is_output()),
      is_seen_once_(is_seen_once),
      rank_(operand.shape().size()) {}

void Profiled::gather(const std::vector<Choice>& choices, std::string_view option) {
  for (const Choice& choice : choices) {
    lathe::value::storage arrays;
    const lathe_value options = choice.options.c_value(arrays);
    gathered_.push_back({choice.name, lathe::to_string(option),
                         make_statistic(choice.name, lathe::options(lathe::value_view(&options))),
                         choice.dims.fits(rank_), choice.dims.fits(rank_)});
  }
}

void Profiled::see(const lathe_tensor& x, std::uint64_t rows, const lathe::context& context) {
  std::vector<std::int64_t> shape(x.dl.shape, x.dl.shape + x.dl.ndim);
  Samples samples;
  samples.count = 1;
  if (rows > 0 && !shape.empty() && static_cast<std::uint64_t>(shape[0]) == rows) {
    samples.count = rows;
    shape[0] = 1;
  }
  samples.shape = shape;
  std::vector<float> own;
  const Gathered* failing = nullptr;
  try {
    samples.data = floats_of(x, own);
    Work work;
    for (const Gathered& g : gathered_) {
      if (!g.is_active) continue;
      failing = &g;
      work.add(*g.statistic, g.statistic->start(samples));
    }
    failing = nullptr;
    if (samples.size() * work.statistics.size() < kWorthSpreading) {
      if (work.total() > 0) work.run(0, work.total());
    } else {
      context.parallel_for(work.total(), 1,
                           [&](std::uint64_t begin, std::uint64_t end) { work.run(begin, end); });
    }
    for (Statistic* statistic : work.statistics) statistic->finish();
  } catch (const lathe::error& e) {
    if (e.code() == LATHE_CANCELLED) throw;
    const std::string text =
        lathe::join({failing != nullptr ? failing->name : std::string("the profile"), " of '",
                     operand_, "': ", e.what()});
    lathe::error placed(e.code(), text);
    placed.at_node(node_);
    if (failing != nullptr) placed.at_option(failing->option);
    throw placed;
  }
}

bool Profiled::begin_second_pass() {
  bool any = false;
  for (Gathered& g : gathered_) {
    g.is_active = g.is_active && g.statistic->wants_second_pass();
    if (g.is_active) g.statistic->begin_second_pass();
    any = any || g.is_active;
  }
  return any;
}

lathe::value Profiled::results(std::vector<File>& files) const {
  lathe::value all = lathe::value::map();
  for (const Gathered& g : gathered_) {
    if (!g.fits) {
      all.set(g.name, "NA");
      continue;
    }
    lathe::value result = g.statistic->result();
    std::string contents = g.statistic->file();
    if (!contents.empty()) {
      std::string path = lathe::join({g.name, "/", node_.name(), ".", operand_, ".npy"});
      result.set("file", path);
      files.push_back({std::move(path), std::move(contents)});
    }
    all.set(g.name, std::move(result));
  }
  return all;
}

std::uint64_t Profiled::nonfinite() const {
  std::uint64_t most = 0;
  for (const Gathered& g : gathered_) most = std::max(most, g.statistic->nonfinite());
  return most;
}

}  // namespace statistics
