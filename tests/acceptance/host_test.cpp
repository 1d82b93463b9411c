// What a command meets around it: standard streams that are closed, full or gone, folders that are
// read-only or removed, an environment without its usual variables. Each run ends with its result
// or with exit code 1 and a sentence; none dies of a signal.
#include "tests/acceptance/run.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cerrno>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;
using InChild = std::function<void()>;

// Four trials of a small network.
std::string search_config() {
  return read_file(source_dir() / "tests" / "cases" / "host" / "search.toml");
}

struct Command {
  std::string name;
  Words words;
  bool writes = false;  // a folder of results
};

// The results of those that write go to `folder`, unless that is empty.
std::vector<Command> commands(const fs::path& config, const std::string& folder = "") {
  std::vector<Command> all{
      {"version", {"--version"}, false},
      {"help", {"help", "train"}, false},
      {"list", {"plugin", "list"}, false},
      {"data", {"data", "list"}, false},
      {"count", {"transform", "jsc-tiny", "--passes", "flops"}, false},
      {"train", {"train", "jsc-tiny", "jsc-sim", "--max-epochs", "1", "--overwrite"}, true},
      {"search", {"search", "--config", config.string(), "--overwrite"}, true},
  };
  if (!folder.empty())
    for (Command& command : all)
      if (command.writes)
        for (const std::string& word :
             {std::string("--project-dir"), folder, std::string("--project"), command.name})
          command.words.push_back(word);
  return all;
}

void lead_to(int descriptor, const char* path) {
  const int file = open(path, O_WRONLY);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
  close(file);
}

// A pipe that nobody reads.
void lead_to_nobody(int descriptor) {
  int ends[2];
  if (pipe(ends) != 0 || dup2(ends[1], descriptor) < 0) _exit(126);
  close(ends[0]);
  close(ends[1]);
}

// As one who may not write everywhere.
constexpr uid_t kNobody = 65534;
void be(uid_t user) {
  if (getuid() == 0 && (setgid(user) != 0 || setuid(user) != 0)) _exit(126);
}
void be_nobody() { be(kNobody); }

bool nobody_can_run_lathe() {
  const TemporaryFolder folder;
  fs::permissions(folder.path(), fs::perms::all);
  return run_lathe({"--version"}, folder.path(), {}, be_nobody).exit_code == 0;
}

bool is_result_or_sentence(const Outcome& outcome) {
  return outcome.exit_code == 0 ||
         (outcome.exit_code == 1 && outcome.last_line().starts_with("error: "));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(host)

BOOST_AUTO_TEST_CASE(a_command_lives_without_its_standard_streams) {
  struct Way {
    const char* name;
    InChild in_child;
    int exit_code;
    std::string says;  // in the last line of stderr
  };
  const std::vector<Way> ways{
      {"no stdin", [] { close(0); }, 0, ""},
      {"no stdout", [] { close(1); }, 0, ""},
      {"no stderr", [] { close(2); }, 0, ""},
      {"no stream at all",
       [] {
         for (const int number : {0, 1, 2}) close(number);
       },
       0, ""},
      {"a full stdout", [] { lead_to(1, "/dev/full"); }, 1,
       "standard output cannot be written: the disk is full"},
      {"a full stderr", [] { lead_to(2, "/dev/full"); }, 0, ""},
      {"a stdout that nobody reads", [] { lead_to_nobody(1); }, 1,
       "standard output cannot be written: whoever"},
      {"a stderr that nobody reads", [] { lead_to_nobody(2); }, 0, ""},
      {"both full",
       [] {
         lead_to(1, "/dev/full");
         lead_to(2, "/dev/full");
       },
       1, ""},
  };
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml", search_config());
  for (const Command& command : commands(folder.path() / "a.toml", ".")) {
    const std::string usual = succeed(command.words, folder.path()).out;
    BOOST_TEST(!usual.empty());
    for (const Way& way : ways) {
      BOOST_TEST_CONTEXT(command.name << " with " << way.name) {
        const Outcome outcome = run_lathe(command.words, folder.path(), {}, way.in_child);
        BOOST_TEST(outcome.exit_code == way.exit_code, outcome.err);
        BOOST_TEST(outcome.last_line().find(way.says) != std::string::npos, outcome.err);
        if (!command.writes && !outcome.out.empty()) BOOST_TEST(outcome.out == usual);
      }
    }
  }
}

// A pipe that takes little at once, and whose maker wants nobody to wait for it.
BOOST_AUTO_TEST_CASE(a_slow_reader_gets_the_whole_result) {
  const TemporaryFolder folder;
  const Words list{"list", "--json"};
  const std::string usual = succeed(list, folder.path()).out;
  const Outcome outcome = run_lathe(list, folder.path(), {}, [] {
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0) _exit(126);
    fcntl(ends[1], F_SETPIPE_SZ, 4096);
    const pid_t writer = fork();
    if (writer == 0) {
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      close(ends[1]);
      return;
    }
    close(ends[1]);
    std::array<char, 512> block;
    for (;;) {
      usleep(100);
      const ssize_t got = read(ends[0], block.data(), block.size());
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0 || write(STDOUT_FILENO, block.data(), static_cast<std::size_t>(got)) != got)
        break;
    }
    int status = 0;
    waitpid(writer, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 125);
  });
  BOOST_TEST(outcome.exit_code == 0, outcome.err);
  BOOST_TEST(usual.size() > 4096U);
  BOOST_TEST((outcome.out == usual));
}

BOOST_AUTO_TEST_CASE(a_file_that_may_not_grow_is_an_error_of_its_writer) {
  const TemporaryFolder folder;
  const Words words{"train", "jsc-s", "jsc-sim", "--max-epochs", "1", "--project-dir", "."};
  const Outcome outcome = run_lathe(words, folder.path(), {}, [] {
    const rlimit limit{8192, 8192};
    setrlimit(RLIMIT_FSIZE, &limit);
  });
  BOOST_TEST(outcome.exit_code == 1);
  BOOST_TEST(outcome.last_line().find("no file may be so large here") != std::string::npos,
             outcome.err);
}

// What is opened first would otherwise be the file that everybody talks into.
BOOST_AUTO_TEST_CASE(no_file_of_a_run_takes_the_number_of_a_closed_stream) {
  const TemporaryFolder folder;
  const Words train{"train", "jsc-tiny", "jsc-sim", "--max-epochs", "1", "--project-dir", "."};
  const auto named = [&](const char* project) {
    Words words = train;
    words.insert(words.end(), {"--project", project});
    return words;
  };
  succeed(named("open"), folder.path());
  const Outcome closed = run_lathe(named("closed"), folder.path(), {}, [] {
    for (const int number : {0, 1, 2}) close(number);
  });
  BOOST_TEST(closed.exit_code == 0);
  for (const char* file : {"best.safetensors", "metrics.csv"}) {
    const fs::path place = fs::path("software") / "training_ckpts" / file;
    BOOST_TEST(
        (read_file(folder.path() / "open" / place) == read_file(folder.path() / "closed" / place)),
        file);
  }
}

BOOST_AUTO_TEST_CASE(a_command_lives_without_the_usual_variables) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml", search_config());
  for (const Command& command : commands(folder.path() / "a.toml", "."))
    for (const Words& variables :
         {Words{"HOME"}, Words{"TERM"}, Words{"HOME", "TERM", "PATH", "LC_ALL"}})
      BOOST_TEST(run_lathe(command.words, folder.path(), variables).exit_code == 0, command.name);
}

BOOST_AUTO_TEST_CASE(a_tilde_is_the_home_folder_wherever_a_path_is_taken) {
  const TemporaryFolder home, folder;
  write_file(home.path() / "a.csv", "x1,x2,class\n1,2,a\n2,3,b\n3,4,a\n4,5,b\n");
  write_file(home.path() / "a.toml",
             "model = 'mlp'\ndataset = 'csv<train=~/a.csv>'\nproject_dir = '~/out'\n");
  const Words at_home{"HOME=" + home.path().string()};
  const Words train{"train", "--max-epochs", "1", "--project", "p"};
  const auto with = [&](Words more) {
    more.insert(more.begin(), train.begin(), train.end());
    return more;
  };
  succeed(with({"--config=~/a.toml"}), folder.path(), at_home);
  succeed(with({"mlp", "csv<train=~/a.csv>", "--project-dir=~/other"}), folder.path(), at_home);
  for (const char* place : {"out", "other"})
    BOOST_TEST(fs::exists(home.path() / place / "p/software/training_ckpts/best.safetensors"));
  const Outcome images = run_lathe({"test", "mnist-cnn", "mnist<test=~/none>", "--load", "x.pt"},
                                   folder.path(), at_home);
  BOOST_TEST(images.exit_code == 1);
  for (const Words& words :
       {with({"mlp", "csv<train=~/a.csv>"}), with({"mlp", "npy<train=[~/a.npy,~/b.npy]>"})}) {
    const Outcome homeless = run_lathe(words, folder.path(), {"HOME"});
    BOOST_TEST(homeless.exit_code == 2);
    BOOST_TEST(homeless.last_line().find("is in your home folder, and HOME is not set") !=
                   std::string::npos,
               homeless.err);
  }
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_written_is_one_only_where_something_is_written) {
  if (!nobody_can_run_lathe()) {
    BOOST_TEST_MESSAGE("skipped: the build's folder is closed to other users");
    return;
  }
  const TemporaryFolder outside;
  fs::permissions(outside.path(), fs::perms::all);
  write_file(outside.path() / "a.toml", search_config());
  const fs::path closed = outside.path() / "closed";
  fs::create_directory(closed);
  fs::permissions(closed, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::group_read |
                              fs::perms::group_exec | fs::perms::others_read |
                              fs::perms::others_exec);
  for (const Command& command : commands(outside.path() / "a.toml")) {
    const Outcome outcome = run_lathe(command.words, closed, {}, be_nobody);
    BOOST_TEST_CONTEXT(command.name << "\n" << outcome.err) {
      BOOST_TEST(outcome.exit_code == (command.writes ? 1 : 0));
      if (command.writes)
        BOOST_TEST(outcome.last_line().find("cannot make the folder 'lathe_output': its folder "
                                            "does not let you write") != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_working_folder_that_is_gone_stops_only_who_writes_there) {
  const TemporaryFolder outside;
  write_file(outside.path() / "a.toml", search_config());
  const fs::path gone = outside.path() / "gone";
  const InChild remove = [&] {
    if (chdir(gone.c_str()) != 0 || rmdir(gone.c_str()) != 0) _exit(126);
  };
  for (const Command& command : commands(outside.path() / "a.toml")) {
    fs::create_directory(gone);
    const Outcome outcome = run_lathe(command.words, outside.path(), {}, remove);
    BOOST_TEST_CONTEXT(command.name << "\n" << outcome.err) {
      BOOST_TEST(outcome.exit_code == (command.writes ? 1 : 0));
      if (command.writes)
        BOOST_TEST(
            outcome.last_line().ends_with("the working folder was removed; go to one that exists"));
    }
  }
  for (const Command& command : commands(outside.path() / "a.toml", outside.path().string())) {
    fs::create_directory(gone);
    BOOST_TEST(run_lathe(command.words, outside.path(), {}, remove).exit_code == 0, command.name);
  }
}

BOOST_AUTO_TEST_CASE(a_search_makes_do_with_the_threads_there_are) {
  if (!nobody_can_run_lathe()) {
    BOOST_TEST_MESSAGE("skipped: the build's folder is closed to other users");
    return;
  }
  constexpr uid_t kSomebody = 64123;  // no other test runs as that user, whose threads are counted
  const TemporaryFolder folder;
  fs::permissions(folder.path(), fs::perms::all);
  write_file(folder.path() / "a.toml", search_config());
  for (const rlim_t threads : {1U, 2U, 20U}) {
    // So many trials that the first threads are not done before the last are asked for.
    const Outcome outcome =
        run_lathe({"search", "--config", "a.toml", "--jobs", "64", "--n-trials", "300", "--project",
                   "threads" + std::to_string(threads), "--json", "--repeat"},
                  folder.path(), {}, [threads] {
                    const rlimit limit{threads, threads};
                    setrlimit(RLIMIT_NPROC, &limit);
                    be(kSomebody);
                  });
    BOOST_TEST_CONTEXT(threads << " threads\n" << outcome.err) {
      BOOST_TEST(is_result_or_sentence(outcome));
      BOOST_TEST(outcome.err.find("--jobs") != std::string::npos);
      if (outcome.exit_code == 0) BOOST_TEST(outcome.json().at("trials") == 300);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_search_in_helpers_says_what_processes_it_lacks) {
  if (!nobody_can_run_lathe()) {
    BOOST_TEST_MESSAGE("skipped: the build's folder is closed to other users");
    return;
  }
  constexpr uid_t kSomebodyElse = 64124;
  const TemporaryFolder folder;
  fs::permissions(folder.path(), fs::perms::all);
  write_file(folder.path() / "a.toml", search_config());
  for (const rlim_t processes : {1U, 2U, 3U, 6U}) {
    const Outcome outcome = run_lathe({"search", "--config", "a.toml", "--isolate", "--project",
                                       "helpers" + std::to_string(processes), "--json"},
                                      folder.path(), {}, [processes] {
                                        const rlimit limit{processes, processes};
                                        setrlimit(RLIMIT_NPROC, &limit);
                                        be(kSomebodyElse);
                                      });
    BOOST_TEST_CONTEXT(processes << " processes\n" << outcome.err) {
      BOOST_TEST(is_result_or_sentence(outcome));
      BOOST_TEST((outcome.exit_code == 0) == (processes == 6));
      if (outcome.exit_code != 0) BOOST_TEST(outcome.err.find("ulimit -u") != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(files_run_out_in_words) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml", search_config());
  for (const Command& command : commands(folder.path() / "a.toml", "."))
    for (rlim_t files = 3; files < 24; files += 4) {
      const Outcome outcome = run_lathe(command.words, folder.path(), {}, [files] {
        const rlimit limit{files, files};
        setrlimit(RLIMIT_NOFILE, &limit);
      });
      // Below some number the dynamic linker cannot open the program's parts, and says so.
      const bool started = outcome.err.find("error while loading shared") == std::string::npos;
      if (started)
        BOOST_TEST((outcome.exit_code >= 0 && outcome.exit_code <= 2),
                   command.name << " with " << files << " files\n"
                                << outcome.err);
    }
}

BOOST_AUTO_TEST_SUITE_END()
