// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A whole session with a server that says whatever it likes. Nothing is settled twice, nothing is lost
// between the queue and the outcome, and no server can make us say half a line.
#include <map>
#include <memory>

#include "delivery/dialogue.h"
#include "ipc/failure.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

namespace {

constexpr unsigned kMessages = 3;
constexpr std::string_view kBody = "Subject: x\r\n\r\n.dot\nbare\rand\0caf\xc3\xa9";

std::shared_ptr<DeliveryWindow> window() {
  static const std::vector<ForwardPath> kRecipients = {*ForwardPath::parse("bob"),
                                                       *ForwardPath::parse("carol@example.net")};
  BodyWriter writer;
  writer.write(kBody);
  BodyRange range{0, kBody.size()};
  return std::make_shared<DeliveryWindow>(
      DeliveryWindow{1, kRecipients, Bodies(writer.seal(), std::span(&range, 1)), kMessages});
}

settings::Delivery settingsFor(std::string_view options) {
  settings::Delivery settings;
  settings.host = "mx.example";
  settings.port = "25";
  settings.ehlo = "me.example";
  settings.lmtp = options.find('l') != options.npos;
  settings.debug = options.find('d') != options.npos ? 1 : 0;
  if (options.find('t') != options.npos) settings.security = settings::Delivery::Security::required;
  if (options.find('o') != options.npos) settings.security = settings::Delivery::Security::startTls;
  if (options.find('a') != options.npos) {
    settings.security = settings::Delivery::Security::implicit;
    settings.username = "user";
    settings.password = Secret("sekrit");
  }
  return settings;
}

class Client {
 public:
  explicit Client(std::string_view options) : settings_(settingsFor(options)) {
    auto shared = window();
    for (std::uint32_t i = 0; i < kMessages; ++i)
      dialogue_.submit({shared, i, i == 0 ? ReversePath() : *ReversePath::parse("alice@example.net"),
                        BodyRange{0, kBody.size()}});
    if (options.find('q') != options.npos) dialogue_.quit();
  }

  void hear(std::string_view octets) {
    try {
      for (std::string_view line; !octets.empty(); octets.remove_prefix(line.size())) {
        line = fuzz::lineOf(octets);
        speak();
        if (!dialogue_.over()) dialogue_.receive(line);
        if (dialogue_.handshakeDue()) dialogue_.secured();
      }
      speak();
      if (!dialogue_.over()) dialogue_.end();
    } catch (const Failure& failure) {
      dialogue_.abandon(failure.what());
      checkAll();
      return;
    }
    if (dialogue_.over()) checkAll();
  }

 private:
  void speak() {
    dialogue_.patience();
    for (std::string_view out; !(out = dialogue_.output()).empty(); dialogue_.written(out.size())) check(out);
  }
  // Everything we write is whole lines at the end, and no CR, LF or NUL stands alone.
  void check(std::string_view out) {
    for (char c : out) {
      require(c != '\0', "no NUL is said");
      require((c == '\n') == (last_ == '\r'), "CR and LF are said together");
      last_ = c;
    }
  }
  void settled(Transaction& transaction) {
    require(settled_.emplace(transaction.message(), true).second, "a message is settled once");
    for (const deliver::Outcome& outcome : transaction.outcomes()) {
      require(outcome.text.size() <= kMostReplyText, "the text fits in an answer");
      require(outcome.kind != deliver::Outcome::Kind::delivered || outcome.code / 100 == 2,
              "delivered is what the server took over");
      require(outcome.kind != deliver::Outcome::Kind::refused || outcome.code / 100 == 5 || outcome.code == 0,
              "refused is what the server refused for good");
    }
  }
  void checkAll() {
    require(settled_.size() + dialogue_.waiting() >= kMessages, "a message is settled, or came to nothing");
  }

  settings::Delivery settings_;
  std::map<std::uint32_t, bool> settled_;
  char last_ = 0;
  Dialogue dialogue_{settings_, [](LogLevel, const std::string&) {},
                     [this](Transaction& transaction) { settled(transaction); }};
};

}  // namespace

// The first line: "l" for LMTP, "t", "o" or "a" for TLS, optional TLS, AUTH, "d" for a log, "q" to QUIT.
FUZZ(smtp_dialogue) {
  std::string_view options = fuzz::takeLine(octets);
  Client(options).hear(octets);
}
