// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/fleet/schedule.h"

#include <algorithm>

#include "ipc/exit_status.h"

namespace interimap {

void Schedule::add(const std::string& name) {
  entries_.emplace(name, Entry{Backoff(seed_++, watching_ ? kWatchAgain : kAgain)});
  fresh_.push_back(name);
}

void Schedule::remove(const std::string& name) {
  auto found = entries_.find(name);
  if (found == entries_.end()) return;
  leave(name, found->second, State::over);
  entries_.erase(found);
}

void Schedule::stop() {
  fresh_.clear();
  again_.clear();
  jobs_ = 0;
}

std::optional<std::string> Schedule::next(Time now) {
  if (busy_ >= jobs_) return std::nullopt;
  std::string name;
  // What is due again goes first: new ones must not keep it waiting until the end of a long list.
  if (!again_.empty() && again_.begin()->first <= now) {
    name = again_.begin()->second;
    again_.erase(again_.begin());
  } else if (!fresh_.empty()) {
    name = fresh_.front();
    fresh_.pop_front();
  } else {
    return std::nullopt;
  }
  Entry& entry = entries_.at(name);
  entry.state = State::busy;
  ++entry.attempts;
  ++busy_;
  ++running_;
  return name;
}

void Schedule::ready(const std::string& name) {
  auto found = entries_.find(name);
  if (found == entries_.end() || found->second.state != State::busy) return;
  Entry& entry = found->second;
  entry.state = State::watching;
  entry.attempts = 1;
  entry.backoff.reset();
  --busy_;
}

bool Schedule::ended(const std::string& name, int status, Time now) {
  auto found = entries_.find(name);
  if (found == entries_.end()) return true;
  Entry& entry = found->second;
  const bool again = jobs_ > 0 && mayPass(entry, status);
  leave(name, entry, again ? State::again : State::over);
  if (again) again_.emplace(now + entry.backoff.next(), name);
  return !again;
}

std::optional<Schedule::Time> Schedule::due() const {
  return busy_ < jobs_ && !again_.empty() ? std::optional(again_.begin()->first) : std::nullopt;
}

unsigned Schedule::attempts(const std::string& name) const {
  auto found = entries_.find(name);
  return found == entries_.end() ? 0 : found->second.attempts;
}

// A watcher tries by itself what may pass, as long as it can; what it ends with is tried again with it, but
// for what somebody has to mend first.
bool Schedule::mayPass(const Entry& entry, int status) const {
  if (!watching_)
    return entry.attempts < kMostAttempts && (status == static_cast<int>(ExitStatus::tryAgain) ||
                                              status == static_cast<int>(ExitStatus::unavailable));
  switch (static_cast<ExitStatus>(status)) {
    case ExitStatus::usage:
    case ExitStatus::data:
    case ExitStatus::cantCreate:
    case ExitStatus::noPermission:
    case ExitStatus::config: return false;
    case ExitStatus::ok:
    case ExitStatus::unavailable:
    case ExitStatus::internal:
    case ExitStatus::io:
    case ExitStatus::tryAgain:
    case ExitStatus::protocol: return true;
  }
  return true;
}

void Schedule::leave(const std::string& name, Entry& entry, State state) {
  if (entry.state == State::busy) --busy_;
  if (entry.state == State::busy || entry.state == State::watching) --running_;
  if (entry.state == State::fresh) std::erase(fresh_, name);
  if (entry.state == State::again)
    std::erase_if(again_, [&](const auto& each) { return each.second == name; });
  entry.state = state;
}

}  // namespace interimap
