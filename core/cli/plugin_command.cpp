#include "core/cli/plugin_command.hpp"

#include "core/base/suggest.hpp"
#include "core/cli/command_words.hpp"
#include "core/host/stdout_guard.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace lathe {
namespace {

namespace po = boost::program_options;

const std::vector<std::string> kCommands{"build", "list", "new", "show"};

constexpr std::string_view kHelp =
    "Usage: lathe plugin COMMAND [options]\n"
    "\n"
    "Commands:\n"
    "  list [KIND]           what there is: passes, models, data sets, formats, samplers\n"
    "  show [KIND:]ID        its options: types, defaults, what is allowed, what they mean\n"
    "  build FILE [-o OUT]   compiles a C++17 or C99 file into NAME.so and checks that it loads;\n"
    "                        words after -- go to the compiler\n"
    "  new pass NAME         writes a pass to start from\n"
    "\n"
    "Options:\n"
    "  --plugin FILE         also this plugin; may be repeated\n"
    "  --lang cpp|c          new: the language; cpp unless given\n"
    "  -o, --output FILE     build: the file to make\n"
    "  --json                one JSON object on standard output\n"
    "  -h, --help            this text\n"
    "\n"
    "Environment: LATHE_PLUGIN_PATH (folders of plugins), CXX and CC (compilers for build).\n";

po::variables_map parse(const std::vector<std::string>& words) {
  po::options_description options;
  options.add_options()("plugin", po::value<std::vector<std::string>>()->composing())(
      "lang", po::value<std::string>())("output,o", po::value<std::string>());
  return parse_command_words("plugin", std::move(options), words);
}

std::string text(const po::variables_map& map, const char* key) {
  return map.count(key) != 0 ? map[key].as<std::string>() : std::string();
}

std::unique_ptr<Registry> registry_of(const po::variables_map& map) {
  std::vector<std::filesystem::path> files;
  if (map.count("plugin") != 0) {
    for (const std::string& file : map["plugin"].as<std::vector<std::string>>()) {
      files.emplace_back(file);
    }
  }
  return std::make_unique<Registry>(default_plugin_folders(), files);
}

// The words a command takes besides its own name.
void expect(const std::vector<std::string>& words, std::size_t least, std::size_t most,
            std::string_view usage) {
  if (words.size() < least || words.size() > most) {
    throw usage_error(fmt::format("usage: lathe plugin {}", usage));
  }
}

}  // namespace

std::filesystem::path installed(const std::filesystem::path& relative) {
  const std::filesystem::path executable = std::filesystem::canonical("/proc/self/exe");
  return executable.parent_path().parent_path() / relative;
}

int run_plugin_command(const std::vector<std::string>& all_words) {
  // What follows -- is the compiler's business.
  const auto dashes = std::ranges::find(all_words, "--");
  const std::vector<std::string> own(all_words.begin(), dashes);
  const std::vector<std::string> rest(dashes == all_words.end() ? dashes : dashes + 1,
                                      all_words.end());
  const po::variables_map map = parse(own);
  std::vector<std::string> words;
  if (map.count("words") != 0) words = map["words"].as<std::vector<std::string>>();
  if (map["help"].as<bool>()) {
    write_output(kHelp);
    return 0;
  }
  if (words.empty()) {
    throw usage_error("lathe plugin: no command is given; use list, show, build or new");
  }
  const std::string command = words.front();
  words.erase(words.begin());
  const bool json = map["json"].as<bool>();
  if (!rest.empty() && command != "build") {
    throw usage_error("only lathe plugin build takes words after --");
  }
  if (command == "list") {
    expect(words, 0, 1, "list [KIND]");
    list_plugins(*registry_of(map), words.empty() ? "" : words[0], json);
  } else if (command == "show") {
    expect(words, 1, 1, "show [KIND:]ID");
    show_component(*registry_of(map), words[0], json);
  } else if (command == "build") {
    expect(words, 1, 1, "build FILE.cpp|FILE.c [-o OUT] [-- compiler arguments]");
    build_plugin({words[0], text(map, "output"), rest}, json);
  } else if (command == "new") {
    expect(words, 2, 2, "new pass NAME [--lang cpp|c]");
    NewRequest request{words[0], words[1]};
    if (map.count("lang") != 0) request.language = text(map, "lang");
    new_plugin(request, json);
  } else {
    throw usage_error(
        fmt::format("unknown command 'plugin {}'{}", command, suggestion(command, kCommands)));
  }
  return 0;
}

}  // namespace lathe
