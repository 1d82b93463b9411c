// The kernels that do the work of several operators of LibTorch, beside plain arithmetic in double
// and beside those operators, which training uses.
#include "core/engine/kernels/causal_attention.hpp"
#include "tests/engine/gradients.hpp"
#include "tests/engine/oracles.hpp"

using namespace lathe_test;
using lathe::engine::HeadRows;

namespace {

struct Extents {
  std::int64_t queries, keys, width, value_width;
};
// Fewer than a vector, whole tiles and not, more numbers than are laid out at once.
constexpr Extents kHeads[] = {{1, 1, 1, 1},      {3, 3, 5, 3},    {4, 4, 8, 8},
                              {5, 17, 16, 16},   {40, 7, 20, 24}, {33, 33, 130, 40},
                              {100, 100, 16, 16}};

HeadRows rows_of(const std::vector<float>& data, std::int64_t count, std::int64_t width) {
  return {data.data(), width, count, width};
}

std::vector<float> numbers_of(std::int64_t rows, std::int64_t width, int salt) {
  const Array array = example({rows, width}, salt);
  return {array.data.begin(), array.data.end()};
}

std::vector<float> attended(const HeadRows& q, const HeadRows& k, const HeadRows& v, float scale) {
  if (!lathe::engine::causal_attention_runs_here())
    lathe_test::skip("this processor has no AVX2 or no FMA");
  std::vector<float> y(static_cast<std::size_t>(q.count * v.width));
  std::vector<float> scratch(static_cast<std::size_t>(lathe::engine::causal_attention_scratch(k)));
  lathe::engine::causal_attention(q, k, v, scale, y.data(), v.width, scratch.data());
  return y;
}

std::vector<float> in_double(const HeadRows& q, const HeadRows& k, const HeadRows& v,
                             double scale) {
  std::vector<float> out;
  for (std::int64_t i = 0; i < q.count; ++i) {
    std::vector<double> sums(static_cast<std::size_t>(v.width));
    double total = 0;
    for (std::int64_t j = 0; j < std::min(i + 1, k.count); ++j) {
      double score = 0;
      for (std::int64_t d = 0; d < q.width; ++d)
        score += static_cast<double>(q.row(i)[d]) * static_cast<double>(k.row(j)[d]);
      const double weight = std::exp(score * scale);
      total += weight;
      for (std::size_t c = 0; c < sums.size(); ++c)
        sums[c] += weight * static_cast<double>(v.row(j)[c]);
    }
    for (const double sum : sums) out.push_back(static_cast<float>(sum / total));
  }
  return out;
}

// What both give: an evaluation and a training step.
void check_alike(const Graph& graph, const std::vector<Array>& inputs, float tolerance) {
  std::vector<Tensor> tensors;
  for (const Array& x : inputs) tensors.push_back(as_tensor(x));
  const Tensor found = open_engine()->run(graph, tensors).at(0);
  const auto trained = gradients(registry(), graph, tensors, upstream(found.shape()));
  BOOST_TEST(found.shape().text() == trained.output.shape().text());
  const auto expected = trained.output.values<float>();
  check_close(found.values<float>(), {expected.begin(), expected.end()}, tolerance, tolerance, "y");
}

constexpr std::int64_t kRows = 3;

// Four heads of queries, `shared` of keys and values, and numbers for them.
std::pair<Graph, std::vector<Array>> causal(std::int64_t shared) {
  Writer w;
  std::vector<Argument> tensors;
  std::vector<Array> x;
  for (const auto& [name, heads] :
       {std::pair{"q", std::int64_t{4}}, std::pair{"k", shared}, std::pair{"v", shared}}) {
    tensors.push_back({w.placeholder(name, {{"shape", Value::List{heads, 11, 6}}})});
    x.push_back(example({kRows, heads, 11, 6}, static_cast<int>(x.size())));
  }
  const NodeId node = w.function("scaled_dot_product_attention", tensors);
  w.edit().set_kwargs(node, {{"is_causal", {Value(true)}}, {"enable_gqa", {Value(shared < 4)}}});
  return {w.finish(kRows), x};
}

Array some_rows(Array x, std::int64_t first, std::int64_t count) {
  const std::int64_t each = static_cast<std::int64_t>(x.data.size()) / x.size(0);
  const auto begin = x.data.begin() + first * each;
  x.data = std::vector(begin, begin + count * each);
  x.shape[0] = count;
  return x;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(causal_attention)

BOOST_AUTO_TEST_CASE(it_is_the_softmax_over_what_is_not_later) {
  for (const auto& [queries, keys, width, value_width] : kHeads) {
    BOOST_TEST_CONTEXT(queries << ", " << keys << ", " << width << ", " << value_width) {
      const auto q = numbers_of(queries, width, 1), k = numbers_of(keys, width, 2),
                 v = numbers_of(keys, value_width, 3);
      const HeadRows of_q = rows_of(q, queries, width), of_k = rows_of(k, keys, width),
                     of_v = rows_of(v, keys, value_width);
      check_close(attended(of_q, of_k, of_v, 0.125F), in_double(of_q, of_k, of_v, 0.125), 1e-5,
                  1e-6, "y");
    }
  }
}

BOOST_AUTO_TEST_CASE(what_comes_later_changes_no_bit) {
  const auto q = numbers_of(30, 16, 1), k = numbers_of(30, 16, 2), v = numbers_of(30, 16, 3);
  const auto first = [&](std::int64_t count) {
    return attended(rows_of(q, count, 16), rows_of(k, count, 16), rows_of(v, count, 16), 0.25F);
  };
  const std::vector<float> all = first(30);
  for (std::int64_t count = 1; count < 30; ++count) {
    const std::vector<float> some = first(count);
    BOOST_TEST(std::equal(some.begin(), some.end(), all.begin()), count);
  }
}

BOOST_AUTO_TEST_CASE(large_scores_do_not_overflow_and_a_nan_comes_through) {
  auto q = numbers_of(9, 8, 1);
  const auto k = numbers_of(9, 8, 2), v = numbers_of(9, 8, 3);
  const HeadRows of_q = rows_of(q, 9, 8), of_k = rows_of(k, 9, 8), of_v = rows_of(v, 9, 8);
  for (const float y : attended(of_q, of_k, of_v, 1e6F)) BOOST_TEST(std::isfinite(y));
  q[3 * 8] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> found = attended(of_q, of_k, of_v, 1.0F);
  for (std::size_t i = 0; i < found.size(); ++i)
    BOOST_TEST(std::isnan(found[i]) == (i / 8 == 3), i);
}

BOOST_AUTO_TEST_CASE(an_evaluation_gives_what_the_operators_do) {
  for (const std::int64_t shared : {1, 2, 4}) {
    const auto& [graph, x] = causal(shared);
    check_alike(graph, x, 1e-6F);
  }
}

BOOST_AUTO_TEST_CASE(neither_threads_nor_the_rows_beside_it_change_a_bit) {
  const auto& [graph, x] = causal(2);
  const auto engine = open_engine();
  const auto given = [&](std::int64_t first, std::int64_t rows, int threads) {
    engine->set_threads(threads);
    std::vector<Tensor> inputs;
    for (const Array& all : x) inputs.push_back(as_tensor(some_rows(all, first, rows)));
    const Tensor y = engine->run(graph, inputs).at(0);
    const auto values = y.values<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  const std::vector<float> all = given(0, kRows, 1);
  BOOST_TEST(given(0, kRows, 3) == all);
  std::vector<float> one_by_one;
  for (std::int64_t row = 0; row < kRows; ++row) {
    for (const float y : given(row, 1, 1)) one_by_one.push_back(y);
  }
  BOOST_TEST(one_by_one == all);
}

BOOST_AUTO_TEST_CASE(turning_halves_is_the_operators_too) {
  Writer w;
  const NodeId x = w.placeholder("x", {{"shape", Value::List{9, 2, 10}}});
  w.function("rope", {{w.method("transpose", {{x}, {Value(1)}, {Value(2)}})}});
  check_alike(w.finish(3), {example({3, 9, 2, 10}, 1)}, 0.0F);
}

BOOST_AUTO_TEST_SUITE_END()
