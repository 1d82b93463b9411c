// Who suggests the points of a search. The loop sees this interface; a plugin stands behind it.
#pragma once

#include "core/host/instances/sampler_instance.hpp"
#include "core/search/space/space.hpp"

namespace lathe {

// A pure function of the space, the seed and what it was told; see sdk/include/lathe/kind/sampler.h
// for the order of the calls. Not thread-safe.
class Sampler {
 public:
  virtual ~Sampler() = default;
  // False: the space is exhausted. A number is NaN where a parameter does not exist. `attempt`: how
  // many answers for this trial were points of earlier ones.
  virtual bool suggest(std::uint64_t trial, std::uint64_t attempt, std::span<double> point) = 0;
  virtual void started(std::uint64_t trial, std::span<const double> point) = 0;
  virtual void finished(const TrialOutcome& outcome) = 0;
  // False: it never looks at values, so that no suggestion has to wait for one.
  virtual bool reads_values() const = 0;
  // Whether it tells anything about the points of trials.
  virtual bool explains() const { return false; }
  // Numbers by name that it tells about the point of a complete trial.
  virtual Value explain(std::span<const double>, const TrialOutcome&) {
    return Value(Value::Map{});
  }
};

// What a sampler is made for, beside the space.
struct SamplerTask {
  std::vector<lathe_direction> directions;  // one per objective
  std::vector<std::string> objectives;      // what they are, eg "accuracy"; as many, or none
  std::uint64_t seed = 0;
  std::uint64_t lookahead = 0;
  std::uint64_t trial_budget = 0;  // trials that the search means to run; 0: unknown
  std::uint64_t constraints = 0;   // how many
};

// A sampler that was looked up and whose options are checked.
class SamplerChoice {
 public:
  SamplerChoice() = default;  // none yet: nothing can be made of it
  const std::string& name() const { return name_; }
  const Value& options() const { return options_; }  // defaults filled in
  // Throws usage_error, at the sampler's place, for a space that it refuses.
  std::unique_ptr<Sampler> make(const SearchSpace& space, const SamplerTask& task) const;

 private:
  friend SamplerChoice choose_sampler(const ComponentText& sampler, const Registry& registry);

  const Component* component_ = nullptr;
  std::string name_;
  Value options_{Value::Map{}};
  Position position_;
};

// Throws usage_error for a sampler that no plugin brings, and for options that it does not take.
SamplerChoice choose_sampler(const ComponentText& sampler, const Registry& registry);

}  // namespace lathe
