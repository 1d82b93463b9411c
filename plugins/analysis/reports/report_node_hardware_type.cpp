// Which tool makes the hardware of each node.
#include "node_text.hpp"
#include "tabulate.hpp"

#include <deque>

namespace {

bool is_implicit(lathe::value_view hardware) {
  const lathe::value_view said = hardware.find("is_implicit");
  return said.kind() == LATHE_VALUE_BOOL && said.boolean();
}

struct ReportNodeHardwareType {
  static constexpr lathe_option options[] = {reports::kFileOption};
  static constexpr const char* details =
      "A row for every node that becomes hardware: its name, torch.fx's opcode, the type of its "
      "result, the tool chain (`INTERNAL`: a module of MASE's library; `HLS`: high-level "
      "synthesis) and the device. Nodes that are only wires, `is_implicit`, are left out. The "
      "pass `add_hardware_metadata` comes first: without it tool chain and device are `NA`.\n\n"
      "Publishes the text, tabulate's format `simple`, on screen or in `file`.\n\n"
      "Source: MASE (`report_node_hardware_type_analysis_pass`).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes "
      "add_hardware_metadata,report_node_hardware_type`";

  explicit ReportNodeHardwareType(lathe::options o) : file_(o.text_or("file", "")) {}

  void run(lathe::graph graph, lathe::report out) {
    python::Tabulate table(
        {{"Node name"}, {"Fx Node op"}, {"Type"}, {"Tool Chain"}, {"Device ID", true}});
    std::deque<std::string> devices;
    for (const auto node : graph.nodes()) {
      const lathe::value_view metadata = node.metadata();
      const lathe::value_view hardware = metadata.find("hardware");
      if (is_implicit(hardware)) continue;
      const lathe::value_view result = metadata.find("common").find("results").find("data_out_0");
      const lathe::value_view device = hardware.find("device_id");
      const std::string shown = device ? python::repr(device) : "NA";
      if (devices.empty() || devices.back() != shown) devices.push_back(shown);
      table.row({node.name(), reports::opcode_name(node), reports::text_or(result, "type", "NA"),
                 reports::text_or(hardware, "toolchain", "NA"), devices.back()});
    }
    reports::show(out, "hardware", table.text(python::TableFormat::simple), "file", file_);
  }

 private:
  std::string file_;
};

}  // namespace

LATHE_ANALYSIS(ReportNodeHardwareType, "report_node_hardware_type", "1.0.0",
               "Shows tool chain and device of every node that becomes hardware.")
