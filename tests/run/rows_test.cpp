// How many rows an evaluation runs at once.
#include "core/run/rows.hpp"
#include "tests/engine/engine.hpp"

using namespace lathe_test;

namespace {

constexpr std::int64_t kLarge = 32'000;  // numbers of an output's position: no cache holds a row

Graph language_model(std::int64_t length) {
  Writer w;
  w.placeholder("input_ids", {{"shape", Value::List{length}}, {"dtype", "int64"}});
  w.module("embed", "embedding", {{"num_embeddings", kLarge}, {"embedding_dim", std::int64_t{8}}});
  w.linear("head", 8, static_cast<int>(kLarge));
  return w.finish(4);
}

Graph classifier() {
  Writer w;
  w.input({8});
  w.linear("head", 8, static_cast<int>(kLarge));
  return w.finish(4);
}

std::int64_t rows_at_once(const Graph& graph, std::int64_t batch) {
  lathe::run::RowSource source;
  source.batch = batch;
  return lathe::run::chunk_rows(graph, source, registry(), true);
}

}  // namespace

BOOST_AUTO_TEST_CASE(
    a_weight_is_multiplied_with_so_many_rows_of_numbers_and_no_more_are_in_memory) {
  for (const std::int64_t batch : {1, 16, 512}) {
    BOOST_TEST(rows_at_once(classifier(), batch) == lathe::run::kLeastRows);
    BOOST_TEST(rows_at_once(language_model(20), batch) == 4);
    BOOST_TEST(rows_at_once(language_model(64), batch) == 1);
    BOOST_TEST(rows_at_once(language_model(128), batch) == 1);
  }
}
