// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/throttling.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "ipc/ascii.h"
#include "ipc/at_time.h"
#include "ipc/failure.h"
#include "ipc/launch.h"

namespace interimap {

namespace {

using namespace std::chrono_literals;
using Why = Throttled::Why;
using std::chrono::milliseconds;

// " 299609 milliseconds", "30s". Without a unit it is `unit`; none: then it is no time.
std::optional<milliseconds> time(std::string_view text, std::optional<milliseconds> unit) {
  text.remove_prefix(std::min(text.find_first_not_of(": ="), text.size()));
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end == text.data()) return std::nullopt;
  if (error != std::errc()) number = kLongestWait;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  if (text.starts_with("MS") || text.starts_with("MILLI"))
    unit = 1ms;
  else if (text.starts_with("M"))
    unit = 1min;
  else if (text.starts_with("S"))
    unit = 1s;
  else if (text.starts_with("H"))
    unit = 1h;
  if (!unit) return std::nullopt;
  const auto most = kLongestWait / static_cast<std::uint64_t>(unit->count());
  return milliseconds(std::min(number, most) * static_cast<std::uint64_t>(unit->count()));
}

// The time that a server names, in a text in upper case.
std::optional<milliseconds> namedTime(std::string_view text) {
  constexpr std::string_view kExchange = "BACKOFF TIME";
  if (auto at = text.find(kExchange); at != text.npos) return time(text.substr(at + kExchange.size()), 1ms);
  for (std::string_view before : {"AGAIN IN ", "AGAIN AFTER ", "RETRY IN ", "RETRY AFTER ", "RETRY-AFTER"})
    if (auto at = text.find(before); at != text.npos) return time(text.substr(at + before.size()), {});
  return std::nullopt;
}

bool hasAny(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view it) { return text.find(it) != text.npos; });
}

bool isTooMuch(std::string_view text) {
  return hasAny(text, {"THROTTL", "TOO MANY COMMANDS", "TOO MANY REQUESTS", "RATE LIMIT"});
}

bool isBandwidth(std::string_view text) { return hasAny(text, {"BANDWIDTH LIMIT"}); }

bool isLater(std::string_view text) {
  return hasAny(text, {"TRY AGAIN LATER", "TEMPORARILY UNAVAILABLE", "SERVER UNAVAILABLE", "SERVER BUSY",
                       "SERVER IS BUSY"});
}

// What changes nothing. Of others [OVERQUOTA] says that a mailbox is full, [LIMIT] that a message is too
// large, and [INUSE] that it is not to be done at all now: that is for whoever asked.
bool reads(std::string_view command) {
  constexpr std::string_view kReading[] = {"SELECT",    "EXAMINE", "LIST", "LSUB",      "STATUS",
                                           "NAMESPACE", "ENABLE",  "NOOP", "UID FETCH", "UID SEARCH"};
  return std::ranges::find(kReading, command) != std::end(kReading);
}

}  // namespace

std::optional<Throttled> Throttled::inAnswer(const StatusResponse& status, std::string_view command) {
  const std::string text = asciiUpper(status.what.text);
  if (status.condition == Condition::ok)
    return text.find("[THROTTLED]") == text.npos ? std::nullopt : std::optional(Throttled{Why::slower});
  const std::string& code = status.what.code;
  if (auto wait = namedTime(text)) return Throttled{Why::tooMuch, wait};
  if (isBandwidth(text) || (code == "OVERQUOTA" && reads(command))) return Throttled{Why::quota};
  bool later = code == "UNAVAILABLE" || ((code == "LIMIT" || code == "INUSE") && reads(command));
  if (isTooMuch(text)) return Throttled{Why::tooMuch};
  if (later || isLater(text)) return Throttled{Why::later};
  return std::nullopt;
}

// Gmail ends sessions of which it has had enough, and such that are too old, with "Session expired"; Exchange
// those whose token is.
std::optional<Throttled> Throttled::inBye(std::string_view words) {
  const std::string text = asciiUpper(words);
  if (auto wait = namedTime(text)) return Throttled{Why::tooMuch, wait};
  if (isBandwidth(text)) return Throttled{Why::quota};
  if (isTooMuch(text)) return Throttled{Why::tooMuch};
  if (hasAny(text, {"SESSION EXPIRED", "ACCESSTOKENEXPIRED"})) return Throttled{Why::later};
  return std::nullopt;
}

void Throttle::refused(const Throttled& said, const std::string& words, Clock::time_point now) {
  const bool another = left(now).count() == 0;
  if (said.why == Why::slower) {
    if (another)
      until_ = now + std::min(rests_.slower * (1U << std::min(slower_++, 16U)), limits::kLongestSlower);
    return;
  }
  if (!since_) since_ = now;
  if (another) ++rest_;
  const milliseconds length = this->length(said);
  if (!another && now + length <= *until_) return;
  if (now + length - *since_ > most_) {
    std::string text = words + ": the server is to be left alone until " + atTime(length) +
                       ", which is longer than max-wait. Run again then";
    tell_(length, text, true);
    throw Failure(ExitStatus::tryAgain, text);
  }
  until_ = now + length;
  if (another) tell_(length, words + ": waiting, as the server asks; going on at " + atTime(length), false);
}

milliseconds Throttle::length(const Throttled& said) {
  auto doubled = [&](milliseconds first, milliseconds longest) {
    return std::min(first * (1U << std::min(rest_ - 1, 16U)), longest);
  };
  if (said.named) return std::max(*said.named, doubled(limits::kShortestNamed, limits::kLongestLater));
  milliseconds span = said.why == Why::quota ? doubled(rests_.quota, limits::kLongestQuota)
                                             : doubled(rests_.later, limits::kLongestLater);
  return span + milliseconds(std::uniform_int_distribution<std::int64_t>(0, span.count() / 4)(random_));
}

void Throttle::passed() {
  since_.reset();
  rest_ = slower_ = 0;
}

milliseconds Throttle::left(Clock::time_point now) {
  if (until_ && now >= *until_) until_.reset();
  return until_ ? std::chrono::ceil<milliseconds>(*until_ - now) : 0ms;
}

}  // namespace interimap
