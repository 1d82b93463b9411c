// A file descriptor that closes itself, connected pairs of them, and their way into another
// process. Knows nothing of what is said over them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace lathe {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }

  int get() const { return number_; }  // -1: none
  bool open() const { return number_ >= 0; }
  void close();

 private:
  int number_ = -1;
};

struct DescriptorPair {
  Descriptor ours, theirs;
};
// Both are closed by exec(). They throw run_error if the system gives none.
DescriptorPair connected_sockets();
DescriptorPair pipe_to_us();  // theirs is written to; reading ours never waits

// One message of nothing else. False: the other end is gone.
bool send_descriptors(int socket, std::span<const int> numbers);
// Waits for one; nothing: the other end is gone, or sent another number of them.
std::optional<std::vector<Descriptor>> receive_descriptors(int socket, std::size_t count);

}  // namespace lathe
