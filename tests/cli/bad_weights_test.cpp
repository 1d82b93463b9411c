// Weights that do not fit, are not the only ones in their file, or are no weights at all.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

std::string field_file(const std::string& name) {
  return read_file(source_dir() / "tests" / "cases" / "files" / name);
}

const Words kTest{"test", "jsc-tiny", "jsc-sim", "--load", "w.pt"};

BadInput tested(const std::string& what, const std::string& contents, const Words& more,
                const std::vector<std::string>& says) {
  Words words = kTest;
  words.insert(words.end(), more.begin(), more.end());
  return {what, {{"w.pt", contents}}, words, 1, says};
}

BadInput exported(const std::string& what, const std::string& contents,
                  const std::vector<std::string>& says) {
  return {what, {{"w.pt", contents}}, {"export", "w.pt", "out.safetensors"}, 1, says};
}

// A legacy file of torch.save whose pickle is this.
std::string legacy(const std::string& pickle) {
  return std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.",
                     21) +
         "\x80\x02}.\x80\x02" + pickle + ".\x80\x02].";
}

}  // namespace

BOOST_AUTO_TEST_CASE(weights_that_are_several_or_do_not_fit_are_listed) {
  const std::string both = field_file("model_and_ema.pt");
  const std::string list = field_file("list_of_tensors.pt");
  check_bad_inputs({
      tested("two complete sets", both, {},
             {"w.pt", "2 complete sets of weights", "'ema.' and 'model.'", "--load-prefix"}),
      tested("a prefix that is not there", both, {"--load-prefix", "modle"},
             {"w.pt", "'modle'", "did you mean 'model.'"}),
      tested("no prefix where all have one", both, {"--load-prefix", ""},
             {"w.pt", "is missing", "0 of 7 tensors match"}),
      tested("names that are numbers", list, {}, {"w.pt", "0 of 7 tensors match", "'0', '1'"}),
      tested("nothing that fits", list, {"--load-strict=false"},
             {"w.pt", "nothing in it has the name and the shape", "seq_blocks.0.weight"}),
      {"another net",
       {{"w.pt", field_file("base.pt")}},
       {"test", "jsc-toy", "jsc-sim", "--load", "w.pt"},
       1,
       {"w.pt", "does not fit the model", "--load-strict=false"}},
      {"strictness that is no yes or no",
       {},
       {"test", "jsc-tiny", "jsc-sim", "--load-strict=maybe"},
       2,
       {"--load-strict", "maybe"}},
  });
}

BOOST_AUTO_TEST_CASE(files_that_hold_no_weights_are_called_what_they_are_in_every_command) {
  const std::pair<std::string, std::string> files[] = {
      {field_file("refuse_lfs_pointer.pt"), "Git LFS pointer"},
      {field_file("atk_popen.pt"), "it calls 'commands.Popen'"},
      {"<!DOCTYPE html>", "a web page"},
      {"\x1f\x8b\x08", "packed by gzip"},
      {R"({"weight_map": {"a": "model-1-of-2.safetensors"}})", "'model-1-of-2.safetensors'"},
      {legacy("](K\x01K\x02"
              "e"),
       "it holds no tensors, only a list of 2 items: int, int"},
      {legacy("}(U\x05"
              "epochK\x03u"),
       "it holds no tensors, only a dict of 1 entry: 'epoch' (int)"},
      {std::string("\x02\0\0\0\0\0\0\0{}", 10), "it holds no tensors"},
  };
  std::vector<BadInput> rows;
  for (const auto& [contents, says] : files) {
    rows.push_back(tested(says, contents, {}, {"w.pt", says}));
    rows.push_back(exported(says, contents, {"w.pt", says}));
  }
  check_bad_inputs(rows);
}

BOOST_AUTO_TEST_CASE(export_tells_of_tensors_that_lathe_has_no_type_for) {
  const TemporaryFolder folder;
  write_file(folder.path() / "w.pt", field_file("extra_complex.pt"));
  const Outcome outcome = good({"export", "w.pt", "--json"}, folder.path());
  BOOST_TEST(outcome.json()["tensors"].size() == 7U);
  BOOST_TEST(outcome.json()["lacking"].contains("freqs_cis"));
  BOOST_TEST(outcome.err.find("tensor 'freqs_cis'") != std::string::npos, outcome.err);
}

BOOST_AUTO_TEST_CASE(a_config_file_may_choose_a_prefix_and_how_strict_loading_is) {
  const TemporaryFolder folder;
  write_file(folder.path() / "w.pt", field_file("model_and_ema.pt"));
  write_file(folder.path() / "c.toml",
             "model = 'jsc-tiny'\ndataset = 'jsc-sim'\nload_name = 'w.pt'\nload_prefix = 'ema'\n"
             "load_strict = false\n");
  const auto weights =
      good({"test", "--config", "c.toml", "--json"}, folder.path()).json()["provenance"]["weights"];
  BOOST_TEST(weights["prefix"] == "ema.");
  BOOST_TEST(weights["strict"] == false);
  BOOST_TEST(weights["fresh"].empty());
}

BOOST_AUTO_TEST_CASE(a_prefix_without_a_file_to_load_is_told_to_do_nothing) {
  const TemporaryFolder folder;
  const Outcome outcome =
      good({"transform", "jsc-tiny", "--passes", "flops", "--load-prefix", "ema"}, folder.path());
  BOOST_TEST(outcome.err.find("load_prefix and load_strict say how") != std::string::npos,
             outcome.err);
}
