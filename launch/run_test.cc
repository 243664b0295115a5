// Runs with workers that are this very program under other names: a symbolic link "sync" or "net" to it, and
// a script of single letters in the environment, one for each role.
#include "launch/run.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "ipc/failure.h"
#include "ipc/reporter.h"
#include "launch/captured_stderr.h"
#include "sandbox/sandbox.h"

using namespace interimap;

namespace {

bool isOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

// Nothing but the descriptors a worker of this kind is due.
bool descriptorsAreRight(bool sync) {
  for (int fd = 0; fd < 100; ++fd)
    if (isOpen(fd) != (fd <= 4 || fd == sandbox::kObituary || (sync && fd == 5))) return false;
  return true;
}

// Waits until the channel at `fd` is closed by the process at its other end.
void awaitEnd(int fd) {
  char byte;
  while (read(fd, &byte, 1) > 0) {
  }
}

void act(char step, Reporter& launch, bool sync) {
  switch (step) {
    case 's': {  // settings must come first
      Order order = launch.await();
      if (order.what.index() != (sync ? 1 : 0)) _exit(99);
      break;
    }
    case 'g':
      if (!std::holds_alternative<Go>(launch.await().what)) _exit(99);
      break;
    case 't':
      if (!std::holds_alternative<Stop>(launch.await().what)) _exit(99);
      break;
    case 'l': launch.report({Locked{}}); break;
    case 'i': launch.log(LogLevel::info, "hello", "INBOX", sync ? "database" : "ignored"); break;
    case 'e': launch.log(LogLevel::error, "oops"); break;
    case 'T': launch.report({Traffic{.received = 1, .sent = 2}}); break;
    case 'P': launch.report({Progress{"INBOX", 1, 2, 3}}); break;
    case 'd': launch.log(LogLevel::info, descriptorsAreRight(sync) ? "right" : "wrong"); break;
    case '0': launch.end(ExitStatus::ok); _exit(0);
    case '5': launch.end(ExitStatus::tryAgain); _exit(75);
    case '7': launch.end(ExitStatus::noPermission); _exit(77);
    case 'w': awaitEnd(Channel::kFirstPeer); break;      // for a net: sync is gone
    case 'W': awaitEnd(Channel::kFirstPeer + 1); break;  // for sync: the remote net is gone
    case 'q': _exit(69);
    case 'x': _exit(3);
    case 'k': kill(getpid(), SIGKILL); break;
    case 'v': (void)!write(Channel::kToLaunch, "rubbish", 7); break;
    case 'z': pause(); break;
    case 'K': kill(getppid(), SIGTERM); break;
    case 'I': kill(getppid(), SIGINT); break;
  }
}

__attribute__((constructor)) void actAsWorker(int count, char** words, char**) {
  const char* name = std::strrchr(words[0], '/');
  if (count != 2 || !name || (std::strcmp(name, "/sync") != 0 && std::strcmp(name, "/net") != 0)) return;
  bool sync = std::strcmp(name, "/sync") == 0;
  const char* script = getenv((std::string("FAKE_") + words[1]).c_str());
  try {
    Reporter launch{Channel(Descriptor(Channel::kToLaunch))};
    for (; script && *script; ++script) act(*script, launch, sync);
  } catch (const PeerGone&) {
    _exit(69);
  } catch (...) {
  }
  _exit(98);
}

struct Result {
  int status;
  std::string log;
};

Result play(const char* sync, const char* local, const char* remote, bool quiet = false,
            settings::Sync settings = {}) {
  char directory[] = "/tmp/interimap-run-XXXXXX";
  REQUIRE(mkdtemp(directory));
  auto self = std::filesystem::read_symlink("/proc/self/exe");
  for (const char* name : {"/sync", "/net"})
    std::filesystem::create_symlink(self, std::string(directory) + name);
  setenv("FAKE_sync", sync, 1);
  setenv("FAKE_local", local, 1);
  setenv("FAKE_remote", remote, 1);

  Result result;
  sigset_t before;
  sigprocmask(SIG_SETMASK, nullptr, &before);
  {
    CapturedStderr captured;
    ProgressLine nowhere(-1);
    Log log({"%?n?%?m?%n(%m)&%n?: ?", {}, quiet, false}, nowhere);
    try {
      result.status = Run(log, nowhere).run({directory, std::move(settings), {}, {}});
    } catch (const Failure& failure) {
      result.status = -static_cast<int>(failure.status);
    }
    result.log = captured.text();
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  std::filesystem::remove_all(directory);
  return result;
}

}  // namespace

TEST_CASE("a run: settings, lock, go, log lines, statistics, end") {
  Result result = play("slidP0", "sgdwTq", "sgwq");
  CHECK(result.status == 0);
  CHECK(result.log.find("database(INBOX): hello\n") != std::string::npos);
  CHECK(result.log.find("\nright\n") != std::string::npos);
  CHECK(result.log.find("local: right\n") != std::string::npos);
  CHECK(result.log.find("wrong") == std::string::npos);
  CHECK(result.log.find("local: IMAP traffic (bytes): recv 1 sent 2\n") != std::string::npos);
  CHECK(result.log.find("ERROR") == std::string::npos);
}

TEST_CASE("a run: who failed decides, and only that is told") {
  struct {
    const char *sync, *local, *remote;
    int status;
    const char* log;
  } table[] = {
      {"se5", "st0", "st0", 75, "ERROR: oops\n"},  // never locked, so no net starts
      {"slWq", "sgwq", "sge7", 77, "remote: ERROR: oops\n"},
      {"slWq", "sgwq", "sgk", 70, "remote: ERROR: killed by signal SIGKILL\n"},
      {"slk", "sgwq", "sgwq", 70, "sync: ERROR: killed by signal SIGKILL\n"},
      {"slWq", "sgwq", "sgx", 70, "remote: ERROR: ended without saying why, exit status 3\n"},
      {"slWq", "sgwq", "sgvz", 70,
       "remote: ERROR: broke the protocol between us: a packet that is no message\n"},
      {"slWq", "sgwq", "sglz", 70,
       "remote: ERROR: broke the protocol between us: a report that is not its to make\n"},
      {"slWq", "sgwq", "sgq", 70, "ERROR: the workers ended without saying why\n"},
      {"sl0", "sgz", "sgwq", 0, ""},  // a net that hangs on is killed
  };
  for (const auto& row : table) {
    CAPTURE(row.sync);
    CAPTURE(row.remote);
    Result result = play(row.sync, row.local, row.remote);
    CHECK(result.status == row.status);
    CHECK(result.log == row.log);
  }
}

TEST_CASE("a run: SIGTERM and SIGINT stop it in good order") {
  Result result = play("slKt0", "sgwTq", "sgwq");
  CHECK(result.status == 0);
  CHECK(result.log == "local: IMAP traffic (bytes): recv 1 sent 2\n");
  result = play("slIt0", "sgwTq", "sgwq", true);
  CHECK(result.status == 1);
  CHECK(result.log == "Interrupted system call\n");
  result = play("slKtKz", "sgwq", "sgz");  // twice, by one that does not stop
  CHECK(result.status == 0);
}

TEST_CASE("a run: a worker that is not there") {
  ProgressLine nowhere(-1);
  Log log({}, nowhere);
  RunSettings settings;
  settings.workers = "/nonexistent";
  CHECK_THROWS_WITH_AS(Run(log, nowhere).run(std::move(settings)),
                       "/nonexistent/sync: No such file or directory", Failure);
}

TEST_CASE("a run: settings that fit no packet") {
  settings::Sync sync;
  sync.mailboxes.assign(1000, std::string(100, 'x'));
  CHECK(play("s", "s", "s", false, std::move(sync)).status == -78);
}
