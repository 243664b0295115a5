// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/transactions.h"

#include <doctest/doctest.h>

#include <vector>

#include "delivery/limits.h"

using namespace interimap;
using deliver::Outcome;
using Kind = Outcome::Kind;

namespace {

// Messages of one recipient each, and what became of them.
struct Queue {
  explicit Queue(std::size_t messages, std::uint64_t octets = 5) {
    BodyWriter writer;
    std::vector<BodyRange> ranges;
    for (std::size_t i = 0; i < messages; ++i) {
      ranges.push_back({writer.size(), octets});
      writer.write(std::string(octets, 'x'));
    }
    auto window = std::make_shared<DeliveryWindow>(
        DeliveryWindow{1, {*ForwardPath::parse("bob@example")}, Bodies(writer.seal(), ranges), messages});
    for (std::uint32_t i = 0; i < messages; ++i)
      transactions.submit({window, i, *ReversePath::parse("alice@example"), ranges[i]});
  }
  Transaction& begin() {
    Transaction& transaction = transactions.begin();
    transaction.takeSurvey({});
    return transaction;
  }
  void settle(Transaction& transaction) {
    transaction.replies = 1;
    transaction.settleAll({Kind::delivered, Outcome::Stage::end, 250, {}, ""});
    transactions.report(transaction);
    transactions.report(transaction);  // is told once
  }
  std::vector<std::pair<std::uint32_t, Kind>> settled;
  Transactions transactions{[this](Transaction& transaction) {
    settled.emplace_back(transaction.message(), transaction.outcomes().front().kind);
  }};
};

constexpr auto kNoneSent = [](const Transaction&) { return false; };
constexpr auto kAllSent = [](const Transaction&) { return true; };

}  // namespace

TEST_CASE("transactions: a message stays until it is settled, answered and written") {
  Queue queue(2);
  Transaction& first = queue.begin();
  Transaction& second = queue.begin();
  first.repliesDue = 1;
  queue.settle(second);
  queue.settle(first);
  queue.transactions.retire(nullptr);
  CHECK(queue.transactions.begun() == 2);
  first.repliesDue = 0;
  queue.transactions.retire(&first);
  CHECK(queue.transactions.begun() == 2);
  queue.transactions.retire(nullptr);
  CHECK(queue.transactions.size() == 0);
  CHECK(queue.settled ==
        std::vector<std::pair<std::uint32_t, Kind>>{{1, Kind::delivered}, {0, Kind::delivered}});
}

TEST_CASE("transactions: so many are begun, and with CHUNKING so many octets") {
  const struct {
    std::uint64_t octets;
    bool chunking;
    std::size_t begun;
  } table[] = {{5, false, limits::kMostInFlight},
               {limits::kMostInFlightOctets, false, limits::kMostInFlight},
               {limits::kMostInFlightOctets, true, 1},
               {limits::kMostInFlightOctets - 10, true, 2},
               {5, true, limits::kMostInFlight}};
  for (const auto& row : table) {
    CAPTURE(row.octets);
    CAPTURE(row.chunking);
    Queue queue(limits::kMostInFlight + 1, row.octets);
    while (queue.transactions.mayBegin(row.chunking)) queue.begin();
    CHECK(queue.transactions.begun() == row.begun);
  }
}

TEST_CASE("transactions: what a lost connection means for each message") {
  std::vector<std::pair<std::uint32_t, Kind>> expected;
  Queue queue(4);
  SUBCASE("what may have arrived is unknown") {
    queue.begin();
    queue.begin();
    queue.transactions.abandon("gone", kAllSent);
    expected = {{0, Kind::unknown}, {1, Kind::unknown}};
  }
  SUBCASE("the first unfinished message may have caused it") {
    queue.begin();
    queue.begin();
    queue.transactions.abandon("gone", kNoneSent);
    expected = {{0, Kind::deferred}};
  }
  SUBCASE("unless the server had served before, and said nothing to it") {
    queue.settle(queue.begin());
    queue.begin();
    queue.transactions.abandon("gone", kNoneSent);
    expected = {{0, Kind::delivered}};
  }
  SUBCASE("after a 421 nothing is unknown") {
    queue.begin();
    queue.begin();
    queue.transactions.closing({Kind::deferred, Outcome::Stage::mail, 421, {}, "bye"});
    queue.transactions.abandon("gone", kAllSent);
    expected = {{0, Kind::deferred}};
  }
  SUBCASE("nothing was under way") { queue.transactions.abandon("gone", kAllSent); }
  CHECK(queue.settled == expected);
}
