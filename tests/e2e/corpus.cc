// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/corpus.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace interimap::bed {
namespace {

constexpr std::array<const char*, 16> kWords = {
    "harbour", "lantern", "quiet",  "copper", "meadow", "winter", "ledger",  "orchard",
    "signal",  "granite", "velvet", "anchor", "timber", "hollow", "saffron", "ember"};
constexpr std::size_t kLineLength = 72;

std::string base64Lines(std::mt19937_64& random, std::size_t size) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve(size + size / 38);
  while (text.size() < size) {
    for (int i = 0; i < 76; ++i) text += kAlphabet[random() % kAlphabet.size()];
    text += "\r\n";
  }
  return text;
}

std::vector<std::string> withDelimiter(std::vector<std::string> names, char delimiter) {
  for (std::string& name : names) std::replace(name.begin(), name.end(), '/', delimiter);
  return names;
}

}  // namespace

std::string Corpus::words(std::size_t size) {
  std::string text;
  text.reserve(size + kLineLength);
  for (std::size_t line = 0; text.size() < size;) {
    std::string_view word = kWords[random_() % kWords.size()];
    if (line + word.size() > kLineLength) {
      text += "\r\n";
      line = 0;
    }
    text.append(word).append(" ");
    line += word.size() + 1;
  }
  return text + "\r\n";
}

std::string Corpus::date() {
  constexpr std::time_t kFrom = 946684800, kSpan = 760000000;  // 2000 to early 2024
  std::time_t instant = kFrom + static_cast<std::time_t>(below(kSpan));
  std::tm parts{};
  gmtime_r(&instant, &parts);
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::array<const char*, 4> kZones = {"+0000", "+0200", "-0730", "+0545"};
  char text[40];
  std::snprintf(text, sizeof text, "%02d-%s-%04d %02d:%02d:%02d %s", parts.tm_mday,
                kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour,
                parts.tm_min, parts.tm_sec, kZones[below(kZones.size())]);
  return text;
}

std::vector<std::string> Corpus::flags() {
  constexpr std::array<const char*, 10> kFlags = {"\\Seen",    "\\Answered", "\\Flagged", "\\Draft",
                                                  "\\Deleted", "$Forwarded", "work",      "later",
                                                  "$MDNSent",  "NonJunk"};
  std::vector<std::string> result;
  for (const char* flag : kFlags) {
    if (below(4) == 0 && (*flag == '\\' || keywords_ == Keywords::some)) result.emplace_back(flag);
  }
  return result;
}

std::string Corpus::header(std::string_view contentType) {
  std::string id = "<" + std::to_string(seed_) + "." + std::to_string(serial_) + "@example.test>";
  if (below(20) == 0 && !lastMessageId_.empty()) id = lastMessageId_;
  lastMessageId_ = id;
  std::string text = "From: Alice <alice@example.test>\r\nTo: bob@example.test\r\nSubject: " +
                     std::string(kWords[below(kWords.size())]) + " " + std::to_string(serial_) +
                     "\r\nDate: Tue, 2 Feb 2021 03:04:05 +0100\r\nX-Serial: " + std::to_string(seed_) + "." +
                     std::to_string(serial_) + "\r\n";
  if (below(12) != 0) text += "Message-ID: " + id + "\r\n";
  if (!contentType.empty()) text += "MIME-Version: 1.0\r\nContent-Type: " + std::string(contentType) + "\r\n";
  return text + "\r\n";
}

Message Corpus::make(std::size_t size) {
  ++serial_;
  Message message{{}, flags(), date()};
  switch (below(12)) {
    case 0: message.text = header(""); break;  // an empty body
    case 1:
      message.text = header("text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit") +
                     "Gr\xc3\xbc\xc3\x9f"
                     "e aus K\xc3\xb6ln \xf0\x9f\x93\xa8\r\n\xff\xfe\x80 is no UTF-8\r\n" +
                     words(size);
      break;
    case 2: message.text = header("") + std::string(std::min<std::size_t>(size, 9000), 'x') + "\r\n"; break;
    case 3: message.text = header("") + "..\r\n.\r\n.leading dot\r\n" + words(size) + ".\r\n"; break;
    case 4:
    case 5:
      message.text =
          header("multipart/mixed; boundary=\"=_b\"") + "--=_b\r\n\r\nsee below\r\n" +
          "--=_b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
          base64Lines(random_, size) + "--=_b--\r\n";
      break;
    case 6: message.text = header("") + "no line end at the end of " + std::to_string(serial_); break;
    default: message.text = header("") + words(size);
  }
  return message;
}

// Log-normal, mean about 15 KiB, but for the tail.
Message Corpus::message() {
  if (below(1000) == 0) return make((1u << 20) + below(2u << 20));
  double u = (static_cast<double>(below(1u << 30)) + 1) / ((1u << 30) + 1.0);
  double v = static_cast<double>(below(1u << 30)) / (1u << 30);
  double normal = std::sqrt(-2 * std::log(u)) * std::cos(2 * 3.14159265358979 * v);
  return make(static_cast<std::size_t>(8192 * std::exp(1.2 * normal)));
}

Message Corpus::smallMessage() { return make(below(1200)); }

std::vector<Message> Corpus::messages(std::size_t count) {
  std::vector<Message> result(count);
  for (Message& m : result) m = message();
  return result;
}

std::vector<Message> Corpus::smallMessages(std::size_t count) {
  std::vector<Message> result(count);
  for (Message& m : result) m = smallMessage();
  return result;
}

std::vector<std::string> mailboxNames(char delimiter) {
  return withDelimiter({"INBOX/child",
                        "Archive/2023/Q1",
                        "Archive/2023/Q2",
                        "with blank",
                        " leading blank",
                        "trailing blank ",
                        "quote\"inside",
                        "per%cent",
                        "aster*isk",
                        "brackets[x](y){z}",
                        "{3}",
                        "Entw&APw-rfe",
                        "&ZeVnLIqe-/sub",
                        "amp&-ersand",
                        "back\\slash",
                        "deep/er/and/deep/er/still",
                        "#hash",
                        "]bracket first",
                        "NIL",
                        "inboxes"},
                       delimiter);
}

std::vector<std::string> plainMailboxNames(char delimiter) {
  return withDelimiter({"Archive/2023/Q1", "Lists/Announce", "Sent", "Entw&APw-rfe"}, delimiter);
}

}  // namespace interimap::bed
