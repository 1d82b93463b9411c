// Prunes weights by masks that training keeps, and activations by nodes put before layers. The
// rules are MASE's, whose thresholds `mase_compat` gives to the bit.
#include "prune/activation_op.hpp"
#include "prune/weights.hpp"

#include <lathe/lathe.hpp>

namespace {

using pruning::Settings;

constexpr lathe::option kSparsity =
    lathe::any_option("sparsity", "The part that is pruned, 0 to 1; or a table of it by node.")
        .by_default("0");
constexpr lathe::option kScope =
    lathe::choice_option("scope", "local|global",
                         "Whether the sparsity holds for each layer, or for all of them together.")
        .by_default("local");
constexpr lathe::option kGranularity =
    lathe::choice_option("granularity", "elementwise|channel",
                         "What is pruned: single elements, or whole channels.")
        .by_default("elementwise");
constexpr lathe::option kMethod =
    lathe::choice_option("method", "l1-norm|l1|random",
                         "What goes: the smallest magnitudes, or any by chance.")
        .by_default("l1-norm");

constexpr lathe_option kWeight[] = {kSparsity, kScope, kGranularity, kMethod};
constexpr lathe_option kActivation[] = {
    kSparsity,
    kScope,
    kGranularity,
    kMethod,
    lathe::string_option("split", "Whose samples a global threshold is found on.")
        .by_default("train"),
    lathe::int_option("samples", "How many of them.").by_default("64").within("1.."),
};

struct Prune {
  static constexpr lathe_option entry[] = {
      lathe::choice_option("name", "prune",
                           "Once a node is named so, the tables hold for nodes that are.")
          .nullable(),
      lathe::float_option("weight_sparsity", "The part of its weight that is pruned.")
          .nullable()
          .within("0..1")
          .tunable()
          .beside(),
      lathe::float_option("activation_sparsity", "The part of its input that is pruned.")
          .nullable()
          .within("0..1")
          .tunable()
          .beside(),
  };
  static constexpr lathe_option options[] = {
      lathe::table_option("weight", "How weights are pruned.").nullable().with_items(kWeight),
      lathe::table_option("activation", "How inputs of layers are pruned.")
          .nullable()
          .with_items(kActivation),
      lathe::bool_option("mase_compat",
                         "Prunes what is not above the quantile: ties go, and at sparsity 0 the "
                         "lowest.")
          .by_default("false"),
      lathe::int_option("seed", "Chooses what goes by chance.").by_default("0").within("0.."),
      lathe::node_map_option("nodes",
                             "Sparsities of nodes: by, default, and ops, nodes or patterns.")
          .with_items(entry),
  };
  static constexpr const char* targets = "linear|conv1d|conv2d|conv_transpose1d|conv_transpose2d";
  static constexpr const char* scalars = "weight_sparsity|pruned_parameters|parameters";
  static constexpr const char* details =
      "Weights of linear, conv1d and conv2d layers get a mask of 0 and 1: of n elements the "
      "`round(sparsity * n)` of the smallest magnitude go, of equal ones those that come first. "
      "With `scope = global` the n elements are those of all layers together. With `method = "
      "random` an element goes where a uniform number is below the sparsity. With `granularity = "
      "channel` output channels go by their mean magnitude, each with its bias; a layer that "
      "would lose all is an error. With `mase_compat` all go that are not above the linear "
      "quantile of the magnitudes at the sparsity. A mask stays with the weight: checkpoints have "
      "it as `weight_mask`, and training keeps its zeros. A number format without a 0, as "
      "`binary`, "
      "gives them a value again.\n\n"
      "Activations are pruned by nodes `prune_activation` before the layers, which do the same to "
      "each batch as a whole; the gradient passes where a value was kept. With `scope = global` "
      "one threshold for all layers is found on `samples` of the data.\n\n"
      "Publishes `weight_sparsity` (the part of these weights that is pruned), "
      "`pruned_parameters` of `parameters`, the tables `nodes` and `activations`, and at each node "
      "`software/args/weight/sparsity` and `software/args/data_in_0/sparsity`.\n\n"
      "Source: MASE (`prune`); magnitudes after Han et al., 2015, channels after Li et al., 2017."
      "\n\n"
      "Example: `lathe transform jsc-tiny --passes 'prune<weight={sparsity=0.5}>'`";

  explicit Prune(const lathe::options& o)
      : weight_(pruning::settings_of(o, "weight")),
        activation_(pruning::settings_of(o, "activation")),
        mase_(o.boolean("mase_compat")),
        seed_(static_cast<std::uint64_t>(o.integer("seed"))) {}

  void run(lathe::graph graph, lathe::edit& edit, lathe::executor executor, lathe::weights weights,
           lathe::meta meta, lathe::report out, lathe::context context) {
    const lathe::rng rng(context);
    pruning::WeightPruning{graph, weights, rng, context, weight_, mase_, seed_}.run(edit, out,
                                                                                    meta);
    pruning::ActivationPruning{graph, executor, context, activation_, mase_}.run(edit, out, meta);
  }

 private:
  Settings weight_, activation_;
  bool mase_;
  std::uint64_t seed_;
};

}  // namespace

LATHE_MODULE(lathe::transform<Prune>("prune", "1.0.0", "Sets weights and activations to zero."),
             lathe::op<pruning::PruneLargest>(pruning::kLargest, "1.0.0",
                                              "Keeps the values of the largest magnitude."),
             lathe::op<pruning::PruneByChance>(pruning::kByChance, "1.0.0",
                                               "Keeps values by chance, in evaluation too."))
