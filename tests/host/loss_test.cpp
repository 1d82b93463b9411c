// Which loss a data set asks for.
#include "core/host/loss.hpp"

#include "core/base/error.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using lathe_test::contains;
using lathe_test::message_of;

namespace {

DatasetInfo with_target(DType dtype, std::int64_t classes, Shape shape = {}) {
  DatasetInfo info;
  info.fields = {{"x", LATHE_FIELD_INPUT, DType::float32, Shape{3}, true, 0, {}},
                 {"y", LATHE_FIELD_TARGET, dtype, std::move(shape), true, classes, {}}};
  return info;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(losses)

BOOST_AUTO_TEST_CASE(the_target_says_which_loss_it_needs) {
  const struct {
    DType dtype;
    std::int64_t classes;
    Loss loss;
  } rows[] = {
      {DType::int64, 5, Loss::cross_entropy},
      {DType::uint8, 2, Loss::cross_entropy},
      {DType::float32, 0, Loss::mse},
      {DType::float32, 4, Loss::bce_with_logits},
      {DType::boolean, 0, Loss::bce_with_logits},
      {DType::boolean, 4, Loss::bce_with_logits},
  };
  for (const auto& row : rows) {
    BOOST_TEST((chosen_loss(std::nullopt, with_target(row.dtype, row.classes), "set") == row.loss));
  }
}

BOOST_AUTO_TEST_CASE(who_names_a_loss_gets_it) {
  const DatasetInfo classes = with_target(DType::int64, 2);
  BOOST_TEST((chosen_loss(Loss::bce_with_logits, classes, "set") == Loss::bce_with_logits));
  for (const char* word : {"cross_entropy", "mse", "bce_with_logits"}) {
    BOOST_TEST(name(loss_from_name(word)) == word);
  }
  BOOST_TEST(!asked_loss(std::nullopt).has_value());
  BOOST_TEST((asked_loss("mse") == Loss::mse));
  const std::string text = message_of([] { asked_loss("cross_entrophy"); });
  BOOST_TEST(contains(text, "did you mean 'cross_entropy'?"), text);
}

BOOST_AUTO_TEST_CASE(a_target_that_no_loss_is_for_is_named) {
  const std::string counts =
      message_of([] { chosen_loss(std::nullopt, with_target(DType::int64, 0), "visits"); });
  BOOST_TEST(contains(counts, "'y' of data set 'visits'"), counts);
  BOOST_TEST(contains(counts, "int64 without classes"), counts);
  DatasetInfo none;
  const std::string text = message_of([&] { chosen_loss(Loss::mse, none, "bare"); });
  BOOST_TEST(contains(text, "'bare' has no target"), text);
}

BOOST_AUTO_TEST_SUITE_END()
