// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/fleet.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <set>
#include <utility>
#include <vector>

#include "ipc/shortage.h"
#include "launch/run/process.h"

namespace interimap {

namespace {

using namespace std::chrono_literals;

// Between two looks at whether the list has changed, and two at the terminal while others write to it.
constexpr auto kBetweenLooks = 5s, kBetweenLines = 1s;

// A descriptor for each that runs.
void takeDescriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string seconds(std::chrono::milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

Asked Fleet::run(AccountList list, const Reload& reload) {
  // From before the fork on: one that is told to stop before it listens shall hear of it all the same.
  block(kPassedOn);
  takeDescriptors();
  for (Instance& account : list.accounts) add(std::move(account));
  while (true) {
    startDue();
    tell();
    if (names_.empty() && schedule_.over()) break;
    wait();
    if (options_.watching && asked_ == Asked::nothing) reloadIfDue(reload);
  }
  progress_.erase();
  for (const auto& [name, member] : members_) results_.left += !results_.accounts.contains(name);
  return asked_;
}

void Fleet::add(Instance account) {
  std::string name = account.name;
  schedule_.add(name);
  members_.emplace(std::move(name), Member{.account = std::move(account), .words = {}});
}

void Fleet::startDue() {
  while (auto name = schedule_.next(Clock::now())) {
    Member& member = members_.at(*name);
    member.began = member.alive = Clock::now();
    try {
      start(member);
    } catch (const Failure& failure) {  // there are too many processes, or descriptors
      member.status = failure.what();
      ended(member, static_cast<int>(failure.status));
    }
  }
}

void Fleet::start(Member& member) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    throw systemFailure("socketpair", errno);
  Descriptor ours(ends[0]), theirs(ends[1]);
  const pid_t parent = getpid(), pid = fork();
  if (pid < 0) throw systemFailure("fork", errno);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, kPassedOn.terminate);
    if (getppid() != parent) _exit(0);
    int status = static_cast<int>(ExitStatus::internal);
    try {
      Instance account = std::move(member.account);
      Service service(std::move(theirs), service_.watchdog());
      members_.clear();  // passwords of others, and their descriptors
      ours = {};
      status = life_(std::move(account), service);
    } catch (const std::exception&) {
    }
    _exit(status);
  }
  member.pid = pid;
  member.words = std::move(ours);
  member.status.clear();
  names_[pid] = member.account.name;
}

void Fleet::signal(int number) {
  for (const auto& [pid, name] : names_) kill(pid, number);
}

void Fleet::wait() {
  std::vector<pollfd> fds{{signals_.fd(), POLLIN, 0}};
  std::vector<Member*> speakers;
  for (const auto& [pid, name] : names_) {
    speakers.push_back(&members_.at(name));
    fds.push_back({speakers.back()->words.get(), POLLIN, 0});
  }
  const auto now = Clock::now();
  auto until = now + kBetweenLooks;
  if (progress_.shown()) until = now + kBetweenLines;
  for (auto due : {schedule_.due(), service_.due(), progress_.due()})
    if (due) until = std::min(until, *due);
  if (reloadWanted_) until = now;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
  if (poll(fds.data(), fds.size(), static_cast<int>(std::max(0ms, left).count())) < 0) return;
  for (std::size_t i = 0; i < speakers.size(); ++i)
    if (fds[i + 1].revents) listen(*speakers[i]);
  while (auto asked = signals_.next())
    if (*asked != Asked::nothing) stop(*asked);
  if (signals_.takeLook()) signal(SIGUSR1);
  reap();
  const auto later = Clock::now();
  if (auto due = progress_.due(); due && *due <= later) progress_.draw(later);
  service_.alive(later, well(later));
}

void Fleet::stop(Asked asked) {
  if (asked_ == Asked::nothing) service_.stopping();
  asked_ = asked;
  schedule_.stop();
  signal(asked == Asked::interrupt ? kPassedOn.interrupt : kPassedOn.terminate);
}

// Each tells twice in the manager's time that it is alive.
bool Fleet::well(Clock::time_point now) const {
  return std::ranges::all_of(
      names_, [&](const auto& each) { return now - members_.at(each.second).alive <= service_.watchdog(); });
}

void Fleet::listen(Member& member) {
  char message[2048];
  for (ssize_t n; member.words && (n = recv(member.words.get(), message, sizeof message, 0)) > 0;)
    heard(member, {message, static_cast<std::size_t>(n)});
}

void Fleet::heard(Member& member, std::string_view message) {
  member.alive = Clock::now();
  if (message == "READY=1" && options_.watching && !member.leaving) {
    schedule_.ready(member.account.name);
    results_.accounts.erase(member.account.name);
  }
  if (message.starts_with("STATUS=")) member.status = message.substr(7);
  if (message.starts_with(Service::kPatience)) service_.patience();
}

void Fleet::reap() {
  int status = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    auto found = names_.find(pid);
    if (found == names_.end()) continue;
    Member& member = members_.at(found->second);
    names_.erase(found);
    listen(member);
    member.words = {};
    member.pid = -1;
    if (WIFSIGNALED(status)) member.status = "killed by signal " + signalName(WTERMSIG(status));
    ended(member, WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(ExitStatus::internal));
  }
}

void Fleet::ended(Member& member, int status) {
  const std::string name = member.account.name;
  if (member.leaving) {
    auto successor = std::move(member.successor);
    members_.erase(name);
    if (successor && asked_ == Asked::nothing) add(std::move(*successor));
    return;
  }
  const auto now = Clock::now();
  const bool stopped = asked_ != Asked::nothing;
  const unsigned attempts = schedule_.attempts(name);
  const bool over = schedule_.ended(name, status, now);
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now - member.began);
  if (stopped) return;  // whether it was done by then is known to it alone: the next run will see
  results_.accounts[name] = {status, attempts, time, member.status};
  const std::string why = member.status.empty() ? "" : ": " + member.status;
  if (status == 0)
    say(member, LogLevel::info, "Done in " + seconds(time) + why);
  else
    say(member, over ? LogLevel::error : LogLevel::warning,
        "ended with status " + std::to_string(status) + (over ? "" : "; will be tried again") + why);
}

void Fleet::reloadIfDue(const Reload& reload) {
  const auto now = Clock::now();
  if (!reloadWanted_ && now - lookedAtList_ < kBetweenLooks) return;
  lookedAtList_ = now;
  const bool wanted = std::exchange(reloadWanted_, false);
  auto fresh = reload(wanted);
  if (auto asked = std::get_if<Asked>(&fresh)) return stop(*asked);
  if (auto list = std::get_if<AccountList>(&fresh)) take(std::move(*list), wanted);
}

void Fleet::take(AccountList list, bool wanted) {
  std::set<std::string> listed;
  for (const Instance& account : list.accounts) listed.insert(account.name);
  std::vector<std::string> gone;
  for (const auto& [name, member] : members_)
    if (!listed.contains(name)) gone.push_back(name);
  for (const std::string& name : gone) takeOut(name);
  for (Instance& account : list.accounts) takeIn(std::move(account), wanted);
}

void Fleet::takeOut(const std::string& name) {
  Member& member = members_.at(name);
  member.successor.reset();
  if (!member.leaving) say(member, LogLevel::notice, "Is not in the list of accounts any more");
  schedule_.remove(name);
  results_.accounts.erase(name);
  if (member.pid < 0) return void(members_.erase(name));
  if (!std::exchange(member.leaving, true)) kill(member.pid, kPassedOn.terminate);
}

void Fleet::takeIn(Instance account, bool wanted) {
  auto found = members_.find(account.name);
  if (found == members_.end()) return add(std::move(account));
  Member& member = found->second;
  // One that has failed for good is tried again when somebody says so.
  const bool given = wanted && member.pid < 0 && results_.accounts.contains(account.name);
  if (!member.leaving && !given && member.account.says(account)) return;
  schedule_.remove(account.name);
  results_.accounts.erase(account.name);
  if (member.pid < 0) {
    members_.erase(found);
    return add(std::move(account));
  }
  member.successor = std::move(account);
  if (!std::exchange(member.leaving, true)) kill(member.pid, kPassedOn.terminate);
}

void Fleet::tell() {
  const auto now = Clock::now();
  std::string text = state();
  if (text == state_ && now - told_ < kBetweenLines) return;
  told_ = now;
  state_ = std::move(text);
  progress_.show(state_, now);
  if (!options_.watching || asked_ != Asked::nothing) return;
  service_.status(state_);
  if (schedule_.begun()) service_.ready();
}

std::string Fleet::state() const {
  const std::size_t failed = results_.failed(), done = results_.accounts.size() - failed;
  std::string text = std::to_string(options_.watching ? schedule_.watching() : done) + " of " +
                     std::to_string(members_.size()) +
                     (options_.watching ? " accounts watched" : " accounts done");
  const std::size_t busy = schedule_.running() - schedule_.watching();
  if (busy > 0) text += ", " + std::to_string(busy) + " at work";
  if (failed > 0) text += ", " + std::to_string(failed) + " failed";
  if (schedule_.later() > 0) text += ", " + std::to_string(schedule_.later()) + " of them to be tried again";
  return text;
}

void Fleet::say(const Member& member, LogLevel level, const std::string& text) {
  Log({.prefix = "", .quiet = options_.quiet, .json = options_.json, .instance = member.account.name},
      progress_)
      .line(level, text);
}

}  // namespace interimap
