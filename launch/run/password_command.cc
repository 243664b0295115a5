// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/password_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "ipc/body.h"
#include "ipc/shortage.h"
#include "launch/config/password.h"
#include "launch/run/process.h"

namespace interimap {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = 1s;           // between SIGTERM and SIGKILL
constexpr std::size_t kMostSaid = 1024;  // octets

[[noreturn]] void fail(const char* what) { throw systemFailure(what, errno); }

[[noreturn]] void execute(const char* command, const std::vector<std::string>& environment, int null,
                          int output, int errors) {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const std::string& variable : environment) putenv(const_cast<char*>(variable.c_str()));
  // All are above standard error, which cleanProcess() has made sure of.
  if (dup2(null, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0 &&
      close_range(STDERR_FILENO + 1, ~0U, 0) == 0)
    execl("/bin/sh", "sh", "-c", command, nullptr);
  _exit(127);
}

class Command {
 public:
  Command(const std::string& command, const CommandBounds& bounds) {
    int ends[2], errors[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
    output_ = Descriptor(ends[0]);
    Descriptor itsOutput(ends[1]);
    if (pipe2(errors, O_CLOEXEC) != 0) fail("pipe");
    errors_ = Descriptor(errors[0]);
    Descriptor itsErrors(errors[1]), null(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null) fail("/dev/null");
    for (const Descriptor* end : {&output_, &errors_}) fcntl(end->get(), F_SETFL, O_NONBLOCK);
    pid_ = fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) execute(command.c_str(), bounds.environment, null.get(), itsOutput.get(), itsErrors.get());
    // Not pidfd_open(): glibc 2.36 forgot to tell C++ that it is a C function.
    process_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    text_.resize(bounds.octets + 1);
  }
  ~Command() {
    explicit_bzero(text_.data(), text_.size());
    if (pid_ < 0) return;
    kill(pid_, SIGTERM);
    if (!process_ || !ready(process_, kPatience)) kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  int output() const { return output_.get(); }
  int errors() const { return errors_.get(); }
  int process() const { return process_.get(); }

  // Takes what has been written; only the beginning is kept. At its end the output is closed.
  void read() {
    char more[4096];
    ssize_t n;
    while ((n = ::read(output_.get(), more, sizeof more)) > 0) {
      auto kept = std::min(text_.size() - size_, static_cast<std::size_t>(n));
      std::copy_n(more, kept, text_.data() + size_);
      size_ += kept;
    }
    explicit_bzero(more, sizeof more);
    if (n == 0) output_ = Descriptor();
  }
  // What it says to people goes on to where it would have gone; the end of that is kept.
  void readErrors() {
    char more[1024];
    ssize_t n;
    while ((n = ::read(errors_.get(), more, sizeof more)) > 0) {
      auto size = static_cast<std::size_t>(n);
      for (std::size_t at = 0; at < size;) {
        ssize_t written = ::write(STDERR_FILENO, more + at, size - at);
        if (written <= 0) break;
        at += static_cast<std::size_t>(written);
      }
      said_.append(more, size);
      if (said_.size() > kMostSaid) said_.erase(0, said_.size() - kMostSaid);
    }
    if (n == 0) errors_ = Descriptor();
  }
  // Its last line there that is not empty, or nothing.
  std::string lastWords() const {
    auto end = said_.find_last_not_of(" \t\r\n");
    if (end == std::string::npos) return {};
    auto begin = said_.find_last_of('\n', end);
    begin = begin == std::string::npos ? 0 : begin + 1;
    return said_.substr(begin, end + 1 - begin);
  }
  // Once it has ended: its wait status and what it wrote. A child of its own may hold the output open still.
  int reap() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    if (output_) read();
    if (errors_) readErrors();
    return status;
  }
  std::string text() const { return text_.substr(0, size_); }

 private:
  static bool ready(const Descriptor& fd, Clock::duration time) {
    pollfd each{fd.get(), POLLIN, 0};
    return poll(&each, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(time).count())) > 0;
  }

  pid_t pid_ = -1;
  Descriptor output_, errors_, process_;
  std::string text_, said_;
  std::size_t size_ = 0;
};

std::string withColon(const std::string& words) { return words.empty() ? "" : ": " + words; }

std::string howItEnded(int waitStatus) {
  if (WIFSIGNALED(waitStatus)) return "was killed by signal " + signalName(WTERMSIG(waitStatus));
  return "ended with exit status " + std::to_string(WEXITSTATUS(waitStatus));
}

}  // namespace

std::variant<std::string, Asked> textFromCommand(const std::string& command, const std::string& source,
                                                 const CommandBounds& bounds, Signals& signals) {
  Command running(command, bounds);
  for (auto end = Clock::now() + bounds.time;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left <= 0ms)
      throw Failure(bounds.failure,
                    source + (bounds.what ? std::string(" told no ") + bounds.what : " did not end") +
                        " within " + std::to_string(bounds.time / 1s) + " s");
    pollfd fds[] = {{running.process(), POLLIN, 0},
                    {running.output(), POLLIN, 0},
                    {signals.fd(), POLLIN, 0},
                    {running.errors(), POLLIN, 0}};
    if (poll(fds, std::size(fds), static_cast<int>(left.count())) < 0) continue;
    while (auto asked = signals.next())
      if (*asked != Asked::nothing) return *asked;
    if (fds[1].revents) running.read();
    if (fds[3].revents) running.readErrors();
    if (fds[0].revents) break;
  }
  if (int status = running.reap(); status != 0)
    throw Failure(bounds.failure, source + " " + howItEnded(status) + withColon(running.lastWords()));
  return running.text();
}

std::variant<Secret, Asked> passwordFromCommand(const std::string& command, const std::string& source,
                                                Signals& signals, std::chrono::milliseconds time) {
  auto told = textFromCommand(command, source,
                              {"password", kMostPassword + 1, time, ExitStatus::noPermission}, signals);
  if (auto asked = std::get_if<Asked>(&told)) return *asked;
  return firstLine(std::move(std::get<std::string>(told)), source, ExitStatus::noPermission);
}

}  // namespace interimap
