// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/reply.h"

#include <algorithm>
#include <utility>

#include "delivery/limits.h"
#include "ipc/delivery.h"
#include "ipc/failure.h"

namespace interimap {

namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the enhanced status code, and the blank behind it, off a line of a reply with this code.
std::optional<EnhancedStatus> takeStatus(int code, std::string_view& line) {
  std::string_view rest = line;
  auto status = EnhancedStatus::parse(rest);
  // Text that looks like one is none: "250 4.3.2 is our address".
  if (!status || status->kind != code / 100) return std::nullopt;
  if (!rest.empty()) rest.remove_prefix(1);
  line = rest;
  return status;
}

[[noreturn]] void refuse(std::string_view line) {
  throw Failure(ExitStatus::protocol,
                "The server sent no reply: \"" + std::string(line.substr(0, 200)) + "\"");
}

}  // namespace

std::optional<EnhancedStatus> Reply::status() const {
  std::string_view first = lines.front();
  return takeStatus(code, first);
}

// Every line may begin with the same enhanced status code (RFC 2034): the words without it, as one.
std::string Reply::text() const {
  std::string out;
  for (std::string_view line : lines) {
    takeStatus(code, line);
    if (!out.empty() && !line.empty()) out += ' ';
    out += line.substr(0, kMostReplyText - std::min(out.size(), kMostReplyText));
  }
  if (out.size() > kMostReplyText) out.resize(kMostReplyText);
  return out;
}

std::string Reply::withCode() const {
  auto enhanced = status();
  std::string words = text();
  return std::to_string(code) + (enhanced ? " " + enhanced->text() : "") + (words.empty() ? "" : " " + words);
}

std::size_t ReplyParser::feed(std::string_view bytes) {
  std::size_t end = bytes.find('\n');
  std::string_view part = bytes.substr(0, end);
  if (partial_.size() + part.size() >= limits::kLongestReplyLine)
    throw Failure(ExitStatus::protocol, "The server sent a reply line that is too long");
  partial_ += part;
  if (end == std::string_view::npos) return bytes.size();
  if (partial_.ends_with('\r')) partial_.pop_back();
  line(partial_);
  partial_.clear();
  return end + 1;
}

// Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
// Line feeds alone are taken for CRLF, as everybody does.
void ReplyParser::line(std::string_view line) {
  ++lines_;
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !isDigit(line[1]) || !isDigit(line[2]))
    refuse(line);
  int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  char mark = line.size() > 3 ? line[3] : ' ';
  if (mark != ' ' && mark != '-') refuse(line);
  // RFC 5321 section 4.2.1: the code of every line is the same. Else which of them would count?
  if (!reply_.lines.empty() && code != reply_.code) refuse(line);
  if (reply_.lines.size() == limits::kMostReplyLines)
    throw Failure(ExitStatus::protocol, "The server sent a reply of too many lines");
  reply_.code = code;
  reply_.lines.emplace_back(line.size() > 4 ? line.substr(4) : "");
  complete_ = mark == ' ';
}

std::optional<Reply> ReplyParser::next() {
  if (!std::exchange(complete_, false)) return std::nullopt;
  return std::exchange(reply_, {});
}

}  // namespace interimap
