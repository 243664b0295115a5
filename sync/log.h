// What sync tells the user: always which side, and which mailbox as that server spells it.
#pragma once

#include <string>
#include <utility>

#include "ipc/failure.h"
#include "ipc/mailbox_name.h"
#include "ipc/reporter.h"

namespace interimap {

// What a line speaks of: a mailbox on one server, one server, the database, or the run as a whole.
struct About {
  std::string component;
  std::string mailbox;

  static About server(Side side) { return {side == Side::local ? "local" : "remote", {}}; }
  static About at(Side side, const WireName& mailbox) {
    return {side == Side::local ? "local" : "remote", mailbox.bytes};
  }
  static About database() { return {"database", {}}; }
  static About run() { return {}; }
};

// A failure of one server as a whole, which ends the run.
struct ServerFailure : Failure {
  ServerFailure(Side of, ExitStatus exit, const std::string& text) : Failure(exit, text), side(of) {}
  Side side;
};

// Also keeps the worst that happened short of ending the run: the exit status to come.
class Log {
 public:
  explicit Log(Reporter& launch) : launch_(launch) {}

  void info(About about, std::string text) { write(LogLevel::info, std::move(about), std::move(text)); }
  void notice(About about, std::string text) { write(LogLevel::notice, std::move(about), std::move(text)); }
  void warning(About about, std::string text) { write(LogLevel::warning, std::move(about), std::move(text)); }
  void debug(About about, std::string text) { write(LogLevel::debug, std::move(about), std::move(text)); }

  // Something that was given up: one message, one mailbox. Everything else goes on.
  void error(About about, std::string text, ExitStatus status) {
    write(LogLevel::error, std::move(about), std::move(text));
    worsen(status);
  }
  void worsen(ExitStatus status) {
    // What needs the user (data, protocol) counts more than what may pass by itself (tryAgain).
    if (status_ == ExitStatus::ok || status_ == ExitStatus::tryAgain) status_ = status;
  }
  ExitStatus status() const { return status_; }

  void progress(const Progress& progress) { launch_.report({progress}); }

 private:
  void write(LogLevel level, About about, std::string text) {
    launch_.log(level, std::move(text), std::move(about.mailbox), std::move(about.component));
  }

  Reporter& launch_;
  ExitStatus status_ = ExitStatus::ok;
};

}  // namespace interimap
