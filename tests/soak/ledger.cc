// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/soak/ledger.h"

#include <charconv>

namespace interimap::soak {

std::optional<Serial> serialOf(const std::string& subject) {
  std::string text = subject.substr(subject.rfind(' ') + 1);
  while (!text.empty() && text.back() == '\r') text.pop_back();
  Serial serial = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), serial);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return serial;
}

void Ledger::appended(Serial message, Side side, const std::string& mailbox, Clock::time_point at) {
  messages_.emplace(message, Message{.owner = side, .mailbox = mailbox, .placed = at});
  ++living_;
}

void Ledger::moved(Serial message, const std::string& mailbox, Clock::time_point at) {
  Message& entry = messages_.at(message);
  entry.mailbox = mailbox;
  entry.placed = at;
  entry.moved = true;
}

void Ledger::outage(Clock::time_point at) {
  for (auto& [serial, entry] : messages_)
    if (at - entry.placed < kCopied) entry.halfway = true;
}

void Ledger::expunged(Serial message, Side side) {
  Message& entry = messages_.at(message);
  if (entry.lives()) --living_;
  (entry.owner == side ? entry.expungedByOwner : entry.expungedByOther) = true;
}

void Ledger::renamed(const std::string& mailbox, const std::string& newName) {
  for (auto& [serial, entry] : messages_) {
    if (entry.mailbox == mailbox || entry.mailbox.starts_with(mailbox + "/")) {
      entry.mailbox.replace(0, mailbox.size(), newName);
    }
  }
}

void Ledger::deleted(const std::string& mailbox) {
  for (auto& [serial, entry] : messages_) {
    if (entry.mailbox == mailbox) expunged(serial, entry.owner);
  }
}

void Ledger::uncertain(Serial message) {
  if (auto entry = messages_.find(message); entry != messages_.end()) entry->second.uncertain = true;
}

std::vector<std::string> Ledger::faults(const bed::Snapshot& snapshot) const {
  std::vector<std::string> lines;
  std::map<Serial, std::vector<std::string>> seen;
  for (const auto& [name, mailbox] : snapshot.mailboxes) {
    for (const bed::MessageState& message : mailbox.messages) {
      std::optional<Serial> serial = serialOf(message.subject);
      if (serial && messages_.contains(*serial)) {
        seen[*serial].push_back(name);
      } else {
        lines.push_back(name + ": a message that nobody appended: " + message.subject);
      }
    }
  }
  for (const auto& [serial, entry] : messages_) {
    const std::string which = entry.mailbox + ": message " + std::to_string(serial);
    auto found = seen.find(serial);
    std::size_t copies = found == seen.end() ? 0 : found->second.size();
    if (copies == 0 && entry.mustBeThere()) lines.push_back(which + " is lost");
    if (copies > 0 && !entry.mayBeThere()) lines.push_back(which + " was expunged, and is there");
    if (copies > 1) {
      lines.push_back(which + " is there " + std::to_string(copies) + " times:");
      for (const std::string& mailbox : found->second) lines.back() += " " + mailbox;
    }
    if (copies == 1 && entry.mayBeThere() && !entry.uncertain && found->second[0] != entry.mailbox) {
      lines.push_back(which + " is in " + found->second[0]);
    }
  }
  return lines;
}

}  // namespace interimap::soak
