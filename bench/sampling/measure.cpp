// What a sampler costs per trial as a search grows, through the loop's own interface: suggest,
// started, finished. CSV lines: sampler, objectives, parameters, trials there, CPU microseconds of
// one trial. bench/search runs it.
//
//   measure PLUGINS SAMPLER OBJECTIVES random|front PARAMETERS[,..] TRIALS[,..]
//
// front: every trial is on the Pareto front. TRIALS rise; a sampler is told all of them in turn.
#include "core/options/text/component_text.hpp"
#include "core/plugin/registry.hpp"
#include "core/search/plan/sampler.hpp"
#include "core/tensor/random.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

using namespace lathe;

namespace {

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::vector<std::size_t> numbers(const char* text) {
  std::vector<std::size_t> out;
  for (char* end = nullptr; *text != '\0'; text = *end == ',' ? end + 1 : end)
    out.push_back(std::strtoull(text, &end, 10));
  return out;
}

// Three to six choices in turn.
SearchSpace space_of(std::size_t parameters) {
  SearchSpace space;
  for (std::size_t p = 0; p < parameters; ++p) {
    SearchParameter parameter;
    parameter.name = "p" + std::to_string(p);
    for (std::size_t choice = 0; choice < 3 + p % 4; ++choice)
      parameter.choices.emplace_back(static_cast<std::int64_t>(choice));
    space.parameters.push_back(std::move(parameter));
  }
  return space;
}

class Search {
 public:
  Search(const SamplerChoice& sampler, std::size_t parameters, std::size_t objectives, bool front)
      : space_(space_of(parameters)),
        point_(parameters),
        values_(objectives),
        front_(front),
        sampler_(sampler.make(
            space_, {std::vector<lathe_direction>(objectives, LATHE_DIRECTION_MINIMIZE), {}, 0})) {}

  std::size_t trials() const { return trials_; }
  // A random point ends: history as it comes of anywhere.
  void grow() {
    for (std::size_t p = 0; p < point_.size(); ++p)
      point_[p] = static_cast<double>(next() % space_.parameters[p].choices.size());
    tell();
  }
  void ask_and_tell() {
    sampler_->suggest(trials_, 0, point_);
    tell();
  }

 private:
  void tell() {
    const double x = static_cast<double>(next()) / 18446744073709551616.0;
    for (std::size_t i = 0; i < values_.size(); ++i)
      values_[i] = !front_ || i == 0 ? (i == 0 ? x : static_cast<double>(next())) : 1 - x;
    sampler_->started(trials_, point_);
    sampler_->finished({trials_, LATHE_STATE_COMPLETE, values_, {}, {}});
    ++trials_;
  }
  std::uint64_t next() {
    return random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
  }

  SearchSpace space_;
  std::vector<double> point_, values_;
  bool front_;
  std::unique_ptr<Sampler> sampler_;
  std::size_t trials_ = 0;
  std::uint64_t random_ = 1;
};

// Microseconds of a trial, the median of some groups, since to read the clock takes a system call:
// half a second of them, or 40.
double microseconds(Search& search) {
  constexpr std::size_t kGroup = 5;
  std::vector<double> all;
  for (double spent = 0; all.size() < 5 || (spent < 0.5 && all.size() < 40);) {
    const double before = cpu_seconds();
    for (std::size_t i = 0; i < kGroup; ++i) search.ask_and_tell();
    all.push_back(cpu_seconds() - before);
    spent += all.back();
  }
  std::ranges::nth_element(all, all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2));
  return 1e6 * all[all.size() / 2] / kGroup;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 7) {
    std::fputs("measure PLUGINS SAMPLER OBJECTIVES random|front PARAMETERS[,..] TRIALS[,..]\n",
               stderr);
    return 2;
  }
  const Registry registry({{arguments[1], "built-in"}}, {});
  const SamplerChoice sampler =
      choose_sampler(parse_component(arguments[2], "the command line"), registry);
  const std::size_t objectives = numbers(arguments[3]).front();
  const bool front = std::string(arguments[4]) == "front";
  for (const std::size_t parameters : numbers(arguments[5])) {
    Search search(sampler, parameters, objectives, front);
    for (const std::size_t trials : numbers(arguments[6])) {
      while (search.trials() < trials) search.grow();
      std::printf("%s,%zu%s,%zu,%zu,%.3f\n", arguments[2], objectives, front ? " front" : "",
                  parameters, trials, microseconds(search));
      std::fflush(stdout);
    }
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
