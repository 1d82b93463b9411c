#include "core/checkpoint/torch/pickle/attacks.hpp"

#include <algorithm>
#include <array>

namespace lathe::pickle {

namespace {

// Functions of one module, between blanks; "*": all of them.
struct Row {
  std::string_view module;
  std::string_view functions;
};

constexpr std::string_view kOfTheSystem =
    " system popen popen2 popen3 popen4 execl execle execlp execlpe execv execve execvp execvpe"
    " spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe posix_spawn posix_spawnp"
    " startfile fork forkpty open fdopen remove unlink rmdir removedirs rename renames replace"
    " mkdir makedirs link symlink chmod chown truncate putenv unsetenv environ kill killpg"
    " _exit abort dup2 ";
constexpr std::string_view kBuiltins =
    " eval exec execfile compile __import__ open file input raw_input breakpoint apply ";
constexpr std::string_view kUnpicklers = " load loads Unpickler _load _loads _Unpickler ";

constexpr std::array kRows{
    Row{"os", kOfTheSystem},
    Row{"posix", kOfTheSystem},
    Row{"nt", kOfTheSystem},
    Row{"subprocess", " Popen run call check_call check_output getoutput getstatusoutput "},
    Row{"asyncio", " create_subprocess_shell create_subprocess_exec "},
    Row{"asyncio.subprocess", " create_subprocess_shell create_subprocess_exec "},
    Row{"commands", "*"},  // of Python 2
    Row{"popen2", "*"},    // of Python 2
    Row{"pty", " spawn fork "},
    Row{"platform", " popen "},
    Row{"distutils.spawn", " spawn "},
    Row{"multiprocessing.util", " spawnv_passfds "},
    Row{"pip", " main "},
    Row{"pip._internal", " main "},
    Row{"pip._internal.main", " main "},
    Row{"pip._internal.cli.main", " main "},
    Row{"builtins", kBuiltins},
    Row{"__builtin__", kBuiltins},
    Row{"_io", " open open_code FileIO "},
    Row{"io", " open open_code FileIO "},
    Row{"codecs", " open "},
    Row{"code", " interact InteractiveInterpreter InteractiveConsole compile_command "},
    Row{"codeop", " compile_command Compile CommandCompiler "},
    Row{"runpy", " run_path run_module _run_code _run_module_code _run_module_as_main "},
    Row{"imp", " load_source load_module load_compiled load_dynamic load_package "},
    Row{"importlib", " import_module __import__ reload "},
    Row{"importlib._bootstrap", " __import__ _gcd_import "},
    Row{"pkgutil", " resolve_name find_loader get_loader "},
    Row{"timeit", " timeit repeat main "},
    Row{"cProfile", " run runctx "},
    Row{"profile", " run runctx "},
    Row{"pdb", " run runeval runcall runctx set_trace "},
    Row{"doctest", " debug_script debug testsource "},
    Row{"pydoc", " pipepager tempfilepager locate "},
    Row{"numpy.testing._private.utils", " runstring "},
    Row{"numpy.testing.utils", " runstring "},
    Row{"torch.hub", " load "},
    Row{"pickle", kUnpicklers},
    Row{"_pickle", kUnpicklers},
    Row{"cPickle", kUnpicklers},
    Row{"dill", kUnpicklers},
    Row{"cloudpickle", kUnpicklers},
    Row{"joblib", " load "},
    Row{"marshal", " load loads "},
    Row{"ctypes", " CDLL PyDLL OleDLL WinDLL LibraryLoader cdll pydll CFUNCTYPE PYFUNCTYPE "},
    Row{"sys", " exit setprofile settrace modules "},
    Row{"shutil", " rmtree move copy copy2 copyfile copytree chown unpack_archive "},
    Row{"socket", " socket create_connection create_server fromfd socketpair "},
    Row{"_socket", " socket "},
    Row{"webbrowser", " open open_new open_new_tab get register "},
    Row{"urllib", " urlopen urlretrieve "},
    Row{"urllib2", " urlopen "},
    Row{"urllib.request", " urlopen urlretrieve Request build_opener "},
    Row{"http.client", " HTTPConnection HTTPSConnection "},
    Row{"httplib", " HTTPConnection HTTPSConnection "},
    Row{"requests", " get post put delete request "},
    Row{"requests.api", " get post put delete request "},
    Row{"smtplib", " SMTP SMTP_SSL "},
    Row{"ftplib", " FTP FTP_TLS "},
};

bool attacks(std::string_view module, std::string_view function) {
  for (const Row& row : kRows) {
    if (row.module != module) continue;
    return row.functions == "*" ||
           row.functions.find(" " + std::string(function) + " ") != std::string_view::npos;
  }
  return false;
}

// A global of protocol 4 may go through the modules that another imports: "torch", "os.system".
bool attacks(const Object& global) {
  const auto length = static_cast<std::size_t>(global.integer);
  std::string_view rest = global.text.substr(length + 1);
  if (attacks(global.text.substr(0, length), rest)) return true;
  for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    const auto last = rest.rfind('.');
    if (attacks(rest.substr(0, last), rest.substr(last + 1))) return true;
    rest.remove_prefix(dot + 1);
  }
  return false;
}

[[noreturn]] void refuse(std::string_view how, const Object& global) {
  throw std::runtime_error(
      "it " + std::string(how) + " '" + std::string(global.text) +
      "', as files do that attack whoever loads them with Python; nothing was called, and nothing "
      "of it is read");
}

}  // namespace

void refuse_attacks(const Pickle& pickle) {
  std::uint64_t spent = 0;  // a memoized tuple of arguments costs two bytes however long it is
  for (const Object& object : pickle.objects) {
    if (!object.is(Kind::object)) continue;
    const Object* maker = object.maker();
    if (maker != nullptr && attacks(*maker)) refuse("calls", *maker);
    // What is called may call what it is given: map, apply, a function that rebuilds a tensor.
    spent += object.arguments().size();
    for (const Object* argument : object.arguments().first(
             std::min(object.arguments().size(), spent > pickle.size ? 8 : SIZE_MAX)))
      if (argument->is(Kind::global) && attacks(*argument)) refuse("hands on", *argument);
  }
}

}  // namespace lathe::pickle
