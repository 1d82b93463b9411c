#include "known.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>

namespace onnx_reader {

namespace {

constexpr std::size_t kMostNamed = 20;

bool is_qonnx(std::string_view domain) {
  constexpr std::string_view kDomains[] = {"qonnx.custom_op.general", "finn.custom_op.general",
                                           "onnx.brevitas"};
  return std::find(std::begin(kDomains), std::end(kDomains), domain) != std::end(kDomains);
}

std::optional<Domain> domain_of(std::string_view domain) {
  if (domain.empty() || domain == "ai.onnx") return Domain::onnx;
  if (domain == "qonnx.custom_op.channels_last") return Domain::channels_last;
  if (is_qonnx(domain)) return Domain::qonnx;
  return std::nullopt;
}

const Operator* row_of(Domain domain, std::string_view op) {
  for (const Operator& row : operators()) {
    if (row.domain == domain && op == row.name) return &row;
  }
  return nullptr;
}

bool knows(const Operator& row, const std::string& attribute) {
  return std::find(row.attributes.begin(), row.attributes.end(), attribute) != row.attributes.end();
}

class Unknown {
 public:
  void add(const onnx::NodeProto& node, std::initializer_list<std::string_view> what) {
    if (++count_ > kMostNamed) return;
    text_ += lathe::join({text_.empty() ? "" : "; ", described(node), ": ", lathe::join(what)});
  }
  void throw_any() const {
    if (count_ == 0) return;
    const auto more = static_cast<std::int64_t>(count_) - static_cast<std::int64_t>(kMostNamed);
    throw lathe::error(
        LATHE_UNIMPLEMENTED,
        lathe::join({"it has what Lathe does not read: ", text_,
                     more > 0 ? lathe::join({"; and ", lathe::to_string(more), " more"}) : ""}));
  }

 private:
  std::size_t count_ = 0;
  std::string text_;
};

}  // namespace

std::int64_t opset_of(const onnx::ModelProto& model) {
  std::int64_t opset = 0;
  for (const onnx::OperatorSetIdProto& id : model.opset_import()) {
    if (id.domain().empty() || id.domain() == "ai.onnx") opset = id.version();
  }
  if (opset == 0 && model.opset_import_size() == 0) return 1;
  if (opset < 0) throw lathe::data_loss("it asks for a negative version of ONNX's operators");
  return opset;
}

std::vector<const Operator*> known_operators(const onnx::ModelProto& model, std::int64_t opset) {
  Unknown unknown;
  if (opset < kOldestOpset) {
    throw lathe::error(
        LATHE_UNIMPLEMENTED,
        lathe::join({"it asks for opset ", lathe::to_string(opset),
                     " of ONNX's operators; Lathe reads 6 and newer: convert it, eg with "
                     "onnx.version_converter"}));
  }
  std::vector<const Operator*> rows;
  for (const onnx::NodeProto& node : model.graph().node()) {
    const std::optional<Domain> domain = domain_of(node.domain());
    const Operator* row = domain ? row_of(*domain, node.op_type()) : nullptr;
    rows.push_back(row);
    if (!domain) {
      unknown.add(node, {"no operators of the domain '", node.domain(), "' are known"});
    } else if (row == nullptr) {
      unknown.add(node, {"the operator is not known"});
    } else {
      const int inputs = node.input_size();
      if (inputs < row->least_inputs || inputs > row->most_inputs || node.output_size() == 0) {
        unknown.add(node, {"it has ", lathe::to_string(std::int64_t{inputs}), " inputs and ",
                           lathe::to_string(std::int64_t{node.output_size()}), " outputs"});
      }
      for (const onnx::AttributeProto& attribute : node.attribute()) {
        if (!knows(*row, attribute.name())) {
          unknown.add(node, {"its attribute '", attribute.name(), "' is not known"});
        }
      }
    }
  }
  unknown.throw_any();
  return rows;
}

}  // namespace onnx_reader
