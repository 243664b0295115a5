// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/transactions.h"

#include "delivery/limits.h"

namespace interimap {

using deliver::Outcome;

bool Transactions::mayBegin(bool chunking) const {
  if (begun_ == queue_.size() || begun_ >= limits::kMostInFlight) return false;
  if (!chunking) return true;  // DATA's 354 keeps a second one from going far
  std::uint64_t octets = 0;
  for (std::size_t i = 0; i < begun_; ++i) octets += queue_[i].survey().size;
  return octets < limits::kMostInFlightOctets;
}

void Transactions::report(Transaction& transaction) {
  if (!transaction.settled() || transaction.reported) return;
  transaction.reported = true;
  // What we settled by ourselves tells nothing about the server.
  if (transaction.replies > 0) ++settledBefore_;
  settled_(transaction);
}

// Replies come in the order of the commands: a message goes when all in front of it have gone.
void Transactions::retire(const Transaction* writing) {
  while (begun_ > 0) {
    const Transaction& front = queue_.front();
    if (!front.settled() || front.repliesDue > 0 || writing == &front) return;
    queue_.pop_front();
    --begun_;
  }
}

// A message whose last octet went out may have arrived. The first unfinished message of the others may have
// caused the loss: it is deferred, so that it is not retried first. It has not, if the server had served
// before and said nothing to this one.
void Transactions::abandon(const std::string& reason, const std::function<bool(const Transaction&)>& sent) {
  const std::string why = reason.substr(0, kMostReplyText);
  bool first = true;
  for (std::size_t i = 0; i < begun_; ++i) {
    Transaction& transaction = queue_[i];
    if (transaction.settled()) continue;
    if (sent(transaction) && !closing_)
      transaction.settleAll({Outcome::Kind::unknown, Outcome::Stage::end, 0, {}, why});
    else if (first && (transaction.replies > 0 || settledBefore_ == 0))
      transaction.settleAll(
          closing_.value_or(Outcome{Outcome::Kind::deferred, transaction.stage, 0, {}, why}));
    first = false;
    report(transaction);
  }
}

}  // namespace interimap
