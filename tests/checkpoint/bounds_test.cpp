// What hostile files may cost: memory a bounded multiple of their size, and little time.
#include "expect.hpp"
#include "tests/support/sanitizers.hpp"
#include "tests/support/support.hpp"
#include "torch_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace lathe;
using namespace lathe_test;
using namespace lathe_test::pickled;

namespace {

constexpr std::size_t kSize = 1 << 20;
constexpr std::uint64_t kMemoryPerByte = 64;
constexpr rlim_t kMostSeconds = 5;  // of the processor

std::string repeated(const std::string& part) {
  std::string out;
  while (out.size() < kSize) out += part;
  return out;
}

// Another process reads the file: 0, it was read; 1, refused; else it needed more than it may.
int outcome_within_bounds(const std::filesystem::path& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::ifstream sizes("/proc/self/statm");
    std::uint64_t pages = 0;
    sizes >> pages;
    const std::uint64_t bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) +
                                kMemoryPerByte * std::filesystem::file_size(path);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_AS, &limit);
    const rlimit time{kMostSeconds, kMostSeconds};
    ::setrlimit(RLIMIT_CPU, &time);
    int code = 0;
    try {
      read_checkpoint(path);
    } catch (const Error&) {
      code = 1;
    } catch (...) {
      code = 2;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string legacy(const std::string& value) {
  return legacy_file(value, {{"0", 1, std::string(4, '\0')}});
}

// Each entry's contents reach into those of the next: a little data, read over and over.
std::string overlapping_zip() {
  constexpr std::size_t kEntries = 2000;
  std::vector<std::pair<std::string, std::string>> tensors;
  std::string bytes, directory;
  const auto entry = [&](const std::string& name, std::uint64_t size) {
    const std::string common = little<std::uint16_t>(20) + little<std::uint16_t>(0) +
                               little<std::uint16_t>(0) + little<std::uint32_t>(0) +
                               little<std::uint32_t>(0) + little(static_cast<std::uint32_t>(size)) +
                               little(static_cast<std::uint32_t>(size)) +
                               little(static_cast<std::uint16_t>(name.size()));
    directory += std::string("PK\x01\x02") + little<std::uint16_t>(20) + common +
                 std::string(12, '\0') + little(static_cast<std::uint32_t>(bytes.size())) + name;
    bytes += std::string("PK\x03\x04") + common + little<std::uint16_t>(0) + name;
  };
  for (std::size_t i = 0; i < kEntries; ++i) {
    const std::string key = std::to_string(i);
    entry("a/data/" + key, 1 << 19);
    tensors.emplace_back(key, tensor(storage("ByteStorage", key, 1 << 19), 0, {1 << 19}, {1}));
  }
  bytes += std::string(1 << 19, '\0');
  const std::string pickle = whole(dict(tensors));
  const auto crc = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(pickle.data()), pickle.size()));
  entry("a/data.pkl", pickle.size());
  // The CRC of the pickle's entry, in both places.
  bytes.replace(bytes.size() - 10 - 16, 4, little(crc));
  directory.replace(directory.size() - 10 - 30, 4, little(crc));
  bytes += pickle;
  const auto count = static_cast<std::uint16_t>(kEntries + 1);
  return bytes + directory + std::string("PK\x05\x06") + little<std::uint32_t>(0) + little(count) +
         little(count) + little(static_cast<std::uint32_t>(directory.size())) +
         little(static_cast<std::uint32_t>(bytes.size())) + little<std::uint16_t>(0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bounds)

BOOST_AUTO_TEST_CASE(no_file_costs_more_than_a_multiple_of_its_size) {
  skip_under_address_sanitizer("address space cannot be limited under AddressSanitizer");
  const std::string many_dimensions =
      tensor(storage("FloatStorage", "0", 1), 0, std::vector<std::int64_t>(64, 1),
             std::vector<std::int64_t>(64, 1)) +
      "q\x07" + "0";
  const std::string scalar = tensor(storage("FloatStorage", "0", 1), 0, {}, {}) + "q\x07" + "0";
  std::string named;
  for (int i = 0; named.size() < kSize; ++i) named += text(std::to_string(i)) + "h\x07";
  std::string header = "{";
  for (int i = 0; header.size() < kSize; ++i) header += "\"" + std::to_string(i) + "\":{},";
  header.back() = '}';
  const auto safetensors = [](const std::string& text) {
    return little<std::uint64_t>(text.size()) + text;
  };
  std::string index = "{\"weight_map\":{\"\":\"\"";
  for (int i = 0; index.size() < kSize; ++i)
    index += ",\"" + std::to_string(i) + "\":\"" + std::to_string(i) + "\"";
  ZipWriter squeezed;
  squeezed.add(
      "a/data.pkl",
      whole(dict({{"w", tensor(storage("ByteStorage", "0", 1 << 28), 0, {1 << 28}, {1})}})));
  squeezed.add("a/data/0", std::string(1 << 28, '\0'), true);

  const std::pair<const char*, std::string> files[] = {
      {"empty lists", legacy(repeated("]"))},
      {"memoized lists", legacy(repeated("]\x94"))},
      {"nones", legacy(repeated("N"))},
      {"marks", legacy(repeated("("))},
      {"copies of the top", legacy("]" + repeated("2"))},
      {"empty texts", legacy(repeated(std::string("U\0", 2)))},
      {"numbers", legacy(repeated("M\xff\xff"))},
      {"globals", legacy(repeated("ca\nb\n"))},
      {"nested tuples", legacy("]" + repeated("\x85"))},
      {"tuples of one list", legacy("]q\x01" + repeated("h\x01\x85"))},
      {"a memo at its end", legacy("N" + repeated("r\xff\xff\x0f") + "]")},
      {"objects", legacy("ca\nb\nq\x01" + repeated("h\x01)R"))},
      {"scalars under many names", legacy(scalar + "}(" + named + "u")},
      {"nested tuples, each memoized", legacy("]" + repeated("\x85\x94"))},
      {"escaped texts", legacy(repeated("V\\u00e9\n"))},
      {"decimals", legacy(repeated("I777\n"))},
      {"ids as text", legacy(repeated("P(1,)\n"))},
      {"items appended to an object", legacy("ca\nb\n)R(" + repeated("N") + "e")},
      {"one tensor over and over", legacy(scalar + "](" + repeated("h\x07") + "e")},
      {"lists that lead to a tensor", legacy(scalar + "]q\x08(h\x07" + repeated("h\x08") + "e")},
      {"an index of many parts", index + "}}"},
      {"nested lists of JSON", repeated("[")},
      {"64 dimensions under many names", legacy(many_dimensions + "}(" + named + "u")},
      {"a header of many names", safetensors(header)},
      {"a header of many lists", safetensors("{\"a\":[" + repeated("[],") + "0]}")},
      {"a quarter of a gigabyte of zeros, squeezed", squeezed.finish()},
      {"entries that overlap", overlapping_zip()},
  };
  const TemporaryFolder folder;
  const auto path = folder.path() / "hostile";
  for (const auto& [what, bytes] : files) {
    write_file(path, bytes);
    const int outcome = outcome_within_bounds(path);
    BOOST_TEST_MESSAGE(what << ": " << (outcome == 0 ? "read" : "refused"));
    BOOST_TEST((outcome == 0 || outcome == 1),
               what << ", " << bytes.size() << " bytes: outcome " << outcome);
  }
}

BOOST_AUTO_TEST_SUITE_END()
