// Models, formats and samplers as objects.
#include "core/tensor/borrowed_tensor.hpp"
#include "tests/host/world.hpp"
#include "tests/support/format_call.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <thread>

using namespace lathe;
using namespace lathe_test;

namespace {

// Over values, for a format to write to.
struct Lent : BorrowedTensor {
  explicit Lent(std::vector<float>& values)
      : BorrowedTensor(DType::float32, values.data(),
                       std::array{static_cast<std::int64_t>(values.size())}, 0) {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(models)

BOOST_AUTO_TEST_CASE(a_model_takes_shape_and_batch_from_the_run) {
  World world;
  const Graph graph = world.graph({{"width", 5}});
  BOOST_TEST(graph.batch() == 2);
  BOOST_TEST(graph.node(graph.find("x")).result.shape.text() == "[2, 4]");
  BOOST_TEST(graph.node(graph.find("blocks_0")).result.shape.text() == "[2, 5]");
  BOOST_TEST(graph.parameter_count() == 25);
  BOOST_TEST(graph.seed() == 7);
}

BOOST_AUTO_TEST_CASE(a_model_without_a_data_sets_shape_says_so) {
  World world;
  const std::string message = message_of([&] {
    build_model(world.registry.find(Kind::model, "line"), world.checked(Kind::model, "line", {}),
                DatasetInfo{}, 2, 0, world.context);
  });
  BOOST_TEST(contains(message, "model 'line'"));
  BOOST_TEST(contains(message, "placeholder 'x' has no shape"));
}

BOOST_AUTO_TEST_CASE(a_model_that_does_not_fit_is_the_users_mistake) {
  World world;
  for (const char* mode : {"broken", "refuse"}) {
    try {
      world.graph({{"mode", mode}});
      BOOST_TEST(false);
    } catch (const Error& error) {
      BOOST_TEST(error.exit_code() == 2);
      BOOST_TEST(contains(error.what(), "model 'line'"));
    }
  }
  BOOST_TEST(contains(message_of([&] { world.graph({{"mode", "broken"}}); }), "blocks_0"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(formats)

BOOST_AUTO_TEST_CASE(a_format_quantizes_tensors) {
  World world;
  const auto options = world.checked(Kind::format, "halves", {{"width", 4}});
  const FormatInstance& halves = format_instance(world.registry, "halves", options);
  std::vector<float> x{0.2F, 0.3F, -1.6F, 99.0F}, y(4);
  const Lent in(x);
  Lent out(y);
  halves.quantize(FormatCall(LATHE_ROLE_WEIGHT).context(), in.view(), out.view());
  BOOST_TEST(y == (std::vector<float>{0.0F, 0.5F, -1.5F, 3.5F}), boost::test_tools::per_element());
  BOOST_TEST(!halves.has_backward());
  BOOST_TEST(halves.storage_bits(SiteOf({3, 5}).site()) == 60.0);
  BOOST_TEST(halves.precision().text() == "[4, 1]");
}

BOOST_AUTO_TEST_CASE(a_failing_kernel_is_an_error_that_names_its_format) {
  World world;
  const auto options = world.checked(Kind::format, "halves", {});
  const FormatInstance& halves = format_instance(world.registry, "halves", options);
  std::vector<float> x{1.0F}, y{0.0F};
  const Lent in(x);
  Lent out(y);
  BOOST_TEST(message_of([&] {
               halves.quantize(FormatCall(LATHE_ROLE_BIAS).context(), in.view(), out.view());
             }) == "format 'halves': halves has no biases");
}

BOOST_AUTO_TEST_CASE(there_is_one_instance_per_format_and_options) {
  World world;
  const auto options = [&](int width) {
    return world.checked(Kind::format, "halves", {{"width", width}});
  };
  const FormatInstance* a = &format_instance(world.registry, "halves", options(5));
  BOOST_TEST(a == &format_instance(world.registry, "halves", options(5)));
  BOOST_TEST(a != &format_instance(world.registry, "halves", options(6)));
  BOOST_TEST(contains(message_of([&] { format_instance(world.registry, "halve", options(5)); }),
                      "did you mean 'halves'?"));
}

BOOST_AUTO_TEST_CASE(instances_are_found_in_a_microsecond_from_many_threads) {
  World world;
  std::vector<Value> options;
  for (int width = 2; width < 10; ++width) {
    options.push_back(world.checked(Kind::format, "halves", {{"width", width}}));
  }
  const FormatInstance* expected = &format_instance(world.registry, "halves", options[3]);
  std::atomic<int> wrong{0};
  constexpr int kRounds = 20000;
  const auto start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kRounds; ++i) {
          const auto& found = format_instance(
              world.registry, "halves", options[static_cast<std::size_t>(i) % options.size()]);
          if (i % 8 == 3 && &found != expected) ++wrong;
        }
      });
    }
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  BOOST_TEST(wrong == 0);
  BOOST_TEST_MESSAGE("format_instance: " << time.count() / (4 * kRounds) * 1e9 << " ns");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(samplers)

BOOST_AUTO_TEST_CASE(a_sampler_suggests_until_its_space_is_exhausted) {
  World world;
  lathe_parameter parameters[2]{};
  lathe_direction direction = LATHE_DIRECTION_MAXIMIZE;
  lathe_space space{};
  space.struct_size = sizeof space;
  space.parameter_size = sizeof(lathe_parameter);
  space.parameters = parameters;
  space.parameter_count = 2;
  space.directions = &direction;
  space.objective_count = 1;
  SamplerInstance sampler(world.registry.find(Kind::sampler, "countdown"),
                          world.checked(Kind::sampler, "countdown", {{"trials", 3}}), space);
  std::vector<double> point(2);
  BOOST_TEST(sampler.suggest(1, point));
  BOOST_TEST(point[1] == 1.0);
  sampler.started(1, point);  // it does not listen
  const std::vector<double> values{0.5};
  sampler.finished({1, LATHE_STATE_COMPLETE, values});
  sampler.finished({2, LATHE_STATE_FAIL});
  BOOST_TEST(sampler.suggest(2, point));
  BOOST_TEST(point[0] == 102.0);
  BOOST_TEST(!sampler.suggest(3, point));
}

BOOST_AUTO_TEST_CASE(a_failing_sampler_is_named) {
  World world;
  lathe_space space{};
  space.struct_size = sizeof space;
  SamplerInstance sampler(world.registry.find(Kind::sampler, "countdown"),
                          world.checked(Kind::sampler, "countdown", {}), space);
  std::vector<double> point;
  BOOST_TEST(message_of([&] { sampler.suggest(13, point); }) == "sampler 'countdown': thirteen");
}

BOOST_AUTO_TEST_CASE(only_a_status_says_that_a_space_is_exhausted) {
  World world;
  lathe_parameter parameters[2]{};
  lathe_space space{};
  space.struct_size = sizeof space;
  space.parameter_size = sizeof(lathe_parameter);
  space.parameters = parameters;
  space.parameter_count = 2;
  SamplerInstance sampler(world.registry.find(Kind::sampler, "countdown"),
                          world.checked(Kind::sampler, "countdown", {}), space);
  std::vector<double> point(2);
  const auto says = [&](std::uint64_t trial) {
    return message_of([&] { sampler.suggest(trial, point); });
  };
  BOOST_TEST(!says(14).empty());  // LATHE_OUT_OF_RANGE: an error as any other
  BOOST_TEST(says(15) ==
             "sampler 'countdown' suggested 1 values for trial 15 of a space of 2 parameters");
  BOOST_TEST(says(16) == "sampler 'countdown' answered trial 16 with the unknown status 77");
  BOOST_TEST(sampler.suggest(17, point));
  BOOST_TEST(!sampler.suggest(20, point));
}

BOOST_AUTO_TEST_SUITE_END()
