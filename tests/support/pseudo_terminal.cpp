#include "tests/support/pseudo_terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

namespace lathe_test {

PseudoTerminal::PseudoTerminal(unsigned columns) {
  master_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0)
    throw std::runtime_error("there is no pseudo terminal");
  slave_ = open(ptsname(master_), O_RDWR | O_NOCTTY | O_CLOEXEC);
  const winsize size{24, static_cast<unsigned short>(columns), 0, 0};
  ioctl(slave_, TIOCSWINSZ, &size);
  reader_ = std::thread([this] {
    std::array<char, 4096> block;
    for (ssize_t got = 0; (got = read(master_, block.data(), block.size())) > 0;)
      text_.append(block.data(), static_cast<std::size_t>(got));
  });
}

PseudoTerminal::~PseudoTerminal() {
  text();
  close(master_);
}

const std::string& PseudoTerminal::text() {
  if (reader_.joinable()) {
    close(slave_);
    reader_.join();
  }
  return text_;
}

}  // namespace lathe_test
