// Every file that a command writes, on disks that fail: the file of before is whole, one sentence
// says why, and nothing is left beside it.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

struct Fault {
  const char* name;   // as faulty_disk.c knows it
  int exit_code;      // of the command that meets it
  const char* cause;  // in its last line
};
constexpr Fault kFaults[] = {
    {"full", 1, "the disk is full; make room, or choose a folder on another disk"},
    {"read_only", 1, "the disk is mounted read-only; choose a folder on another disk"},
    {"rename", 1, "its folder does not let you write; choose another, or change its permissions"},
    {"crash", 128 + 9, nullptr},  // killed between the write and the rename
    {"short", 0, nullptr},        // writes take only part of the bytes; the last: it succeeds
};

// A command that wrote the file, and the same command once more, with other contents.
struct Writer {
  const char* file;
  std::vector<Words> before;
  Words again;
};

// Nothing, if there is no such file.
fs::path find(const fs::path& folder, const std::string& name) {
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().filename() == name) return entry.path();
  return {};
}

std::string contents(const fs::path& path) { return path.empty() ? "" : read_file(path); }

std::size_t drafts_in(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::count_if(fs::recursive_directory_iterator(folder), {},
                    [](const auto& entry) { return entry.path().extension() == ".part"; }));
}

Words environment_of(const Fault& fault, const std::string& file) {
  const char* own = std::getenv("ASAN_OPTIONS");
  return {"LD_PRELOAD=" + (build_dir() / "tests" / "faulty_disk.so").string(),
          "LATHE_FAULT=" + std::string(fault.name), "LATHE_FAULT_FILE=" + file,
          // The sanitizer would be the first library.
          "ASAN_OPTIONS=" + std::string(own == nullptr ? "" : own) + ":verify_asan_link_order=0"};
}

void meet_faults(const Writer& writer) {
  const TemporaryFolder folder;
  for (const Words& words : writer.before) succeed(words, folder.path());
  const std::string earlier = contents(find(folder.path(), writer.file));
  for (const Fault& fault : kFaults) {
    BOOST_TEST_CONTEXT(writer.file << " and the fault " << fault.name) {
      const Outcome outcome =
          run_lathe(writer.again, folder.path(), environment_of(fault, writer.file));
      BOOST_TEST(outcome.exit_code == fault.exit_code);
      const std::string after = contents(find(folder.path(), writer.file));
      BOOST_TEST((after == earlier) == (fault.exit_code != 0));
      if (fault.cause != nullptr) {
        const std::string line = outcome.last_line();
        BOOST_TEST(line.find("cannot write '") != std::string::npos, outcome.err);
        BOOST_TEST(line.ends_with(std::string(writer.file) + "': " + fault.cause), outcome.err);
      }
      if (fault.exit_code != 128 + 9) BOOST_TEST(drafts_in(folder.path()) == 0U);
    }
  }
}

Words in_project(Words words) {
  for (const char* word : {"--project-dir", ".", "--project", "p"}) words.emplace_back(word);
  return words;
}

// Two nets in turn, so that every file is another one.
Words transform(const std::string& model) {
  return in_project({"transform", model, "jsc-sim", "--passes",
                     "report_graph<file_name=graph_report.txt>,quantize"});
}

Words train(const Words& more) {
  Words words = in_project({"train", "jsc-tiny", "jsc-sim", "--batch-size", "256", "--resume"});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(files_on_disks_that_fail)

BOOST_AUTO_TEST_CASE(what_a_transform_writes) {
  for (const char* file :
       {"graph.json", "graph.txt", "model.safetensors", "report.json", "graph_report.txt"})
    meet_faults({file, {transform("jsc-toy")}, transform("jsc-tiny")});
}

BOOST_AUTO_TEST_CASE(what_an_export_writes) {
  for (const char* file : {"out.pt", "out.safetensors"})
    meet_faults({file,
                 {transform("jsc-toy"),
                  {"export", "p/software/transform/transformed_ckpt/model.safetensors", file},
                  transform("jsc-tiny")},
                 {"export", "p/software/transform/transformed_ckpt/model.safetensors", file,
                  "--overwrite"}});
}

BOOST_AUTO_TEST_CASE(a_new_plugin) {
  meet_faults({"mine.cpp", {}, {"plugin", "new", "pass", "mine"}});
}

BOOST_AUTO_TEST_CASE(what_a_training_writes) {
  for (const char* file : {"last.safetensors", "best.safetensors", "report.json"})
    meet_faults({file, {train({"--max-epochs", "1"})}, train({"--max-epochs", "2"})});
}

BOOST_AUTO_TEST_CASE(what_tells_of_which_network_the_weights_are) {
  for (const char* file : {"graph.json", "graph.txt"})
    meet_faults({file, {}, train({"--max-epochs", "1"})});
}

BOOST_AUTO_TEST_CASE(the_table_of_epochs) {
  meet_faults({"metrics.csv", {}, train({"--max-epochs", "1", "--resume"})});
}

BOOST_AUTO_TEST_CASE(what_a_test_writes) {
  const auto test = [](const char* split) {
    return in_project({"test", "jsc-tiny", "jsc-sim", "--load",
                       "p/software/training_ckpts/best.safetensors", "--split", split});
  };
  meet_faults(
      {"predictions.csv", {train({"--max-epochs", "1"}), test("validation")}, test("train")});
}

BOOST_AUTO_TEST_CASE(what_a_search_writes) {
  for (const char* file : {"log.json", "best.json", "report.json"}) {
    const TemporaryFolder folder;
    const fs::path config = folder.path() / golden_search_file(2, folder.path());
    const auto search = [&](const char* trials) {
      return in_project({"search", "--config", config.string(), "--dataset", "jsc-sim",
                         "--n-trials", trials, "--resume"});
    };
    meet_faults({file, {search("2")}, search("9")});
  }
}

BOOST_AUTO_TEST_CASE(what_a_sweep_writes) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml",
             "model = 'jsc-tiny'\ndataset = 'jsc-sim'\n[sweep]\nbatch_size = [128, 256]\n");
  for (const char* file : {"row.json", "sweep.csv"})
    meet_faults({file,
                 {},
                 in_project({"train", "--config", (folder.path() / "a.toml").string(),
                             "--max-epochs", "1", "--resume"})});
}

BOOST_AUTO_TEST_SUITE_END()
