// A tensor of the network with the statistics that are gathered of it.
#pragma once

#include <lathe/hpp/graph.hpp>

#include "statistic.hpp"

namespace statistics {

// A statistic that is asked for, eg: "range_quantile" with {quantile: 0.97}.
struct Choice {
  std::string name;
  lathe::value options;  // a map
  Dims dims;
};

// What a table of them asks for; throws error at `option`, the table's key, or in it.
std::vector<Choice> choices_of(const lathe::options& options, std::string_view option);

class Profiled {
 public:
  Profiled(const lathe::node& node, const lathe::operand& operand, bool is_seen_once);

  const lathe::node& node() const { return node_; }
  const std::string& operand() const { return operand_; }
  bool is_result() const { return is_result_; }
  bool is_seen_once() const { return is_seen_once_; }  // the same in every batch
  std::uint64_t rank() const { return rank_; }

  // In the order of the choices; `option` is the key of their table.
  void gather(const std::vector<Choice>& choices, std::string_view option);

  // `rows`: of the batch, which a tensor's first dimension is split into; 0: one sample.
  void see(const lathe_tensor& x, std::uint64_t rows, const lathe::context& context);

  // From here on only what must see everything twice does; false if nothing must.
  bool begin_second_pass();

  // {statistic: result}; files are published as NODE.OPERAND.npy in a folder of the statistic.
  struct File {
    std::string path, contents;
  };
  lathe::value results(std::vector<File>& files) const;
  std::uint64_t nonfinite() const;

 private:
  struct Gathered {
    std::string name, option;  // and the table that asks for it
    std::unique_ptr<Statistic> statistic;
    bool fits, is_active;
  };

  lathe::node node_;
  std::string operand_;
  bool is_result_, is_seen_once_;
  std::uint64_t rank_;
  std::vector<Gathered> gathered_;
};

}  // namespace statistics
