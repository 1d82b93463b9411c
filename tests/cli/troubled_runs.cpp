#include "tests/cli/troubled_runs.hpp"

#include <fmt/format.h>

namespace lathe_test {

namespace {

bool is(const char* text, std::string_view other) { return text == other; }

// "ender" of "pass 'ender'"; empty if it is none.
std::string pass_of(const TroubledPlace& place) {
  const std::string_view component = place.component;
  constexpr std::string_view kPass = "pass '";
  if (!component.starts_with(kPass)) return "";
  return std::string(component.substr(kPass.size(), component.size() - kPass.size() - 1));
}

std::string options_of(const TroubledPlace& place, const std::string& how) {
  return fmt::format("<how={},where={}>", how, place.where);
}

// A format troubles the weights of the linear layers.
std::string quantize_text(const TroubledPlace& place, const std::string& how) {
  return fmt::format(
      "quantize<by=type,default.name=NA,linear.name=ender,linear.weight_how={},"
      "linear.weight_where={}>",
      how, place.where);
}

// Two jobs; every trial evaluates the network, counts and runs the pass.
std::string search_text(const TroubledPlace& place, const std::string& how) {
  const bool format = is(place.component, "format 'ender'");
  const bool sampler = is(place.component, "sampler 'ender'");
  const std::string pass = pass_of(place);
  return fmt::format(
      "model = 'jsc-tiny'\ndataset = 'jsc-sim'\nbatch_size = 64\n"
      "[search.search_space]\nname = 'graph/quantize/mixed_precision_ptq'\n"
      "setup.by = 'type'\nseed.default.config.name = ['NA']\n"
      "[search.search_space.seed.linear.config]\n{}"
      "[search.strategy]\nname = 'optuna'\nsw_runner.basic_evaluation.num_samples = 64\n"
      "hw_runner.average_bitwidth.compare_to = 32\n{}"
      "setup = {{ n_jobs = 2, n_trials = 8, sampler = '{}' }}\n"
      "metrics.accuracy = {{ scale = 1.0, direction = 'maximize' }}\n"
      "metrics.average_bitwidth = {{ scale = 0.2, direction = 'minimize' }}\n",
      format ? fmt::format("name = ['ender']\nweight_how = ['{}']\nweight_where = ['{}']\n", how,
                           place.where)
             : std::string("name = ['integer']\ndata_in_width = [2, 3, 4, 5, 6, 7, 8]\n"
                           "weight_width = [2, 4, 8]\n"),
      pass.empty()
          ? std::string()
          : fmt::format("hw_runner.{} = {{ how = '{}', where = '{}' }}\n", pass, how, place.where),
      sampler ? "ender" + options_of(place, how) : std::string("random"));
}

}  // namespace

std::string fixture_file(const std::string& name) {
  return (build_dir() / "tests" / "fixtures" / (name + ".so")).string();
}

std::string function_of(const TroubledPlace& place) { return fmt::format("in {}()", place.where); }

Words troubled_run(const TroubledPlace& place, const std::string& how,
                   const std::filesystem::path& folder) {
  const bool data = is(place.component, "dataset 'ender'");
  const std::string set = data ? "ender" + options_of(place, how) : "jsc-sim";
  const std::string model = data ? "jsc-custom<hidden=[4]>" : "jsc-tiny";
  Words words{
      place.command,   "--plugin", fixture_file("ender"), "--plugin", fixture_file("trouble_kinds"),
      "--project-dir", ".",        "--project",           "p"};
  const std::string pass = pass_of(place);
  if (!pass.empty() && pass != "ender") words.insert(words.end(), {"--plugin", fixture_file(pass)});
  if (is(place.where, "third")) write_file(folder / "end_me", "");
  if (is(place.command, "search")) {
    write_file(folder / "a.toml", search_text(place, how));
    words.insert(words.end(), {"--config", "a.toml"});
    return words;
  }
  words.insert(words.end(), {model, set});
  if (is(place.command, "train"))
    words.insert(words.end(),
                 {"--max-epochs", how.ends_with("_later") ? "100000" : "2", "--batch-size", "16"});
  if (!pass.empty()) {
    words.insert(words.end(), {"--passes", "flops," + pass + options_of(place, how)});
  }
  // What only passes ask of a format.
  if (is(place.command, "transform") && is(place.component, "format 'ender'")) {
    words.insert(words.end(), {"--plugin", fixture_file("tries_formats"), "--passes",
                               fmt::format("tries<format=ender,mode={},how={},where={}>",
                                           place.where, how, place.where)});
  } else if (is(place.component, "format 'ender'"))
    words.insert(words.end(), {"--passes", quantize_text(place, how)});
  if (data && is(place.command, "transform")) words.insert(words.end(), {"--passes", "evaluate"});
  return words;
}

}  // namespace lathe_test
