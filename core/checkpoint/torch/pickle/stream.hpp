// Pickles that follow one another in a file, with other bytes between them. Knows nothing about
// what they say.
#pragma once

#include "core/checkpoint/input_file.hpp"
#include "core/checkpoint/torch/pickle/pickle.hpp"

#include <functional>
#include <span>
#include <string>

namespace lathe {

// No description of tensors is larger, whatever else lies beside them.
constexpr std::uint64_t kLargestPickle = std::uint64_t{1} << 30;

// Runs `read`; errors of pickles that begin at byte `begin` of `part` of the file become damage of
// the file, in a sentence that names them.
void as_damage(const InputFile& file, const std::string& part, std::uint64_t begin,
               const std::function<void()>& read);

class PickleStream {
 public:
  // REQUIRES: begin <= end <= file.size().
  PickleStream(const InputFile& file, std::uint64_t begin, std::uint64_t end)
      : file_(file), at_(begin), end_(end) {}

  std::uint64_t at() const { return at_; }
  std::uint64_t left() const { return end_ - at_; }
  void skip(std::uint64_t size);
  // The next bytes, taken as the machine has its numbers: little-endian.
  void take(std::span<std::byte> out);

  // Hands `read` the bytes from here on, few at first and then more, until the pickle they begin
  // with is whole. `read` returns its size. `part` is what it is, eg: "the keys of its storages".
  using Read = std::function<std::uint64_t(std::span<const std::byte>)>;
  void next(const std::string& part, const Read& read);

 private:
  const InputFile& file_;
  std::uint64_t at_, end_;
};

}  // namespace lathe
