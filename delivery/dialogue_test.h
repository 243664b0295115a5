// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For tests: a dialogue in memory, and what it says and hears most.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "delivery/dialogue.h"
#include "ipc/failure.h"

namespace interimap::test {

enum class Protocol : bool { smtp, lmtp };

inline settings::Delivery settingsFor(Protocol protocol) {
  settings::Delivery settings;
  settings.lmtp = protocol == Protocol::lmtp;
  settings.host = "mx.example";
  settings.port = "25";
  settings.ehlo = "me.example";
  return settings;
}

// A dialogue, with the test as its server.
class DialogueBed {
 public:
  explicit DialogueBed(Protocol protocol = Protocol::smtp) : DialogueBed(settingsFor(protocol)) {}
  explicit DialogueBed(settings::Delivery wanted)
      : settings(std::move(wanted)),
        dialogue(
            settings, [this](LogLevel, const std::string& line) { log += line + "\n"; },
            [this](Transaction& transaction) {
              CHECK(settled.emplace(transaction.message(), transaction.outcomes()).second);
            }) {}

  // One message, or several in one window.
  void submit(const std::vector<std::string>& bodies,
              const std::vector<std::string>& recipients = {"bob@example"},
              const std::string& sender = "alice@example") {
    std::vector<ForwardPath> paths;
    for (const auto& recipient : recipients) paths.push_back(*ForwardPath::parse(recipient));
    BodyWriter writer;
    std::vector<BodyRange> ranges;
    for (const std::string& body : bodies) {
      ranges.push_back({writer.size(), body.size()});
      writer.write(body);
    }
    auto window = std::make_shared<DeliveryWindow>(
        DeliveryWindow{1, paths, Bodies(writer.seal(), ranges), bodies.size()});
    for (BodyRange range : ranges) dialogue.submit({window, next_++, *ReversePath::parse(sender), range});
  }
  // What we say after the server said this.
  std::string hear(const std::string& octets) {
    dialogue.receive(octets);
    return speak();
  }
  // ... and did not go on before we had answered.
  std::string hearLines(std::string_view octets) {
    std::string all;
    for (std::size_t end; !octets.empty(); octets.remove_prefix(end)) {
      end = std::min(octets.find('\n'), octets.size() - 1) + 1;
      all += hear(std::string(octets.substr(0, end)));
    }
    return all;
  }
  std::string speak() {
    std::string all;
    for (std::string_view out; !(out = dialogue.output()).empty(); dialogue.written(out.size())) all += out;
    return all;
  }
  void greet(const std::string& keywords = "") {
    CHECK(speak() == "");
    CHECK(hear("220 hello\r\n").find("HLO me.example\r\n") == 1);
    std::string reply = "250-mx\r\n";
    for (std::size_t at = 0; at < keywords.size();) {
      std::size_t end = std::min(keywords.find(',', at), keywords.size());
      reply += "250-" + keywords.substr(at, end - at) + "\r\n";
      at = end + 1;
    }
    dialogue.receive(reply + "250 HELP\r\n");
  }
  // "delivered 250", one for each recipient; "open" if it is not settled.
  std::string outcome(std::uint32_t message) const {
    auto found = settled.find(message);
    if (found == settled.end()) return "open";
    std::string out;
    for (const deliver::Outcome& one : found->second) {
      constexpr const char* kKinds[] = {"delivered", "deferred", "refused", "unknown"};
      constexpr const char* kStages[] = {"connection", "mail", "rcpt", "data", "end"};
      out += (out.empty() ? "" : ", ") + std::string(kKinds[static_cast<int>(one.kind)]) + " " +
             kStages[static_cast<int>(one.stage)] + " " + std::to_string(one.code);
    }
    return out;
  }

  std::map<std::uint32_t, std::vector<deliver::Outcome>> settled;
  std::string log;  // a line each
  settings::Delivery settings;
  Dialogue dialogue;

 private:
  std::uint32_t next_ = 0;
};

inline const std::string kMail = "MAIL FROM:<alice@example>\r\n", kRcpt = "RCPT TO:<bob@example>\r\n",
                         kData = "DATA\r\n";
inline const std::string kOk = "250 ok\r\n";

}  // namespace interimap::test
