// A terminal of so many columns; what is written to it is read while the run goes on.
#pragma once

#include <string>
#include <thread>

namespace lathe_test {

class PseudoTerminal {
 public:
  explicit PseudoTerminal(unsigned columns);
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  int descriptor() const { return slave_; }  // what a child takes for a stream
  // All of it. REQUIRES: no child holds the terminal any more.
  const std::string& text();

 private:
  int master_ = -1, slave_ = -1;
  std::string text_;
  std::thread reader_;
};

}  // namespace lathe_test
