#include "core/search/isolation/forking/descriptor.hpp"

#include "core/base/error.hpp"
#include "core/base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace lathe {
namespace {

constexpr std::size_t kMostSent = 8;
constexpr std::size_t kRoom = CMSG_SPACE(kMostSent * sizeof(int));

Error none_given() {
  return run_error(
      LATHE_RESOURCE_EXHAUSTED,
      fmt::format("there is no connection to be had to a helper process: {}; raise the limit of "
                  "open files (ulimit -n), or ask for fewer with --jobs",
                  system_text(errno)));
}

}  // namespace

void Descriptor::close() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

DescriptorPair connected_sockets() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw none_given();
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

DescriptorPair pipe_to_us() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw none_given();
  DescriptorPair made{Descriptor(ends[0]), Descriptor(ends[1])};
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) throw none_given();
  return made;
}

bool send_descriptors(int socket, std::span<const int> numbers) {
  char nothing = 0;
  iovec body{&nothing, 1};
  alignas(cmsghdr) std::array<char, kRoom> room{};
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = CMSG_SPACE(numbers.size_bytes());
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(numbers.size_bytes());
  std::memcpy(CMSG_DATA(header), numbers.data(), numbers.size_bytes());
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == 1;
}

std::optional<std::vector<Descriptor>> receive_descriptors(int socket, std::size_t count) {
  char nothing = 0;
  iovec body{&nothing, 1};
  alignas(cmsghdr) std::array<char, kRoom> room{};
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  ssize_t got = 0;
  do {
    got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  const cmsghdr* const header = got == 1 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return std::nullopt;
  std::vector<int> numbers((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  std::memcpy(numbers.data(), CMSG_DATA(header), numbers.size() * sizeof(int));
  std::vector<Descriptor> received;
  for (const int number : numbers) received.emplace_back(number);
  if (received.size() != count) return std::nullopt;
  return received;
}

}  // namespace lathe
