// Durable before it is named, if asked: contents are synced, then the rename makes them visible.
#include "core/report/files.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lathe {

namespace {

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string text = "\"";
  for (char c : cell) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + "\"";
}

void append_line(std::string& text, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) text += ',';
    text += quoted(cells[i]);
  }
  text += '\n';
}

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  throw run_error(LATHE_UNAVAILABLE,
                  fmt::format("cannot write '{}': {}", path.string(), std::strerror(error)));
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::string csv_text(const TextTable& table) {
  std::string text;
  append_line(text, table.columns);
  for (const auto& row : table.rows) append_line(text, row);
  return text;
}

void write_text_file(const std::filesystem::path& path, std::string_view text, Sync sync) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error) fail(path, error.value());
  const std::string beside = fmt::format("{}.{}.part", path.string(), ::getpid());
  const int descriptor = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) fail(path, errno);
  const bool good =
      write_all(descriptor, text) && (sync == Sync::no_wait || ::fsync(descriptor) == 0);
  const int why = good ? 0 : errno;
  ::close(descriptor);
  if (good && ::rename(beside.c_str(), path.c_str()) == 0) return;
  const int failure = good ? errno : why;
  ::unlink(beside.c_str());
  fail(path, failure);
}

}  // namespace lathe
