// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Commands on their way to the server: how many at a time, and which of them go once more.
//
// A command that the server refuses because it is asked too much (net/throttling.h) goes once more, after a
// rest, in front of all that was to follow; and so does one that got BAD because the server does not bear
// several at once. Where that was a SELECT, what was sent behind it for its mailbox met another one, or none:
// whatever the server said to that is ignored, and it goes once more, too. Where another mailbox has been
// selected in the meantime, that of the command is selected first. APPEND does not go once more: its octets
// are gone, and it is for sync to send them again.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/silence.h"
#include "net/throttling.h"
#include "net/wire/connection.h"

namespace interimap {

class Flight {
 public:
  using Clock = std::chrono::steady_clock;
  using Then = std::function<void(const StatusResponse&)>;

  // Whose commands they are.
  struct Owner {
    bool deaf = false;  // what the server says now is not for it: it will be asked once more
  };

  // All of them outlive it; `connection` may be under construction. At most `most` commands are unanswered.
  Flight(Connection& connection, Silence& silence, Throttle& throttle, Log log, std::size_t most)
      : connection_(connection), silence_(silence), throttle_(throttle), log_(std::move(log)), most_(most) {}
  Flight(const Flight&) = delete;

  // A command of net's own, which goes at once and once; its tag.
  std::string send(Command command, Then then);
  // One that goes in its turn, which go() decides. `owner` outlives it. `known`: the server has said that it
  // knows such commands.
  void add(Command command, Owner& owner, Then then, bool known);
  // Whether something was answered without being sent.
  bool go();

  bool empty() const { return sent_.empty() && queue_.empty(); }
  std::size_t size() const { return sent_.size() + queue_.size(); }
  // A command is to be answered.
  bool awaits() const { return !sent_.empty(); }
  // Another command would go at once.
  bool isFree() const { return queue_.empty() && sent_.size() < limit(); }
  // One of them is to go once more.
  bool isStalled() const { return stalled_; }
  // The oldest command, "UID FETCH"; empty if there is none.
  std::string_view oldest() const;
  void clear();
  // [UIDVALIDITY]: of the mailbox that is being selected. Throws Failure if it is another one than it was
  // when it was selected for what goes once more now: its UIDs mean other messages.
  void told(std::uint64_t uidValidity);

  // A tagged response: how long the command took, or nothing if there is none of that tag. `cut`: the rest of
  // its line is not to be sent, however it was answered.
  std::optional<Clock::duration> completed(std::string_view tag, const StatusResponse& status, bool cut);

 private:
  struct Mailbox {
    Command select;
    std::optional<std::uint64_t> uidValidity{};
    // It cannot be selected: what is asked about it comes to nothing.
    std::optional<StatusResponse> refusal{};
  };
  struct One {
    std::string name, tag{};
    std::optional<Command> command{};  // until it is sent, or answered if it can be sent again
    Then then{};
    Owner* owner = nullptr;              // none: it is net's own
    std::shared_ptr<Mailbox> mailbox{};  // that it selects, or is about
    std::uint64_t order = 0;
    bool probe = false;      // see probe()
    bool again = false;      // it can be sent again
    bool trusted = false;    // a BAD is not about the command itself; once
    bool tried = false;      // by itself, after a BAD
    bool behind = false;     // others were unanswered when it was sent
    bool overtaken = false;  // since it was refused, one behind it was done
    unsigned refusals = 0, overtakings = 0;
    StatusResponse refusal{};
    Clock::time_point at{};
  };
  enum class Verdict : std::uint8_t { answer, notNow, again };

  static bool isRefused(const One& one) { return one.refusals > 0; }
  static bool isRefusedMailbox(const One& one);
  std::size_t limit() const { return alone_ || trying_ > 0 ? 1 : most_; }
  Verdict judge(One& one, const StatusResponse& status);
  Verdict refused(One& one, const StatusResponse& status, const Throttled& said);
  bool mayGoAgain(const One& one) const;
  bool mayHaveBeenTooMany(const One& one, const StatusResponse& status) const;
  void tried(const One& one, const StatusResponse& status);
  void overtake(const One& by);
  void setAside(One one);
  void probe();
  bool reselects(const One& one);
  void put(One one);

  Connection& connection_;
  Silence& silence_;
  Throttle& throttle_;
  Log log_;
  std::size_t most_;
  std::deque<One> sent_, queue_;  // not answered; not sent, in order
  std::uint64_t orders_ = 0;
  bool stalled_ = false;
  bool alone_ = false;                         // the server does not bear several at once
  std::shared_ptr<Mailbox> named_, selected_;  // by the last SELECT that came, and that was sent
  bool reselecting_ = false;
  unsigned trials_ = 0;     // of whether it does
  std::size_t trying_ = 0;  // commands that go by themselves for it
};

}  // namespace interimap
