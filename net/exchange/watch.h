// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Waiting for news: NOTIFY (RFC 5465), else IDLE (RFC 2177), else by the clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "net/exchange/exchange.h"
#include "transport/log.h"

namespace interimap {

// What a connection knows of news, from one Watch to the next.
struct News {
  using Clock = std::chrono::steady_clock;
  enum class Notify : std::uint8_t { unset, set, overflowed, refused };

  bool any = false;  // came unasked since sync was last told
  Notify notify = Notify::unset;
  Clock::time_point notifySent;  // the last NOTIFY SET
  bool idleRefused = false;
  std::string unselectable;  // the mailbox that an EXAMINE before IDLE was refused for, if this was told
  // Where an EXAMINE before IDLE found the mailbox, so that the next one shows what came in between.
  std::string mailbox;
  std::optional<answer::Selected> examined;

  // Whether a response of that kind says, if nobody asked for it, that a mailbox has changed.
  static bool tells(std::string_view kind);
  // Looks like an answer to LIST, and is none: a partial STATUS, as Dovecot notifies, or a rename.
  bool isNotification(const Untagged& untagged) const;
  // [NOTIFICATIONOVERFLOW]: nothing is notified any more (RFC 5465 section 5.8).
  void overflow(const Log& log);
};

// Its commands come one after the other, until the session puts an end() to it.
class Watch final : public Exchange {
 public:
  // `news` outlives the exchange.
  Watch(request::Watch request, News& news, Log log)
      : request_(std::move(request)), news_(news), log_(std::move(log)) {}

  std::vector<Command> commands(const ExtensionSet&) override { return {}; }
  bool take(Untagged& untagged, Answers& answers) override;
  bool selects() const override { return examine_ != nullptr; }
  Watch* watch() override { return this; }
  bool hasMore() const override { return !over_; }
  // What makes the server tell, or, if it has been silent() for seconds(), asks for a sign of life; nothing
  // else of a server that cannot tell: then it is time to look, which is as good as news. None: there is only
  // to wait.
  std::vector<Command> more(const ExtensionSet& extensions) override;
  void completed(std::size_t index, const StatusResponse& status) override;

  void silent() { silent_ = true; }
  void end() { over_ = true; }
  std::chrono::seconds seconds() const { return std::chrono::seconds(request_.seconds); }

  // IDLE ends with DONE, for which the command waits in the outbox as for a server's "+".
  // The server sent "+". True if it was IDLE's, and DONE is not yet wanted.
  bool continued();
  bool idling() const { return step_ == Step::idling; }
  bool holdsDone() const { return step_ == Step::entering || idling(); }
  // DONE is on its way.
  void leave() { step_ = Step::leaving; }

 private:
  enum class Step : std::uint8_t { resting, notifying, examining, entering, idling, leaving };
  enum class Manner : std::uint8_t { notify, idle, silence };

  Manner manner(const ExtensionSet& extensions) const;
  std::vector<Command> notify();
  std::vector<Command> idle();
  void notified(std::size_t index, const StatusResponse& status);
  void compareExamined(const StatusResponse& status);

  request::Watch request_;
  News& news_;
  Log log_;
  Step step_ = Step::resting;
  bool silent_ = false, over_ = false;
  bool unselectable_ = false;          // the last EXAMINE was refused: IDLE would tell nothing
  std::size_t lastCommand_ = 0;        // index of the one that counts
  std::unique_ptr<Exchange> examine_;  // the EXAMINE before IDLE
};

}  // namespace interimap
