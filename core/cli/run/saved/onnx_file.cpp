#include "core/cli/run/saved/onnx_file.hpp"

#include "core/base/file.hpp"
#include "core/cli/interrupt.hpp"
#include "core/cli/run/searching/trial.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/options/export_options.hpp"
#include "core/report/json.hpp"
#include "core/tensor/hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace lathe {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPass = "write_onnx";

// The folder that the pass writes into, beside the files that are to be: these are moved there
// whole. What a killed process left is taken over.
class FolderBeside {
 public:
  explicit FolderBeside(const fs::path& output) : path_(output) {
    const fs::path parent = absolute_path(output).parent_path();
    std::error_code code;
    if (!fs::is_directory(parent, code)) throw write_failure(output, ENOENT);
    path_ += ".part";
    fs::remove_all(path_, code);
  }
  ~FolderBeside() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  FolderBeside(const FolderBeside&) = delete;
  FolderBeside& operator=(const FolderBeside&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Settings settings_of(const Invocation& call) {
  Invocation transform = as_transform(call);
  if (!call.get(kTrial)) {
    const std::string& word = call.words[0];
    std::error_code ignored;
    const bool is_file = fs::exists(word, ignored) && !is_onnx(word);
    transform.given.set(is_file ? kLoadName.key : kModel.key, Value(word));
    if (call.words.size() > 2) transform.given.set(kDataset.key, Value(call.words[1]));
  }
  return read_settings(transform);
}

Graph network_of(Session& session, RunContext& context) {
  if (session.settings().trial == nullptr) return session.build_graph(context);
  return EarlierTrial(session).network(true);
}

Step step_of(const Session& session, const Invocation& call, const fs::path& output) {
  const Component& pass = session.registry().find(Kind::pass, kPass);
  const Value options(Value::Map{{"file", output.filename().string()},
                                 {"quantization", call.get(kQuantization)},
                                 {"opset", call.get(kOpset)},
                                 {"external_data", call.get(kExternalData)}});
  return {&pass, check_options(pass.options, options), {}};
}

// The model's file last: it names the others.
std::vector<fs::path> move_beside(const std::vector<fs::path>& files, const fs::path& output) {
  std::vector<fs::path> moved;
  for (const fs::path& file : files) {
    moved.push_back(output.parent_path() / file.filename());
    std::error_code code;
    fs::rename(file, moved.back(), code);
    if (code) throw write_failure(moved.back(), code.value());
  }
  return moved;
}

std::int64_t count(const PassReport& report, std::string_view name) {
  const auto found = std::ranges::find(report.scalars, name, &std::pair<std::string, Value>::first);
  return found == report.scalars.end() ? 0 : found->second.as_int();
}

void tell(const Invocation& call, const std::string& whose, const PassReport& report,
          const std::vector<fs::path>& files) {
  const std::int64_t nodes = count(report, "onnx_nodes");
  const std::int64_t quantizers = count(report, "onnx_quantizers");
  const std::string file = files.back().string();
  const auto bytes = fs::file_size(files.back());
  if (!call.get(kJson)) {
    const std::string verb =
        files.size() == 1 ? " holds" : fmt::format(" and '{}' hold", files.front().string());
    return write_output(
        fmt::format("'{}' ({} bytes){} the network of '{}': {} nodes, {} "
                    "quantizers, opset {}\n",
                    file, bytes, verb, whose, nodes, quantizers, call.get(kOpset)));
  }
  Json out{{"file", file}, {"form", "onnx"}, {"bytes", bytes}, {"sha256", sha256_of_file(file)}};
  if (files.size() > 1) out["data"] = files.front().string();
  write_json({{"command", "export"},
              {"input", whose},
              {"quantization", call.get(kQuantization)},
              {"opset", call.get(kOpset)},
              {"nodes", nodes},
              {"quantizers", quantizers},
              {"output", std::move(out)}});
}

}  // namespace

Invocation as_transform(const Invocation& call) {
  Invocation transform = call;
  const auto commands = command_table();
  transform.command = &*std::ranges::find(commands, std::string_view("transform"), &Command::word);
  transform.words.clear();
  const std::vector<const CommandOption*> taken = options_of(*transform.command);
  for (const auto& [key, value] : call.given.as_map()) {
    const bool takes = std::ranges::any_of(
        taken, [&key = key](const CommandOption* row) { return row->option.key == key; });
    if (!takes) transform.given.erase(key);
  }
  return transform;
}

bool is_onnx(const fs::path& file) { return file.extension() == ".onnx"; }

void export_onnx(const Invocation& call, const fs::path& output) {
  fs::path data = output;
  data += ".data";
  if (call.get(kExternalData) && fs::exists(data) && !call.get(kOverwrite))
    throw usage_error(
        fmt::format("'{}' is there already; say --overwrite to replace it", data.string()));
  Session session(settings_of(call), catch_interrupts());
  const Pipeline pipeline{{step_of(session, call, output)}};
  const FolderBeside folder(output);
  RunContext context = session.context(folder.path());
  Graph graph = network_of(session, context);
  const std::vector<PassReport> reports = run_pipeline(pipeline, graph, context);
  const std::string whose = call.get(kTrial).value_or(call.words[0]);
  tell(call, whose, reports.at(0), move_beside(reports.at(0).files, output));
}

}  // namespace lathe
