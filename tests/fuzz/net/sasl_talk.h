// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A mechanism, and a server that says what it likes: a line of octets for each challenge, the first of which
// says in front of them how they come.
#pragma once

#include <charconv>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ipc/failure.h"
#include "tests/fuzz/target.h"
#include "transport/sasl.h"
#include "transport/scram.h"

namespace interimap::fuzz {

inline sasl::Credentials saslCredentials() {
  return {.username = "user",
          .password = "pencil",
          .authzid = "other,=",
          .bindings = {{"tls-exporter", "12345"}},
          .host = "imap.example.test",
          .port = "993",
          .certificate = true};
}

// SCRAM's iterations are all that takes time, and under sanitizers more of it than a fuzzer has.
inline bool takesLong(std::string_view challenge) {
  auto at = challenge.find("i=");
  if (at == std::string_view::npos) return false;
  std::string_view count = challenge.substr(at + 2);
  std::uint32_t iterations = 0;
  std::from_chars(count.data(), count.data() + count.size(), iterations);
  return iterations > 5000 && iterations <= sasl::kMostIterations;
}

// "!" first: what follows is no base64 of ours, but the lines themselves. "+": the mechanism is asked for
// what it says first.
inline void talk(std::unique_ptr<sasl::Mechanism> mechanism, std::string_view octets) {
  if (mechanism == nullptr) return;
  sasl::Conversation conversation(std::move(mechanism));
  std::string_view first = lineOf(octets);
  const bool raw = first.starts_with('!'), held = first.starts_with('+');
  if (raw || held) octets.remove_prefix(1);
  try {
    if (held)
      conversation.hold();
    else if (const auto& initial = conversation.initial())
      require(sasl::unbase64(initial->reveal()).has_value(), "what is said first is base64");
    for (int turns = 0; turns < 16 && !octets.empty(); ++turns) {
      std::string_view line = takeLine(octets);
      if (takesLong(raw ? sasl::unbase64(line).value_or("") : std::string(line))) break;
      auto said = raw ? conversation.respond(line) : conversation.respond(sasl::base64(line).reveal());
      if (!said) break;
      require(sasl::unbase64(said->reveal()).has_value(), "a response is base64");
      require(conversation.reason().size() <= sasl::kLongestChallenge,
              "a reason is no longer than a challenge");
    }
    conversation.requireProof();
  } catch (const Failure&) {
  }
}

}  // namespace interimap::fuzz
