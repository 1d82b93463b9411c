// The objects of examples/kubernetes against npm's kubernetes-types, which `check` installs into
// the build's folder; skipped where there is no npm, or no network.
#include "tests/support/process.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

const std::filesystem::path kExamples = source_dir() / "examples/kubernetes";

// What is wrong with the files, or nothing.
std::string wrong_in(const std::string& files) {
  const TemporaryFolder folder;
  const auto said = folder.path() / "said";
  const std::string line =
      fmt::format("'{}/tests/acceptance/kubernetes/check' '{}/tests/kubernetes' {} > '{}'",
                  source_dir().string(), build_dir().string(), files, said.string());
  const int code = WEXITSTATUS(std::system(line.c_str()));
  if (code == 77) skip("npm cannot install kubernetes-types");
  const std::string text = read_file(said);
  BOOST_TEST((code == 0) == text.empty(), text);
  return text;
}

// Of job.yaml with one text in the place of another.
std::string wrong_with(const std::string& old, const std::string& changed) {
  const TemporaryFolder folder;
  std::string job = read_file(kExamples / "job.yaml");
  job.replace(job.find(old), old.size(), changed);
  write_file(folder.path() / "changed.yaml", job);
  return wrong_in((folder.path() / "changed.yaml").string());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kubernetes)

BOOST_AUTO_TEST_CASE(the_examples_have_the_types_of_kubernetes) {
  BOOST_TEST(wrong_in(kExamples.string() + "/*.yaml") == "");
}

BOOST_AUTO_TEST_CASE(a_field_that_a_job_does_not_have_is_found) {
  BOOST_TEST(wrong_with("backoffLimitPerIndex", "backoffLimitPerIndx").find("'JobSpec'") !=
             std::string::npos);
  BOOST_TEST(wrong_with("completions: 8", "completions: \"8\"").find("'number'") !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
