// Networks for images, counted as a user counts them: the figures, and what counting costs.
#include "tests/acceptance/run.hpp"
#include "tests/support/sanitizers.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

using namespace lathe_test;

namespace {

nlohmann::json count(const std::string& model, const std::string& batch,
                     const std::string& passes = "flops,bitops") {
  TemporaryFolder folder;
  return succeed({"transform", model, "cifar10", "--batch-size", batch, "--passes", passes,
                  "--json", "--project-dir", "."},
                 folder.path())
      .json()
      .at("metrics");
}

// Of everything started from here on, until it goes away.
class AddressSpaceLimit {
 public:
  explicit AddressSpaceLimit(rlim_t bytes) {
    getrlimit(RLIMIT_AS, &before_);
    const rlimit limited{bytes, before_.rlim_max};
    setrlimit(RLIMIT_AS, &limited);
  }
  ~AddressSpaceLimit() { setrlimit(RLIMIT_AS, &before_); }
  AddressSpaceLimit(const AddressSpaceLimit&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(counting_images)

BOOST_AUTO_TEST_CASE(vgg7_costs_what_mase_says_and_eight_times_that_for_eight_images) {
  const auto one = count("vgg7", "1"), eight = count("vgg7", "8");
  BOOST_TEST(one.at("total_flops") == 619'491'328);
  BOOST_TEST(one.at("total_bitops") == 653'417'381'888);
  BOOST_TEST(one.at("backward_computations") == 1'079'238'656);
  BOOST_TEST(one.at("parameters") == 14'029'450);
  BOOST_TEST(eight.at("total_flops") == 8 * std::int64_t{619'491'328});
  BOOST_TEST(eight.at("total_bitops") == 8 * std::int64_t{653'417'381'888});
  BOOST_TEST(eight.at("parameters") == 14'029'450);
}

BOOST_AUTO_TEST_CASE(without_a_data_set_networks_have_their_published_parameters) {
  const std::pair<const char*, std::int64_t> published[] = {
      {"resnet18", 11'689'512}, {"resnet50", 25'557'032}, {"mobilenet_v2", 3'504'872},
      {"vgg16", 138'357'544},   {"vgg7", 14'029'450},     {"resnet20", 269'722}};
  for (const auto& [model, parameters] : published) {
    TemporaryFolder folder;
    const auto run =
        succeed({"transform", model, "--passes", "flops", "--json", "--project-dir", "."},
                folder.path())
            .json();
    BOOST_TEST(run.at("metrics").at("parameters") == parameters, model);
    BOOST_TEST(run.at("dataset").is_null());
  }
}

BOOST_AUTO_TEST_CASE(what_needs_data_says_so_without_a_data_set) {
  TemporaryFolder folder;
  const Outcome run = run_lathe({"transform", "resnet20", "--passes", "evaluate"}, folder.path());
  BOOST_TEST(run.exit_code == 2);
  BOOST_TEST(run.last_line().find("no data set is given") != std::string::npos, run.last_line());
}

// The weights of vgg16 for 10 classes are 537 MB: they do not fit.
BOOST_AUTO_TEST_CASE(counting_allocates_no_weights) {
  skip_under_address_sanitizer("address space cannot be limited under AddressSanitizer");
  const AddressSpaceLimit limit(rlim_t{256} << 20);
  BOOST_TEST(count("vgg16", "1").at("parameters") == 134'301'514);
}

BOOST_AUTO_TEST_SUITE_END()
