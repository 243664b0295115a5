// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Shares out what is to be copied in one direction among the pairs of connections there are: whole mailboxes,
// the largest first, to whoever has nothing left to ask for. A mailbox is in one lane at a time. What a lane
// leaves that lost a connection goes to the others.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sync/copying/lane.h"
#include "sync/copying/room.h"
#include "sync/peers/connections.h"

namespace interimap {

class Lanes {
 public:
  Lanes(Side source, Connections& connections, store::Store& store, Log& log, Allowance& allowance,
        Origins& origins)
      : source_(source),
        connections_(connections),
        store_(store),
        log_(log),
        allowance_(allowance),
        origins_(origins) {}
  Lanes(const Lanes&) = delete;

  // `names`: what the source calls the messages of this mailbox that were listed.
  void add(Lane::Load load, const std::vector<store::Named>& names = {});
  // Does what can be done without waiting; whether anything was.
  bool advance();
  bool finished() const;
  // Of all lanes: see Lane.
  std::size_t unanswered() const;
  void settleAnswered();
  const Tally& tally() const { return tally_; }
  // Where the target says that the copies for this mailbox are.
  Copies takeCopies(const Mailbox& mailbox) {
    Copies copies = std::move(tally_.copies[&mailbox]);
    copies.sort();
    return copies;
  }

 private:
  struct Waiting {
    Lane::Load load;
    std::uint64_t octets;
  };

  void await(Lane::Load load);
  bool open();
  bool feed(Lane& lane);
  std::vector<Waiting>::iterator portion();

  Side source_;
  Connections& connections_;
  store::Store& store_;
  Log& log_;
  Allowance& allowance_;
  Origins& origins_;
  Room room_;
  Tally tally_;
  std::vector<Waiting> waiting_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // by pair; null: none there, or nothing for it to do
};

}  // namespace interimap
