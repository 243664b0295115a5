// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Asks for the bodies of messages that are to be delivered, window by window.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sync/pull/pull_context.h"

namespace interimap {

class PullFetch {
 public:
  // Messages with their bodies.
  struct Window {
    std::vector<answer::WindowMessage> messages;
    Descriptor bodies;
    std::uint64_t size = 0;  // octets
  };
  struct Fetched {
    std::vector<Window> windows;
    std::vector<Uid> tooLarge;
    std::string error;       // the server's words, if it had any
    std::uint64_t size = 0;  // octets that were reckoned with
  };

  PullFetch(PullContext& pulling, const WireName& mailbox) : pulling_(pulling), mailbox_(mailbox) {}

  // `size` as far as it is known.
  void add(Uid uid, std::uint32_t size) { tasks_.push_back({uid, size, false}); }
  // One at which the server hung up: it comes when there are no others, and in a window of its own.
  void addLast(Uid uid) { last_.push_back({uid, 0, true}); }

  // Asks for the next window, unless it has more octets than there is room for. Octets of it; 0: none was.
  std::uint64_t ask(std::uint64_t room, bool mayBeLarger);
  bool ready() const { return !fetching_.empty() && fetching_.front().reply.ready(); }
  Fetched take();  // of what is ready

  bool wants() const { return !tasks_.empty() || !last_.empty(); }
  bool nextIsLast() const { return tasks_.empty() && !last_.empty(); }
  std::size_t outstanding() const { return fetching_.size(); }
  bool done() const { return !wants() && fetching_.empty(); }
  void stop();  // asks for no more

  const UidSet& missing() const { return missing_; }  // listed, and not sent when asked for alone

 private:
  // Twelve bytes: there may be a million.
  struct Task {
    Uid uid;
    std::uint32_t size;
    bool alone;  // in a window of its own
  };
  struct Fetching {
    UidSet uids;
    std::uint64_t size;
    bool alone;
    Reply<FetchedBodies> reply;
  };

  PullContext& pulling_;
  const WireName& mailbox_;
  std::deque<Task> tasks_, last_;
  std::deque<Fetching> fetching_;
  UidSet missing_;
};

}  // namespace interimap
