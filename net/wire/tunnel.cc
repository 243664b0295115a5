// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "ipc/command_end.h"
#include "ipc/failure.h"

extern char** environ;

namespace interimap {

namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";
constexpr std::string_view kShellCharacters = "$&*(){}[]'\";\\|?<>~`\n";
constexpr std::string_view kToOutput = "2>&1";
constexpr std::size_t kShownOfLine = 200;  // characters of a command line in a message

bool isBlank(char c) { return kBlanks.find(c) != std::string_view::npos; }
bool isWord(char c) { return isalnum(static_cast<unsigned char>(c)) || c == '_'; }

void trimLeft(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}
void trimRight(std::string_view& text) { text = text.substr(0, text.find_last_not_of(kBlanks) + 1); }

// A command of the shell, or an assignment, at the start.
bool startsForShell(std::string_view text) {
  for (std::string_view command : {"exec", "."})
    if (text.starts_with(command) && text.size() > command.size() && isBlank(text[command.size()]))
      return true;
  while (!text.empty() && isWord(text.front())) text.remove_prefix(1);
  return text.starts_with('=');
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  for (trimLeft(text); !text.empty(); trimLeft(text)) {
    std::string_view word = text.substr(0, text.find_first_of(kBlanks));
    words.emplace_back(word);
    text.remove_prefix(word.size());
  }
  return words;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

// Nothing by which whoever started us could choose which program runs.
// Not copied: no more of it than there was is left for forgetEnvironment() to wipe.
std::vector<char*> environment() {
  static char path[] = "PATH=/usr/bin:/bin";
  std::vector<char*> result{path};
  for (char** variable = environ; variable && *variable; ++variable) {
    std::string_view text = *variable;
    bool dropped = false;
    for (std::string_view name : {"PATH=", "IFS=", "CDPATH=", "ENV=", "BASH_ENV="})
      dropped |= text.starts_with(name);
    if (!dropped) result.push_back(*variable);
  }
  result.push_back(nullptr);
  return result;
}

// posix_spawn rather than fork: it reports why exec failed, and copies no page tables.
class Spawn {
 public:
  Spawn(int socket, bool nullStderr, bool errorToOutput) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, socket, STDOUT_FILENO);
    if (nullStderr) posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (errorToOutput) posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);

    posix_spawnattr_init(&attributes_);
    sigset_t blocked, reset;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigfillset(&reset);
    posix_spawnattr_setsigmask(&attributes_, &blocked);
    posix_spawnattr_setsigdefault(&attributes_, &reset);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Spawn() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  Spawn(const Spawn&) = delete;

  pid_t child() const { return child_; }

  // 0 or an errno.
  int run(std::vector<std::string> arguments) {
    const std::string& program = arguments.front();
    std::vector<std::string> places{program};
    if (program.find('/') == std::string::npos) places = {"/usr/bin/" + program, "/bin/" + program};
    auto argv = pointers(arguments), envp = environment();
    int error = ENOENT;
    for (const std::string& place : places) {
      int result = posix_spawn(&child_, place.c_str(), &actions_, &attributes_, argv.data(), envp.data());
      if (result == 0) return 0;
      if (error == ENOENT) error = result;
    }
    return error;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  pid_t child_ = 0;
};

}  // namespace

TunnelCommand TunnelCommand::parse(const std::string& line) {
  std::string_view text = line;
  trimLeft(text);
  if (text.empty()) throw Failure(ExitStatus::config, "Missing tunnel command");
  TunnelCommand shell{{"/bin/sh", "-c", std::string(text)}};
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (startsForShell(text)) return shell;
  TunnelCommand plain;
  std::string_view head = text;
  trimRight(head);
  if (head.ends_with(kToOutput)) {
    head.remove_suffix(kToOutput.size());
    plain.errorToOutput = head.size() > 1 && isBlank(head.back());
    if (plain.errorToOutput) text = head;
  }
  if (text.find_first_of(kShellCharacters) != std::string_view::npos) return shell;
  plain.arguments = split(text);
  return plain;
}

Tunnel startTunnel(const std::string& line, bool nullStderr) {
  TunnelCommand command = TunnelCommand::parse(line);
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    throw Failure(ExitStatus::internal, std::string("socketpair: ") + strerror(errno));
  Descriptor ours(pair[0]), theirs(pair[1]);
  Spawn spawn(theirs.get(), nullStderr, command.errorToOutput);
  int error = spawn.run(command.arguments);
  if (error == ENOEXEC) error = spawn.run({"/bin/sh", "-c", line});  // a script without "#!"
  if (error) throw Failure(ExitStatus::unavailable, "Can't run " + line + ": " + strerror(error));
  return {std::move(ours),
          TunnelProcess(line, Descriptor(static_cast<int>(syscall(SYS_pidfd_open, spawn.child(), 0))))};
}

std::string TunnelProcess::end(std::chrono::milliseconds patience) {
  if (!process_) return {};
  pollfd ended{process_.get(), POLLIN, 0};
  siginfo_t how{};
  if (poll(&ended, 1, static_cast<int>(patience.count())) <= 0) return {};
  // Only the descriptor's process, and without waiting: nothing else is allowed after lock-in.
  if (waitid(P_PIDFD, static_cast<id_t>(process_.get()), &how, WEXITED | WNOHANG) != 0) return {};
  std::string text(kItsCommand);
  text += line_.substr(0, kShownOfLine) + (line_.size() > kShownOfLine ? "…" : "") + "` ";
  return text + (how.si_code == CLD_EXITED ? "ended with status " : "was ended by signal ") +
         std::to_string(how.si_status);
}

void forgetEnvironment() {
  for (char** variable = environ; variable && *variable; ++variable)
    explicit_bzero(*variable, strlen(*variable));
  clearenv();
}

}  // namespace interimap
