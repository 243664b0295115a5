// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The progress line: how far the copying is, on the last line of a terminal.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "ipc/launch.h"

namespace interimap {

// How much is copied in a second, of late.
class CopyRate {
 public:
  using Clock = std::chrono::steady_clock;
  void note(const Progress& progress, Clock::time_point now);
  // Octets; nothing before there is something to go by.
  std::optional<double> octets() const;

 private:
  static constexpr std::chrono::seconds kBetween{1}, kSpan{15};
  struct Sample {
    Clock::time_point at;
    std::uint64_t octets;
  };
  std::deque<Sample> samples_;  // one a second of the last kSpan, and the last
};

// "120 of 1000 messages, 3.41M of about 28.0M (12%), 1.20M/s, 21 s left"; without what is not known.
std::string progressText(const Progress& progress, const CopyRate& rate);

// How far each mailbox is: --progress=mailboxes.
class MailboxProgress {
 public:
  using Clock = std::chrono::steady_clock;
  // What is left to be said of a mailbox once it is done: "Done: 1,000 messages (28 MB) in 12 s".
  std::optional<std::string> note(const Progress& progress, Clock::time_point now);
  // Of the one that was told of last, among all: "5% of all; remote(INBOX): 120 of 1000 messages, …"; nothing
  // if none is under way.
  std::optional<std::string> text(const Progress& all) const;

 private:
  struct Mailbox {
    Clock::time_point begun;
    Progress progress;
    CopyRate rate;
  };
  using Name = std::pair<Component, std::string>;
  std::map<Name, Mailbox> underWay_;
  Name last_;
};

class ProgressLine {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kBetween{100};

  // Shown on this terminal; -1: nowhere, all calls do nothing.
  explicit ProgressLine(int terminal) : terminal_(terminal) {}
  // That of another process, which draws it: it is made way for.
  static ProgressLine ofAnother(int terminal) { return ProgressLine(terminal, true); }
  ~ProgressLine() { erase(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Draws, or keeps for later what comes less than kBetween after the last drawing.
  void show(std::string text, Clock::time_point now);
  bool shown() const { return terminal_ >= 0; }
  // When something kept is to be drawn, by calling draw().
  std::optional<Clock::time_point> due() const;
  void draw(Clock::time_point now);
  void erase();
  // What a writer to the same terminal has to put before its own line: what erases this one, or nothing. The
  // line is drawn again at the next update.
  std::string_view makeWay();

 private:
  ProgressLine(int terminal, bool ofAnother)
      : terminal_(terminal), ofAnother_(ofAnother), visible_(ofAnother && terminal >= 0) {}

  int terminal_;
  bool ofAnother_ = false, visible_ = false;
  std::optional<std::string> kept_;
  Clock::time_point drawn_{};
};

}  // namespace interimap
