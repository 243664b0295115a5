// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The dialogue against a server that accepts, refuses and hangs up as the dice fall, while octets arrive cut
// anywhere. What the server has taken over must be delivered or unknown, and what it has not taken over never
// delivered.
#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "delivery/dialogue.h"
#include "ipc/failure.h"

using namespace interimap;
using deliver::Outcome;

namespace {

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  std::size_t upTo(std::size_t most) { return random_() % (most + 1); }
  bool oneIn(std::size_t n) { return random_() % n == 0; }

 private:
  std::mt19937 random_;
};

// Does what RFC 5321, 2033, 2920 and 3030 say, strictly: a MAIL in an open transaction is an error, and BDAT
// that fails leaves it open.
class Server {
 public:
  Server(Dice& dice, bool lmtp) : lmtp(lmtp), dice_(dice) {
    pipelining = dice.oneIn(2);
    chunking = dice.oneIn(2);
    say("220 hello");
  }

  void hear(std::string_view octets) {
    in_ += octets;
    while (!gone && step()) {
    }
    if (!pipelining && commands_ > 1) misbehaved = "pipelining";
    if (octets.size() > 0) commands_ = 0;
  }

  const bool lmtp;
  bool pipelining = false, chunking = false, gone = false;
  std::string out;         // replies
  std::string misbehaved;  // what the client did that it must not
  // What was taken over: subject, recipient, how often.
  std::map<std::pair<std::string, std::string>, int> taken;

 private:
  void say(const std::string& line) { out += line + "\r\n"; }
  // True if it has refused, or hung up.
  bool refuses() {
    if (dice_.oneIn(200)) {
      if (dice_.oneIn(2)) say("421 4.3.2 bye");
      return gone = true;
    }
    if (dice_.oneIn(10)) return say("450 4.2.0 later"), true;
    if (dice_.oneIn(10)) return say("550 5.7.1 no"), true;
    return false;
  }

  bool step() {
    if (data_) return takeData();
    if (chunk_ > 0) return takeChunk();
    std::size_t end = in_.find("\r\n");
    if (end == std::string::npos) return false;
    std::string line = in_.substr(0, end);
    in_.erase(0, end + 2);
    ++commands_;
    command(line);
    return true;
  }

  void command(const std::string& line) {
    if (line.starts_with(lmtp ? "LHLO " : "EHLO "))
      return say(std::string("250-mx") + (pipelining ? "\r\n250-PIPELINING" : "") +
                 (chunking ? "\r\n250-CHUNKING" : "") + "\r\n250 HELP");
    if (line == "QUIT") {
      gone = true;
      return say("221 bye");
    }
    if (line == "RSET") {
      open_ = false;
      return say("250 ok");
    }
    if (line.starts_with("MAIL FROM:<")) return mail();
    if (line.starts_with("RCPT TO:<")) return rcpt(line.substr(9, line.size() - 10));
    if (line == "DATA") return data();
    if (line.starts_with("BDAT ")) return bdat(line);
    misbehaved = line;
  }
  void mail() {
    if (open_) misbehaved = "nested MAIL";
    if (refuses()) return;
    open_ = true;
    recipients_.clear();
    say("250 ok");
  }
  void rcpt(const std::string& recipient) {
    if (!open_) return say("503 no MAIL");
    if (refuses()) return;
    recipients_.push_back(recipient);
    say("250 ok");
  }
  void data() {
    bool nobody = !open_ || recipients_.empty();
    if (nobody && (lmtp || dice_.oneIn(2))) return say("503 nobody");
    if (!nobody && refuses()) return;
    data_ = true;
    say("354 go");
  }
  void bdat(const std::string& line) {
    std::from_chars(line.data() + 5, line.data() + line.size(), chunk_);
    if (!line.ends_with(" LAST") || chunk_ == 0) misbehaved = line;
  }

  bool takeData() {
    std::size_t end = in_.starts_with(".\r\n") ? 0 : in_.find("\r\n.\r\n");
    if (end == std::string::npos) return false;
    std::string message = in_.substr(0, end);
    in_.erase(0, end + (end == 0 && in_.starts_with(".") ? 3 : 5));
    data_ = open_ = false;
    take(message);
    return true;
  }
  bool takeChunk() {
    if (in_.size() < chunk_) return false;
    std::string message = in_.substr(0, chunk_ - 2);
    in_.erase(0, chunk_);
    chunk_ = 0;
    if (!open_ || recipients_.empty()) return say("503 nobody"), true;
    std::size_t before = taken.size();
    take(message);
    if (taken.size() > before) open_ = false;
    return true;
  }
  void take(const std::string& message) {
    if (recipients_.empty()) return say("554 nobody");
    for (std::size_t i = 0; i < (lmtp ? recipients_.size() : 1); ++i) {
      if (gone || refuses()) continue;
      if (lmtp) ++taken[{message, recipients_[i]}];
      for (std::size_t j = 0; !lmtp && j < recipients_.size(); ++j) ++taken[{message, recipients_[j]}];
      if (dice_.oneIn(100)) gone = true;  // taken over, and no reply
      if (!gone) say("250 taken");
    }
  }

  Dice& dice_;
  std::string in_;
  std::size_t commands_ = 0;  // read at once
  bool open_ = false, data_ = false;
  std::size_t chunk_ = 0;
  std::vector<std::string> recipients_;
};

constexpr std::size_t kMessages = 60;

std::string subject(std::size_t message) { return "message " + std::to_string(message); }

void submitAll(Dialogue& dialogue, const std::vector<std::string>& recipients) {
  std::vector<ForwardPath> paths;
  for (const auto& recipient : recipients) paths.push_back(*ForwardPath::parse(recipient));
  BodyWriter writer;
  std::vector<BodyRange> ranges;
  for (std::size_t i = 0; i < kMessages; ++i) {
    ranges.push_back({writer.size(), subject(i).size()});
    writer.write(subject(i));
  }
  auto window =
      std::make_shared<DeliveryWindow>(DeliveryWindow{1, paths, Bodies(writer.seal(), ranges), kMessages});
  for (std::uint32_t i = 0; i < kMessages; ++i) dialogue.submit({window, i, ReversePath(), ranges[i]});
}

// Octets both ways, in pieces of any size, until the connection is gone or all is done.
void converse(Dialogue& dialogue, Server& server, Dice& dice) {
  try {
    while (!dialogue.over()) {
      std::string_view said = dialogue.output();
      std::string piece(said.substr(0, server.pipelining ? 1 + dice.upTo(300) : said.size()));
      if (!piece.empty()) dialogue.written(piece.size());
      server.hear(piece);
      if (server.out.empty()) {
        if (server.gone) dialogue.end();
        if (piece.empty() && !server.gone) FAIL("both wait");
        continue;
      }
      std::string reply = server.out.substr(0, 1 + dice.upTo(100));
      server.out.erase(0, reply.size());
      dialogue.receive(reply);
    }
  } catch (const Failure& failure) {
    CHECK(server.gone);
    dialogue.abandon(failure.what());
  }
}

}  // namespace

TEST_CASE("whatever the server does, each message is accounted for") {
  for (std::uint32_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    Server server(dice, dice.oneIn(3));
    std::vector<std::string> recipients = {"a"};
    if (dice.oneIn(2)) recipients = {"a", "b", "c"};
    std::map<std::uint32_t, std::vector<Outcome>> settled;
    settings::Delivery settings;
    settings.lmtp = server.lmtp;
    settings.ehlo = "me.example";
    Dialogue dialogue(settings, {}, [&](Transaction& transaction) {
      REQUIRE(settled.emplace(transaction.message(), transaction.outcomes()).second);
    });
    submitAll(dialogue, recipients);
    dialogue.quit();
    converse(dialogue, server, dice);
    REQUIRE(server.misbehaved == "");
    if (dialogue.over()) REQUIRE(settled.size() == kMessages);

    std::size_t deferredByLoss = 0;
    for (std::uint32_t message = 0; message < kMessages; ++message) {
      for (std::size_t i = 0; i < recipients.size(); ++i) {
        auto found = server.taken.find({subject(message), recipients[i]});
        int taken = found == server.taken.end() ? 0 : found->second;
        REQUIRE(taken <= 1);
        if (!settled.contains(message)) {
          REQUIRE(taken == 0);
          continue;
        }
        const Outcome& outcome = settled[message][i];
        CAPTURE(outcome.text);
        if (outcome.kind == Outcome::Kind::delivered) REQUIRE(taken == 1);
        if (outcome.kind == Outcome::Kind::deferred || outcome.kind == Outcome::Kind::refused)
          REQUIRE(taken == 0);
        if (outcome.kind == Outcome::Kind::deferred && outcome.code == 0) deferredByLoss += i == 0;
        REQUIRE(outcome.code != 503);
      }
    }
    REQUIRE(deferredByLoss <= 1);
  }
}
