#include "tests/support/examples.hpp"

#include "tests/support/support.hpp"

#include <cstdlib>
#include <stdexcept>

namespace lathe_test {

std::filesystem::path built_example(const std::string& source,
                                    const std::filesystem::path& folder) {
  const std::filesystem::path root = source_dir();
  const std::filesystem::path file = folder / (source + ".so");
  const std::string include = (root / "sdk/include").string();
  const std::string line =
      std::string(source.ends_with(".c") ? "cc -std=c99" : "c++ -std=c++17") +
      " -O2 -Wall -Wextra -Wpedantic -Wconversion -Werror -fPIC -shared -fvisibility=hidden"
      " -Wl,--version-script=" +
      include + "/lathe/exports.map -I" + include + " -o " + file.string() + " " +
      (root / "examples/plugins" / source).string();
  if (std::system(line.c_str()) != 0) throw std::runtime_error(line);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  return file;
}

}  // namespace lathe_test
