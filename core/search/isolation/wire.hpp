// Numbers, texts and values as bytes, and back, bit for bit: what JSON has no words for (NaN,
// infinities, -0.0) included. Both ends are one program on one machine.
#pragma once

#include "core/base/value.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lathe {

class WireWriter {
 public:
  WireWriter& whole(std::uint64_t number);
  WireWriter& real(double number);
  WireWriter& text(std::string_view text);
  WireWriter& texts(const std::vector<std::string>& texts);
  WireWriter& reals(std::span<const double> numbers);
  WireWriter& value(const Value& value);  // without positions
  const std::string& bytes() const { return bytes_; }

 private:
  void put(const void* data, std::size_t size);
  std::string bytes_;
};

// Reads what a writer wrote, in the same order; anything else throws run_error.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}  // REQUIRES: they outlive it
  std::uint64_t whole();
  double real();
  std::string text();
  std::vector<std::string> texts();
  std::vector<double> reals();
  Value value();
  void end() const;  // throws if something is left

 private:
  void get(void* data, std::size_t size);
  std::size_t count(std::size_t bytes_each);
  Value value_within(int depth);
  std::string_view rest_;
};

}  // namespace lathe
