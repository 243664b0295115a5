// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/process.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>
#include <utility>

#include "tests/e2e/directory.h"

namespace interimap::bed {
namespace {

using Clock = std::chrono::steady_clock;
constexpr const char* kPath = "/usr/sbin:/usr/bin:/sbin:/bin";
constexpr auto kOrphansTimeout = std::chrono::seconds(2);

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  int get() const { return number_; }
  void reset() {
    if (number_ >= 0) close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

std::pair<Descriptor, Descriptor> makePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe2");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& s : strings) result.push_back(const_cast<char*>(s.c_str()));
  result.push_back(nullptr);
  return result;
}

// A name without "/" in kPath, whatever our own PATH is: root's servers live in sbin, a user's PATH leaves
// that out.
std::string find(const std::string& program) {
  std::string_view rest = kPath;
  while (program.find('/') == std::string::npos && !rest.empty()) {
    std::string_view directory = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(directory.size() + 1, rest.size()));
    std::string path = std::string(directory) + "/" + program;
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return program;
}

// What a sanitizer says about a program belongs into the log of the test, whatever the test expected.
void showFindings(std::string_view errors) {
  for (std::string_view mark : {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer", ": runtime error: "}) {
    std::size_t at = errors.find(mark);
    if (at == errors.npos) continue;
    errors.remove_prefix(errors.rfind('\n', at) + 1);
    std::fprintf(stderr, "%.*s\n", static_cast<int>(std::min<std::size_t>(errors.size(), 8000)),
                 errors.data());
    return;
  }
}

// In the child, where only async-signal-safe calls are allowed: the test program has threads.
[[noreturn]] void become(const Command& command, const MailUser& user, std::array<int, 3> streams,
                         const char* program, char* const* arguments, char* const* environment) {
  setpgid(0, 0);
  for (int i = 0; i < 3; ++i) dup2(streams[static_cast<std::size_t>(i)], i);
  if (command.unprivileged && geteuid() == 0 &&
      (setgroups(0, nullptr) != 0 || setresgid(user.gid, user.gid, user.gid) != 0 ||
       setresuid(user.uid, user.uid, user.uid) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // after setresuid, which clears it
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (chdir("/") == 0) execve(program, arguments, environment);
  _exit(127);
}

pid_t start(const Command& command, std::array<int, 3> streams) {
  const MailUser& user = mailUser();
  // A sandboxed program cannot start another that looks up symbols; whom strace watches cannot look for
  // leaks.
  std::vector<std::string> environment{std::string("PATH=") + kPath, "HOME=/", "LC_ALL=C",
                                       "ASAN_OPTIONS=symbolize=0:detect_leaks=0:verify_asan_link_order=0"};
  environment.insert(environment.end(), command.environment.begin(), command.environment.end());
  std::vector<char*> argv = pointers(command.arguments), envp = pointers(environment);
  const std::string program = find(command.arguments.at(0));
  pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) become(command, user, streams, program.c_str(), argv.data(), envp.data());
  setpgid(pid, pid);
  return pid;
}

void record(int status, Outcome& outcome) {
  if (WIFEXITED(status)) outcome.exitStatus = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
}

void charge(const rusage& usage, Outcome& outcome) {
  auto seconds = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  outcome.user += seconds(usage.ru_utime);
  outcome.system += seconds(usage.ru_stime);
}

// What the group's leader left behind is our child only where we are a subreaper.
void reapOrphans(pid_t group, Outcome& outcome) {
  Clock::time_point deadline = Clock::now() + kOrphansTimeout;
  rusage usage{};
  for (;;) {
    pid_t ended = wait4(-group, nullptr, WNOHANG, &usage);
    if (ended < 0) return;
    if (ended > 0) {
      charge(usage, outcome);
    } else if (Clock::now() > deadline) {
      kill(-group, SIGKILL);
      deadline = Clock::time_point::max();
    } else {
      poll(nullptr, 0, 1);
    }
  }
}

// Takes what is there; false at the end of the stream.
bool drain(int descriptor, std::string& into) {
  char buffer[65536];
  for (;;) {
    ssize_t n = read(descriptor, buffer, sizeof buffer);
    if (n > 0) {
      into.append(buffer, static_cast<std::size_t>(n));
    } else if (n == 0) {
      return false;
    } else if (errno != EINTR) {
      return errno == EAGAIN;
    }
  }
}

int remaining(Clock::time_point deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) + 1 : 0;
}

// Feeds and reads the process until it has ended; a grandchild that holds the pipes does not keep us.
void converse(int process, Descriptor input, int output, int errors, std::string_view text,
              Clock::time_point deadline, pid_t pid, Outcome& outcome) {
  for (int d : {input.get(), output, errors}) fcntl(d, F_SETFL, O_NONBLOCK);
  if (text.empty()) input.reset();
  bool readOutput = true, readErrors = true;
  for (bool ended = false; !ended;) {
    std::array<pollfd, 4> fds{{{process, POLLIN, 0},
                               {readOutput ? output : -1, POLLIN, 0},
                               {readErrors ? errors : -1, POLLIN, 0},
                               {input.get(), POLLOUT, 0}}};
    int ready = poll(fds.data(), fds.size(), outcome.timedOut ? -1 : remaining(deadline));
    if (ready == 0) {
      outcome.timedOut = true;
      kill(-pid, SIGKILL);
      continue;
    }
    ended = fds[0].revents != 0;
    if (readOutput && (fds[1].revents != 0 || ended)) readOutput = drain(output, outcome.output);
    if (readErrors && (fds[2].revents != 0 || ended)) readErrors = drain(errors, outcome.errors);
    if (fds[3].revents != 0) {
      ssize_t n = write(input.get(), text.data(), text.size());
      if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
      if (text.empty() || (n < 0 && errno != EAGAIN)) input.reset();
    }
  }
}

}  // namespace

const MailUser& mailUser() {
  static const MailUser user = [] {
    const passwd* entry = geteuid() == 0 ? getpwnam("nobody") : getpwuid(geteuid());
    if (entry == nullptr) throw std::runtime_error("no passwd entry for the mail user");
    MailUser found{entry->pw_uid, entry->pw_gid, entry->pw_name, {}};
    const group* itsGroup = getgrgid(found.gid);
    if (itsGroup == nullptr) throw std::runtime_error("no group entry for the mail user");
    found.group = itsGroup->gr_name;
    return found;
  }();
  return user;
}

Outcome run(const Command& command) {
  signal(SIGPIPE, SIG_IGN);
  auto [stdinRead, stdinWrite] = makePipe();
  auto [stdoutRead, stdoutWrite] = makePipe();
  auto [stderrRead, stderrWrite] = makePipe();
  Clock::time_point begin = Clock::now();
  pid_t pid = start(command, {stdinRead.get(), stdoutWrite.get(), stderrWrite.get()});
  stdinRead.reset();
  stdoutWrite.reset();
  stderrWrite.reset();
  Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (process.get() < 0) fail("pidfd_open");
  if (command.started) command.started(pid);
  Outcome outcome;
  converse(process.get(), std::move(stdinWrite), stdoutRead.get(), stderrRead.get(), command.input,
           begin + command.timeout, pid, outcome);
  int status = 0;
  rusage usage{};
  wait4(pid, &status, 0, &usage);
  outcome.wall = Clock::now() - begin;
  record(status, outcome);
  charge(usage, outcome);
  reapOrphans(pid, outcome);
  showFindings(outcome.errors);
  return outcome;
}

BackgroundProcess::BackgroundProcess(const Command& command, const std::string& log) : log_(log) {
  ::signal(SIGPIPE, SIG_IGN);
  Descriptor null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  Descriptor file(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (null.get() < 0 || file.get() < 0) fail("open");
  pid_ = start(command, {null.get(), file.get(), file.get()});
}

BackgroundProcess::~BackgroundProcess() { end(); }

BackgroundProcess::BackgroundProcess(BackgroundProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), log_(std::move(other.log_)), outcome_(std::move(other.outcome_)) {}

BackgroundProcess& BackgroundProcess::operator=(BackgroundProcess&& other) noexcept {
  end();
  pid_ = std::exchange(other.pid_, -1);
  log_ = std::move(other.log_);
  outcome_ = std::move(other.outcome_);
  return *this;
}

void BackgroundProcess::ended(int status) {
  record(status, outcome_);
  pid_ = -1;
  showFindings(readFile(log_));
}

bool BackgroundProcess::running() {
  if (pid_ < 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == 0) return true;
  kill(-pid_, SIGKILL);  // what it left behind
  ended(status);
  return false;
}

void BackgroundProcess::signal(int number) {
  if (pid_ > 0) kill(pid_, number);
}

void BackgroundProcess::end() {
  if (pid_ < 0) return;
  kill(-pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  ended(status);
}

Outcome BackgroundProcess::wait(std::chrono::milliseconds timeout) {
  Clock::time_point deadline = Clock::now() + timeout;
  while (running()) {
    if (Clock::now() > deadline) {
      outcome_.timedOut = true;
      end();
      break;
    }
    poll(nullptr, 0, 5);
  }
  return outcome_;
}

}  // namespace interimap::bed
