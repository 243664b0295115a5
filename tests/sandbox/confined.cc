// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/sandbox/confined.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <initializer_list>
#include <stdexcept>
#include <utility>

#include "sandbox/sandbox.h"

namespace sandbox = interimap::sandbox;

namespace {

std::runtime_error error(const std::string& what) {
  return std::runtime_error(what + ": " + strerror(errno));
}

// Beside this program. Opened here and executed by its descriptor, so that whoever the child has become needs
// no way to the build directory.
int openProber() {
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  int fd = open((self.parent_path() / "prober").c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) throw error("prober");
  return fd;
}

std::pair<int, int> makePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw error("pipe");
  return {ends[0], ends[1]};
}

std::string readAll(int fd) {
  std::string all;
  char bytes[4096];
  for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0;) all.append(bytes, static_cast<std::size_t>(n));
  return all;
}

// In the child; the descriptors move to where they belong only after all are out of each other's way.
void takePlaces(std::initializer_list<std::pair<int, int>> wanted) {
  for (auto [from, to] : wanted) {
    int high = fcntl(from, F_DUPFD, 100 + to);
    if (high < 0) _exit(99);
  }
  for (auto [from, to] : wanted)
    if (dup2(100 + to, to) != to || close(100 + to) != 0) _exit(99);
}

}  // namespace

bool End::exited(int with) const { return WIFEXITED(status) && WEXITSTATUS(status) == with; }
bool End::killed(int signal) const { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }

std::string describe(const End& end) {
  std::string text;
  if (WIFSIGNALED(end.status))
    text = std::string("killed by ") + sigabbrev_np(WTERMSIG(end.status));
  else
    text = std::string("exited with ") + std::to_string(WEXITSTATUS(end.status)) +
           " (as errno: " + strerror(WEXITSTATUS(end.status)) + ")";
  if (end.obituary) text += ", for " + sandbox::systemCallName(*end.obituary);
  if (!end.errors.empty()) text += ": " + end.errors;
  return text;
}

Place::Place(uid_t owner) : path_("/tmp/sandbox-test.XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr || chmod(path_.c_str(), 0755) != 0) throw error("mkdtemp");
  if (mkdir(state().c_str(), 0700) != 0 || chown(state().c_str(), owner, owner) != 0) throw error("mkdir");
  write("outside", "not yours\n", geteuid(), 0666);
}

Place::~Place() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void Place::write(const std::string& name, const std::string& text, uid_t owner, mode_t mode) const {
  int fd = open((path_ + "/" + name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      fchmod(fd, mode) != 0 || fchown(fd, owner, owner) != 0)
    throw error(name);
  close(fd);
}

Prober::Prober(const Start& start, const char* role, const std::string& place, const std::string& attempt) {
  auto [inputRead, inputWrite] = makePipe();
  auto [errorsRead, errorsWrite] = makePipe();
  auto [obituaryRead, obituaryWrite] = makePipe();
  int program = openProber();
  input_ = inputWrite;
  errors_ = errorsRead;
  obituary_ = obituaryRead;
  pid_ = fork();
  if (pid_ < 0) throw error("fork");
  if (pid_ == 0) {
    takePlaces({{inputRead, 0}, {errorsWrite, 1}, {errorsWrite, 2}, {obituaryWrite, sandbox::kObituary}});
    if (!start.asRoot && geteuid() == 0 &&
        (setgroups(0, nullptr) != 0 || setresgid(start.uid, start.uid, start.uid) != 0 ||
         setresuid(start.uid, start.uid, start.uid) != 0))
      _exit(98);
    const char* arguments[] = {"prober", role, start.user, place.c_str(), attempt.c_str(), nullptr};
    const char* environment[] = {"ASAN_OPTIONS=detect_leaks=0:symbolize=0", nullptr};
    syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
    _exit(97);
  }
  for (int fd : {inputRead, errorsWrite, obituaryWrite, program}) close(fd);
}

Prober::~Prober() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (int fd : {input_, errors_, obituary_})
    if (fd >= 0) close(fd);
}

std::string Prober::firstLine() {
  std::string line;
  for (char byte; read(errors_, &byte, 1) == 1 && byte != '\n';) line += byte;
  return line;
}

End Prober::end() {
  close(std::exchange(input_, -1));
  End end;
  end.errors = readAll(errors_);
  if (waitpid(pid_, &end.status, 0) != pid_) throw error("waitpid");
  pid_ = -1;
  end.obituary = sandbox::readObituary(obituary_);
  return end;
}
