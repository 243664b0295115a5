// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What sync tells the user: always which side, and which mailbox as that server spells it.
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "ipc/failure.h"
#include "ipc/mailbox_name.h"
#include "ipc/reporter.h"
#include "ipc/side.h"
#include "ipc/uid_set.h"

namespace interimap {

inline const char* nameOf(Side side) { return side == Side::local ? "local" : "remote"; }

// What a line speaks of: a mailbox on one server, one server, the database, or the run as a whole.
struct About {
  Component component = Component::none;
  std::string mailbox;
  LogSubject subject{};

  // The same, and these messages of it.
  About with(const UidSet& uids) const {
    About about = *this;
    about.subject.uids = uids.text();
    return about;
  }

  static About server(Side side) { return {componentOf(side), {}}; }
  static About at(Side side, const WireName& mailbox) { return {componentOf(side), mailbox.bytes}; }
  static About database() { return {Component::database, {}}; }
  static About run() { return {}; }
};

// A failure that ends the run and speaks of something in particular.
struct AboutFailure : Failure {
  AboutFailure(About about, ExitStatus exit, const std::string& text)
      : Failure(exit, text), of(std::move(about)) {}
  About of;
};
struct ServerFailure : AboutFailure {
  ServerFailure(Side side, ExitStatus exit, const std::string& text)
      : AboutFailure(About::server(side), exit, text) {}
};

// Also keeps count, and the worst that happened short of ending the run: the exit status to come.
class Log {
 public:
  explicit Log(Reporter& launch) : launch_(launch) {}

  void info(About about, std::string text) { write(LogLevel::info, std::move(about), std::move(text)); }
  void notice(About about, std::string text) { write(LogLevel::notice, std::move(about), std::move(text)); }
  void warning(About about, std::string text) { write(LogLevel::warning, std::move(about), std::move(text)); }
  void debug(About about, std::string text) { write(LogLevel::debug, std::move(about), std::move(text)); }

  // Something that was given up: one message, one mailbox. Everything else goes on.
  void error(About about, std::string text, ExitStatus status) {
    ++done_.failed;
    complain(LogLevel::error, std::move(about), std::move(text), status);
  }
  // Something that is left as it is, and so is not in sync.
  void caution(About about, std::string text, ExitStatus status) {
    complain(LogLevel::warning, std::move(about), std::move(text), status);
  }
  void worsen(ExitStatus status) {
    if (status == ExitStatus::ok) return;
    flawless_ = false;
    // What needs the user (data, protocol) counts more than what may pass by itself (tryAgain).
    if (status_ == ExitStatus::ok || status_ == ExitStatus::tryAgain) status_ = status;
  }
  ExitStatus status() const { return status_; }
  bool flawless() const { return flawless_; }  // this round, so far

  // What was done since the last time. A watcher's next round starts afresh.
  Synchronised& done() { return done_; }
  Synchronised endRound() {
    lastRound_ = std::exchange(thisRound_, {});
    flawless_ = true;
    return std::exchange(done_, {});
  }

  // launch does not read as fast as lines come: nothing that makes more of them is to be begun.
  bool behind() const { return launch_.queued() > 4096; }

  void progress(const Progress& progress) { launch_.report({progress}); }

 private:
  void complain(LogLevel level, About about, std::string text, ExitStatus status) {
    bool saidBefore = lastRound_.contains({about.component, about.mailbox, text});
    thisRound_.insert({about.component, about.mailbox, text});
    worsen(status);
    if (saidBefore) return;  // a watcher says it once, not every minute
    write(level, std::move(about), std::move(text));
  }
  void write(LogLevel level, About about, std::string text) {
    launch_.log(level, std::move(text), std::move(about.mailbox), about.component, std::move(about.subject));
  }

  Reporter& launch_;
  ExitStatus status_ = ExitStatus::ok;
  bool flawless_ = true;
  Synchronised done_;
  std::set<std::tuple<Component, std::string, std::string>> lastRound_, thisRound_;  // complaints
};

}  // namespace interimap
