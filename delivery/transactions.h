// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The messages that wait for their turn, and those under way, in the order in which they were asked for.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "delivery/transaction.h"

namespace interimap {

class Transactions {
 public:
  using Settled = std::function<void(Transaction&)>;  // called once for each; must not call back

  explicit Transactions(Settled settled) : settled_(std::move(settled)) {}

  void submit(Transaction transaction) { queue_.push_back(std::move(transaction)); }
  std::size_t size() const { return queue_.size(); }
  std::size_t begun() const { return begun_; }
  bool mayBegin(bool chunking) const;
  Transaction& begin() { return queue_[begun_++]; }  // stays where it is

  void report(Transaction& transaction);    // if it is settled
  void retire(const Transaction* writing);  // those that are over; not the one that is being written
  void closing(const deliver::Outcome& by) { closing_ = by; }  // the server has said 421
  // The connection is of no more use. `sent`: whether the last octet of a message went out.
  void abandon(const std::string& reason, const std::function<bool(const Transaction&)>& sent);

 private:
  Settled settled_;
  std::deque<Transaction> queue_;
  std::size_t begun_ = 0;          // of them, from the front
  std::size_t settledBefore_ = 0;  // by this server, on this connection
  std::optional<deliver::Outcome> closing_;
};

}  // namespace interimap
