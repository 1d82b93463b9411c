// An additive model of a function from evaluations that change one variable at a time, in the file
// that the pass `sensitivity` writes of a network.
#pragma once

#include "tools/sampler_quality/function.hpp"

namespace lathe::quality {

class OneAtATime {
 public:
  // Throws usage_error for a space that no such model fits: of ranges without end, of conditions.
  explicit OneAtATime(const Function& function);

  // What is to be evaluated: the first choice of everything, then each other choice alone.
  const std::vector<std::vector<double>>& points() const { return points_; }

  // {objective: {"": [constant], variable: [value per choice]}}. `values`: of each point, an
  // objective each, in that order.
  std::string file_text(const std::vector<std::vector<double>>& values,
                        const std::vector<std::string>& objectives) const;

 private:
  const Function* function_;
  std::vector<std::vector<double>> points_;
};

// A file while the object lives.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace lathe::quality
