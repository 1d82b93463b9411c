// A call into a plugin: whose run it belongs to, what it is given for a result, how it computes.
#include "core/host/services/call.hpp"
#include "tests/host/world.hpp"

#include <boost/test/unit_test.hpp>

#include <cfenv>
#include <thread>

using namespace lathe;
using namespace lathe_test;

namespace {

struct Fixture : World {
  const Component& component = registry.find(Kind::format, "halves");
  RunContext run = context;
  lathe_code code_of(Call& call, const std::function<lathe_code(lathe_call*)>& body) {
    return call.attempt("run", body);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(calls, Fixture)

BOOST_AUTO_TEST_CASE(a_call_without_a_run_belongs_to_that_of_its_thread) {
  const RunOfThread working(&run);
  Call call(component);
  BOOST_TEST(!call.cancelled());
  cancelled = true;
  BOOST_TEST(call.cancelled());
  // It is asked whether to stop, and for nothing else.
  BOOST_TEST(call.context_or_null() == nullptr);
  std::thread([&] { BOOST_TEST(!Call(component).cancelled()); }).join();
}

BOOST_AUTO_TEST_CASE(a_call_within_a_call_belongs_to_the_run_of_that) {
  cancelled = true;
  Call outer(component, &run);
  bool seen = false;
  code_of(outer, [&](lathe_call*) {
    seen = Call(component).cancelled();
    return LATHE_OK;
  });
  BOOST_TEST(seen);
  BOOST_TEST(!Call(component).cancelled());
}

BOOST_AUTO_TEST_CASE(a_service_computes_as_the_host_does_whatever_mode_the_plugin_has_set) {
  Call call(component, &run);
  int inside = -1, after = -1;
  code_of(call, [&](lathe_call* raw) {
    std::fesetround(FE_UPWARD);
    service_call(raw, [&](Call&) { inside = std::fegetround(); });
    after = std::fegetround();
    return LATHE_OK;
  });
  BOOST_TEST(inside == FE_TONEAREST);
  BOOST_TEST(after == FE_UPWARD);
  BOOST_TEST(std::fegetround() == FE_TONEAREST);
}

BOOST_AUTO_TEST_SUITE_END()
