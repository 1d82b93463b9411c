#include "core/storage/sqlite/file/turn.hpp"

#include "core/base/log.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace lathe {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

// A group of trials is written in some milliseconds.
constexpr microseconds kShortest{500}, kLongest{8000};
constexpr std::chrono::seconds kTellAfter{3};

}  // namespace

Turn::Turn(std::filesystem::path path, std::chrono::milliseconds most)
    : path_(std::move(path)), most_(most), random_(static_cast<unsigned>(getpid())) {}

void Turn::begin() { began_ = Clock::now(); }

bool Turn::wait() {
  const auto waited = Clock::now() - began_;
  if (waited >= most_) return false;
  if (waited >= kTellAfter && !told_) {
    told_ = true;
    log_warning("the study '{}' is locked: {} is writing to it; waiting", path_.string(),
                lock_holder(path_));
  }
  std::uniform_int_distribution<microseconds::rep> pause(kShortest.count(), kLongest.count());
  std::this_thread::sleep_for(
      std::min<Clock::duration>(microseconds(pause(random_)), most_ - waited));
  return true;
}

std::string lock_holder(const std::filesystem::path& path) {
  for (const char* suffix : {"-shm", ""}) {
    struct stat file{};
    if (stat((path.string() + suffix).c_str(), &file) != 0) continue;
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
      // "1: POSIX  ADVISORY  WRITE 42 08:01:1234 120 120"
      std::istringstream words(line);
      std::string number, kind, advisory, mode, inode;
      long pid = 0;
      words >> number >> kind >> advisory >> mode >> pid >> inode;
      if (mode != "WRITE" || pid <= 0 || pid == getpid()) continue;
      if (inode.substr(inode.rfind(':') + 1) != std::to_string(file.st_ino)) continue;
      std::string name;
      std::getline(std::ifstream(fmt::format("/proc/{}/comm", pid)), name);
      return fmt::format("process {} ({})", pid, name);
    }
  }
  return "another process";
}

}  // namespace lathe
