// What a plugin's function leaves changed is put back, on this thread and for the process.
#include "core/plugin/host_state.hpp"

#include "core/plugin/in_plugin.hpp"
#include "tests/support/support.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <cfenv>
#include <chrono>
#include <clocale>
#include <functional>
#include <locale>
#include <optional>
#include <thread>

using namespace lathe;
using namespace lathe_test;
namespace fs = std::filesystem;

namespace {

const std::string kWho = "pass 'a'";
const fs::path kFile = "a.so";

mode_t mask_of_files() {
  const mode_t mask = umask(022);
  umask(mask);
  return mask;
}

bool holds_back(int signal) {
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  return sigismember(&now, signal) != 0;
}

void hold_back(int signal) {
  sigset_t more;
  sigemptyset(&more);
  sigaddset(&more, signal);
  pthread_sigmask(SIG_BLOCK, &more, nullptr);
}

void guarded(const std::function<void()>& body, Guarded looked_at = Guarded::everything) {
  const HostState guard(looked_at, kWho, kFile, "run");
  body();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(host_state)

BOOST_AUTO_TEST_CASE(rounding_is_put_back_also_around_kernels) {
  for (const Guarded looked_at : {Guarded::numbers, Guarded::everything}) {
    guarded([] { std::fesetround(FE_UPWARD); }, looked_at);
    BOOST_TEST(std::fegetround() == FE_TONEAREST);
  }
}

#if defined(__x86_64__)
BOOST_AUTO_TEST_CASE(denormal_numbers_are_numbers_again) {
  volatile float tiny = 1e-38F;
  guarded([] { __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040); }, Guarded::numbers);
  BOOST_TEST((__builtin_ia32_stmxcsr() & 0x8040) == 0);
  BOOST_TEST(tiny / 16 != 0);
}
#endif

BOOST_AUTO_TEST_CASE(what_numbers_did_is_not_a_change) {
  std::feclearexcept(FE_ALL_EXCEPT);
  volatile double zero = 0;
  const NumberMode before;
  guarded([&] { zero = 1 / zero; });
  BOOST_TEST((NumberMode() == before));
  BOOST_TEST(std::fetestexcept(FE_DIVBYZERO) != 0);
}

BOOST_AUTO_TEST_CASE(the_host_computes_in_its_own_mode_when_a_plugin_calls_it) {
  const NumberMode host;
  std::fesetround(FE_DOWNWARD);
  {
    const HostNumbers computing(host);
    BOOST_TEST(std::fegetround() == FE_TONEAREST);
  }
  BOOST_TEST(std::fegetround() == FE_DOWNWARD);
  host.set();
}

BOOST_AUTO_TEST_CASE(the_working_folder_is_put_back_also_when_it_was_renamed) {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::create_directory(folder.path() / "here");
  fs::current_path(folder.path() / "here");
  guarded([&] {
    fs::current_path("/");
    fs::rename(folder.path() / "here", folder.path() / "there");
  });
  BOOST_TEST(fs::current_path() == fs::canonical(folder.path() / "there"));
  fs::current_path(before);
}

BOOST_AUTO_TEST_CASE(locales_are_put_back) {
  guarded([] { std::setlocale(LC_ALL, "C.UTF-8"); });
  BOOST_TEST(std::setlocale(LC_ALL, nullptr) == std::string("C"));
  const locale_t other = newlocale(LC_ALL_MASK, "C.UTF-8", nullptr);
  guarded([&] { uselocale(other); });
  BOOST_TEST((uselocale(nullptr) == LC_GLOBAL_LOCALE));
  freelocale(other);
  guarded([] { std::locale::global(std::locale("C.UTF-8")); });
  BOOST_TEST((std::locale() == std::locale::classic()));
}

BOOST_AUTO_TEST_CASE(signals_and_the_umask_are_put_back) {
  const mode_t mask = mask_of_files();
  guarded([] {
    hold_back(SIGUSR1);
    umask(0777);
    std::signal(SIGTERM, SIG_IGN);
  });
  BOOST_TEST(!holds_back(SIGUSR1));
  BOOST_TEST(mask_of_files() == mask);
  struct sigaction now{};
  sigaction(SIGTERM, nullptr, &now);
  BOOST_TEST((now.sa_handler == SIG_DFL));
}

BOOST_AUTO_TEST_CASE(standard_streams_are_open_again_and_lead_where_they_led) {
  const TemporaryFolder folder;
  const auto inode = [](int number) {
    struct stat now{};
    return fstat(number, &now) == 0 ? now.st_ino : 0;
  };
  const ino_t in = inode(0), error = inode(2);
  guarded([&] {
    close(0);
    dup2(open((folder.path() / "log").c_str(), O_CREAT | O_WRONLY, 0600), 2);
  });
  BOOST_TEST(inode(0) == in);
  BOOST_TEST(inode(2) == error);
}

// With two jobs one function begins and ends while another runs.
BOOST_AUTO_TEST_CASE(what_one_function_left_is_never_what_another_is_measured_by) {
  const fs::path before = fs::current_path();
  std::optional<HostState> first(std::in_place, Guarded::everything, kWho, kFile, "run");
  fs::current_path("/");
  std::optional<HostState> second(std::in_place, Guarded::everything, kWho, kFile, "open");
  BOOST_TEST(fs::current_path() == before);
  fs::current_path("/tmp");
  first.reset();
  BOOST_TEST(fs::current_path() == before);
  second.reset();
  BOOST_TEST(fs::current_path() == before);
}

BOOST_AUTO_TEST_CASE(what_the_functions_of_trials_change_is_seen_a_little_later) {
  const fs::path before = fs::current_path();
  const auto start = std::chrono::steady_clock::now();
  guarded([] { fs::current_path("/"); }, Guarded::trial);
  while (fs::current_path() != before &&
         std::chrono::steady_clock::now() - start < std::chrono::seconds(5))
    guarded([] {}, Guarded::trial);
  BOOST_TEST(fs::current_path() == before);
  // Nor does what is looked at thoroughly take it for the host's.
  guarded([] {}, Guarded::trial);
  guarded([] { fs::current_path("/"); }, Guarded::trial);
  guarded([] {});
  BOOST_TEST(fs::current_path() == before);
  guarded([] { std::setlocale(LC_ALL, "C.UTF-8"); }, Guarded::trial);
  BOOST_TEST(std::setlocale(LC_ALL, nullptr) == std::string("C"));
}

BOOST_AUTO_TEST_CASE(what_the_functions_of_samplers_change_is_put_back_before_files_are_written) {
  const fs::path before = fs::current_path();
  guarded([] {});  // everything has just been looked at
  guarded([] { std::setlocale(LC_ALL, "C.UTF-8"); }, Guarded::often);
  BOOST_TEST(std::setlocale(LC_ALL, nullptr) == std::string("C"));
  for (int time = 0; time < 100; ++time) {
    guarded([] { fs::current_path("/"); }, Guarded::often);
    put_back_host_state();
    BOOST_TEST(fs::current_path() == before);
  }
  // A mask that a call left which was not looked at is not what the next is measured by.
  sigset_t usr1, now;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  const auto start = std::chrono::steady_clock::now();
  const auto blocked = [&] {
    pthread_sigmask(SIG_SETMASK, nullptr, &now);
    return sigismember(&now, SIGUSR1) == 1;
  };
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  guarded([] {}, Guarded::often);
  guarded([&] { pthread_sigmask(SIG_BLOCK, &usr1, nullptr); }, Guarded::often);
  while (blocked() && std::chrono::steady_clock::now() - start < std::chrono::seconds(5))
    guarded([] {}, Guarded::often);
  BOOST_TEST(!blocked());
}

BOOST_AUTO_TEST_CASE(looking_costs_nanoseconds_around_kernels_and_microseconds_elsewhere) {
  const auto cost = [](Guarded looked_at) {
    constexpr int kTimes = 20000;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kTimes; ++i) {
      const HostState guard(looked_at, kWho, kFile, "run");
      const InPlugin running(kWho, kFile, "run");
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / kTimes;
  };
  const double kernels = cost(Guarded::numbers), often = cost(Guarded::often),
               trials = cost(Guarded::trial), others = cost(Guarded::everything);
  BOOST_TEST_MESSAGE("kernels: " << kernels * 1e9 << " ns, often: " << often * 1e9
                                 << " ns, trials: " << trials * 1e9
                                 << " ns, others: " << others * 1e9 << " ns");
  BOOST_TEST(kernels < 2e-6);
  BOOST_TEST(often < 10e-6);
  BOOST_TEST(trials < 20e-6);
  BOOST_TEST(others < 200e-6);
}

BOOST_AUTO_TEST_CASE(a_call_that_came_back_is_not_waited_for) {
  std::optional<InPlugin> outer(std::in_place, kWho, kFile, "run");
  {
    const InPlugin inner(kWho, kFile, "quantize");
    mark_running_calls();
    BOOST_TEST(text_of(*unreturned_call()) == "pass 'a' of 'a.so' in quantize()");
  }
  {
    const InPlugin again(kWho, kFile, "quantize");
    BOOST_TEST(text_of(*unreturned_call()) == "pass 'a' of 'a.so' in run()");
  }
  outer.reset();
  BOOST_TEST(!unreturned_call());
}

// One batch of a large network takes the host seconds; it looks at the flag itself.
BOOST_AUTO_TEST_CASE(who_waits_for_the_host_is_not_waited_for) {
  const InPlugin outer(kWho, kFile, "run");
  mark_running_calls();
  {
    const InService long_one;
    BOOST_TEST(bool(unreturned_call()));  // it may have begun just now
    BOOST_TEST(!unreturned_call());
    {
      const InPlugin kernel(kWho, kFile, "quantize");
      BOOST_TEST(!unreturned_call());
      mark_running_calls();
      BOOST_TEST(text_of(*unreturned_call()) == "pass 'a' of 'a.so' in quantize()");
    }
    BOOST_TEST(!unreturned_call());
  }
  BOOST_TEST(text_of(*unreturned_call()) == "pass 'a' of 'a.so' in run()");
  // Asking again and again is no waiting.
  for (int i = 0; i < 3; ++i) {
    const InService short_one;
    BOOST_TEST(bool(unreturned_call()));
  }
}

BOOST_AUTO_TEST_SUITE_END()
