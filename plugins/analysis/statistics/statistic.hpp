// One statistic of one tensor, over any number of samples: what the families beside this file have
// in common. Sums are doubles; partitions and the order of merging depend on the samples alone, so
// that results are the same for any number of threads, and those of parts that are merged equal
// those of one pass.
#pragma once

#include <memory>

#include "layout.hpp"

// Hidden, as what the SDK brings is.
namespace statistics __attribute__((visibility("hidden"))) {

  // Samples of one shape, one after the other, row major; borrowed.
  struct Samples {
    const float* data = nullptr;
    std::uint64_t count = 0;
    lathe::shape shape;  // of one, eg: [1, 16]

    std::uint64_t size() const { return count * lathe::element_count(shape); }
  };

  class Statistic {
   public:
    virtual ~Statistic() = default;
    // The same statistic with nothing seen; in a second pass one that looks for the same.
    virtual std::unique_ptr<Statistic> fresh() const = 0;

    // Seeing samples, in pieces that any threads may work on: start() says how many there are, and
    // finish() adds them up. The samples must last until then. Throws error where the shape is not
    // that of the samples before and the statistic is one for each element.
    virtual std::uint64_t start(const Samples& samples) = 0;
    virtual void work(std::uint64_t piece) = 0;
    virtual void finish() {}
    // All of that on this thread.
    void see(const Samples& samples) {
      const std::uint64_t pieces = start(samples);
      for (std::uint64_t i = 0; i < pieces; ++i) work(i);
      finish();
    }

    // Adds what another of the same options has seen after this one.
    virtual void merge(const Statistic& later) = 0;

    // Whether the samples must be seen again, all of them, after begin_second_pass().
    virtual bool wants_second_pass() const { return false; }
    virtual void begin_second_pass() {}

    // A map: numbers, for each element nested lists of them; "NA" where too little was seen. With
    // values that are not finite, and left out, `nonfinite` says how many.
    virtual lathe::value result() const = 0;
    virtual std::uint64_t nonfinite() const = 0;

    // A file that the statistic is kept in beside its result; empty: none.
    virtual std::string file() const { return {}; }
  };

}  // namespace statistics
