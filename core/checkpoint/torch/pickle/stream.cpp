#include "core/checkpoint/torch/pickle/stream.hpp"

#include <algorithm>

namespace lathe {

namespace {

constexpr std::uint64_t kFirstWindow = 256, kWindowGrowth = 4;

}  // namespace

void as_damage(const InputFile& file, const std::string& part, std::uint64_t begin,
               const std::function<void()>& read) {
  try {
    read();
  } catch (const pickle::PickleError& error) {
    throw file.damaged(part + ", byte " + std::to_string(begin + error.offset()) + ": " +
                       error.what());
  } catch (const Error&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw file.damaged(error.what());
  }
}

void PickleStream::skip(std::uint64_t size) {
  if (size > left())
    throw file_.damaged("the file is truncated: " + std::to_string(size) +
                        " bytes are expected at byte " + std::to_string(at_));
  at_ += size;
}

void PickleStream::take(std::span<std::byte> out) {
  const std::uint64_t from = at_;
  skip(out.size());
  file_.read(from, out);
}

void PickleStream::next(const std::string& part, const Read& read) {
  as_damage(file_, part, at_, [&] {
    for (std::uint64_t window = kFirstWindow;; window *= kWindowGrowth) {
      std::vector<std::byte> bytes(std::min(window, left()));
      file_.read(at_, bytes);
      try {
        at_ += read(bytes);
        return;
      } catch (const pickle::PickleError& error) {
        if (!error.ended() || bytes.size() == left()) throw;
        if (window >= kLargestPickle)
          throw file_.damaged(part + " is larger than any description of tensors, " +
                              std::to_string(kLargestPickle >> 20) + " MiB");
      }
    }
  });
}

}  // namespace lathe
