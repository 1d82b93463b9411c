// What of a network cannot be written, gathered so that all of it is said at once.
#pragma once

#include <lathe/lathe.hpp>

namespace onnx_writer {

class Problems {
 public:
  void add(const lathe::node& node, std::string_view why) {
    if (++count_ > kMostNamed) return;
    text_ += lathe::join(
        {text_.empty() ? "" : "; ", "node '", node.name(), "' (", node.op(), "): ", why});
  }
  // Runs it; what it throws is a problem with the format on that tensor of the node. Whether it
  // ran.
  template <class Work>
  bool with_format(const lathe::node& node, const lathe::operand& operand, Work work) {
    try {
      work();
      return true;
    } catch (const lathe::error& error) {
      add(node, lathe::join({"the format '", operand.type(), "' of its ", operand.name(), ": ",
                             error.what()}));
      return false;
    }
  }
  void throw_any() const {
    if (count_ == 0) return;
    const auto more = static_cast<std::int64_t>(count_) - static_cast<std::int64_t>(kMostNamed);
    throw lathe::error(
        LATHE_UNIMPLEMENTED,
        lathe::join({"the network has what cannot be written as ONNX: ", text_,
                     more > 0 ? lathe::join({"; and ", lathe::to_string(more), " more"}) : ""}));
  }

 private:
  static constexpr std::size_t kMostNamed = 20;
  std::size_t count_ = 0;
  std::string text_;
};

}  // namespace onnx_writer
