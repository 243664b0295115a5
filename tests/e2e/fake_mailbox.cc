// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/fake_mailbox.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace interimap::bed {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

namespace {

std::string literal(std::string_view octets) {
  return "{" + std::to_string(octets.size()) + "}\r\n" + std::string(octets);
}

std::string headerOf(const std::string& text) {
  std::size_t end = text.find("\r\n\r\n");
  return end == std::string::npos ? text : text.substr(0, end + 4);
}

// section is HEADER.FIELDS (A B), upper case; unfolded fields only.
std::string fieldsOf(const std::string& text, const std::string& section) {
  std::string header = headerOf(text), result;
  std::size_t open = section.find('('), close = section.find(')');
  std::string names = " " + section.substr(open + 1, close - open - 1) + " ";
  for (std::size_t at = 0, end; (end = header.find("\r\n", at)) != std::string::npos && end > at;
       at = end + 2) {
    std::string line = header.substr(at, end - at);
    if (names.find(" " + upper(line.substr(0, line.find(':'))) + " ") != std::string::npos)
      result += line + "\r\n";
  }
  return result + "\r\n";
}

std::string bodySection(const FakeMessage& message, std::string item) {
  std::size_t open = item.find('['), close = item.rfind(']');
  std::string section = item.substr(open + 1, close - open - 1);
  std::string octets = message.text;
  if (section == "HEADER") octets = headerOf(message.text);
  if (section.starts_with("HEADER.FIELDS")) octets = fieldsOf(message.text, section);
  return "BODY[" + section + "] " + literal(octets);
}

std::uint32_t number(std::string_view text, std::uint32_t largest) {
  std::uint32_t n = largest;
  if (text != "*") std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

}  // namespace

std::vector<std::uint32_t> FakeMailbox::uids() const {
  std::vector<std::uint32_t> result;
  for (const FakeMessage& m : messages) result.push_back(m.uid);
  return result;
}

std::uint32_t FakeMailbox::add(std::string text, std::set<std::string> flags, std::string internalDate) {
  auto uid = static_cast<std::uint32_t>(uidNext++);
  messages.push_back({uid, ++highestModSeq, std::move(flags), std::move(internalDate), std::move(text)});
  return uid;
}

void FakeMailbox::setFlags(FakeMessage& message, std::set<std::string> flags) {
  if (message.flags == flags) return;
  message.flags = std::move(flags);
  message.modSeq = ++highestModSeq;
}

void FakeMailbox::expunge(std::uint32_t uid) {
  if (std::erase_if(messages, [uid](const FakeMessage& m) { return m.uid == uid; }) > 0) {
    vanished.emplace_back(uid, ++highestModSeq);
  }
}

std::string FakeMailbox::fetch(const FakeMessage& message, const std::vector<Value>& items) {
  std::string result;
  for (const Value& value : items) {
    std::string item = upper(value.text);
    if (!result.empty()) result += ' ';
    if (item == "UID") {
      result += "UID " + std::to_string(message.uid);
    } else if (item == "MODSEQ") {
      result += "MODSEQ (" + std::to_string(message.modSeq) + ")";
    } else if (item == "FLAGS") {
      std::string flags;
      for (const std::string& flag : message.flags) flags += (flags.empty() ? "" : " ") + flag;
      result += "FLAGS (" + flags + ")";
    } else if (item == "INTERNALDATE") {
      result += "INTERNALDATE \"" + message.internalDate + "\"";
    } else if (item == "RFC822.SIZE") {
      result += "RFC822.SIZE " + std::to_string(message.text.size());
    } else if (item == "ENVELOPE") {
      result += "ENVELOPE " +
                (message.envelope.empty() ? "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)" : message.envelope);
    } else if (item.starts_with("BODY")) {
      result += bodySection(message, item);
    } else {
      fprintf(stderr, "fake server: FETCH item %s\n", item.c_str());
    }
  }
  return result;
}

FakeSet::FakeSet(std::string_view text, std::uint32_t largest) {
  while (!text.empty()) {
    std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    std::size_t colon = item.find(':');
    std::uint32_t a = number(item.substr(0, colon), largest);
    std::uint32_t b = colon == std::string_view::npos ? a : number(item.substr(colon + 1), largest);
    ranges_.emplace_back(std::min(a, b), std::max(a, b));
  }
}

bool FakeSet::contains(std::uint32_t uid) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [uid](const auto& range) { return range.first <= uid && uid <= range.second; });
}

std::string setOf(const std::vector<std::uint32_t>& uids) {
  std::string text;
  for (std::size_t i = 0; i < uids.size();) {
    std::size_t last = i;
    while (last + 1 < uids.size() && uids[last + 1] == uids[last] + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(uids[i]);
    if (last > i) text += ":" + std::to_string(uids[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace interimap::bed
