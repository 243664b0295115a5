// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the generator did, message by message: what the servers must hold in the end, whatever order the
// program saw it in.
//
// A message belongs to the side that it was appended to. Only its owner moves it, both expunge it: so the
// owner always knows where it is, and an expunge by the owner is final. The other side may expunge it in a
// mailbox that the owner has just moved it out of; then the copy that was moved lives on, rightly.
//
// A message that is being copied when a server goes away may be on both sides without the program knowing. If
// it is expunged on one side before both are looked at again, the other one is new mail: kept, and copied.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/snapshot.h"

namespace interimap::soak {

enum class Side { local, remote };

using Serial = std::uint64_t;  // of a message, the number at the end of its subject

std::optional<Serial> serialOf(const std::string& subject);

// Mailbox names have "/" for the delimiter.
class Ledger {
 public:
  using Clock = std::chrono::steady_clock;
  // Until then it may take to copy a message, however busy the machine is.
  static constexpr std::chrono::seconds kCopied{20};

  void appended(Serial message, Side side, const std::string& mailbox, Clock::time_point at = Clock::now());
  void moved(Serial message, const std::string& mailbox,
             Clock::time_point at = Clock::now());  // by its owner
  void outage(Clock::time_point at = Clock::now());
  void expunged(Serial message, Side side);
  void renamed(const std::string& mailbox, const std::string& newName);  // and what is below it
  void deleted(const std::string& mailbox);
  void uncertain(Serial message);  // nobody knows whether its last change was carried out

  bool owns(Side side, Serial message) const { return messages_.at(message).owner == side; }
  std::size_t living() const { return living_; }  // expunged by nobody

  // What a side that is in sync holds otherwise than it must, a line each: lost, doubled, in another mailbox,
  // back after an expunge.
  std::vector<std::string> faults(const bed::Snapshot& snapshot) const;

 private:
  struct Message {
    Side owner;
    std::string mailbox;  // as its owner has it
    Clock::time_point placed;
    bool moved = false, expungedByOwner = false, expungedByOther = false, uncertain = false;
    bool halfway = false;  // at an outage

    bool lives() const { return !expungedByOwner && !expungedByOther; }
    bool mustBeThere() const { return lives() && !uncertain; }
    bool mayBeThere() const { return lives() || uncertain || halfway || (moved && !expungedByOwner); }
  };

  std::map<Serial, Message> messages_;
  std::size_t living_ = 0;
};

}  // namespace interimap::soak
