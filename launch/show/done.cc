// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/done.h"

#include <initializer_list>
#include <utility>
#include <vector>

#include "launch/show/amounts.h"

namespace interimap {

namespace {

std::string text(std::initializer_list<std::pair<std::uint64_t, const char*>> parts) {
  std::string text;
  for (auto [number, what] : parts)
    if (number > 0) text += (text.empty() ? "" : ", ") + std::to_string(number) + what;
  return text;
}

// "2,000 messages (31 MB)"; without what is not known.
std::string messages(std::uint64_t number, std::uint64_t octets) {
  return countText(number) + (number == 1 ? " message" : " messages") +
         (octets > 0 ? " (" + sizeText(octets) + ")" : "");
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts)
    if (!part.empty()) text += (text.empty() ? "" : between) + part;
  return text;
}

std::string counted(std::uint64_t number, const std::string& what) {
  return number > 0 ? countText(number) + what : "";
}

std::string copied(const Synchronised& done, const char* verb) {
  auto to = [](std::uint64_t number, std::uint64_t octets, const char* side) {
    return number > 0 ? messages(number, octets) + " to " + side : "";
  };
  const std::string all = joined({to(done.copiedToLocal, done.octetsToLocal, "local"),
                                  to(done.copiedToRemote, done.octetsToRemote, "remote")},
                                 " and ");
  return all.empty() ? "" : verb + all;
}

struct Told {
  std::string done, open;  // and what is not
};

Told told(const Synchronised& done, Mood mood) {
  const bool would = mood == Mood::conditional;
  const std::string flags =
      counted(done.flagsUpdated, done.flagsUpdated == 1 ? " flag change" : " flag changes");
  return {
      joined({copied(done, would ? "copy " : "copied "), would && !flags.empty() ? "make " + flags : flags,
              would && done.expunged > 0 ? "expunge " + countText(done.expunged)
                                         : counted(done.expunged, " expunged")},
             ", "),
      joined({counted(done.failed, " failed"), counted(done.held, " held back")}, ", ")};
}

Told told(const Pulled& done, Mood) {
  return {joined({done.delivered > 0 ? "delivered " + messages(done.delivered, done.octets) : "",
                  counted(done.purged, " purged")},
                 ", "),
          joined({counted(done.deferred, " deferred"), counted(done.refused, " refused"),
                  counted(done.unknown, " unknown")},
                 ", ")};
}

}  // namespace

void add(Synchronised& total, const Synchronised& more) {
  total.copiedToLocal += more.copiedToLocal;
  total.copiedToRemote += more.copiedToRemote;
  total.flagsUpdated += more.flagsUpdated;
  total.expunged += more.expunged;
  total.failed += more.failed;
  total.octetsToLocal += more.octetsToLocal;
  total.octetsToRemote += more.octetsToRemote;
  total.mailboxes = more.mailboxes;
  total.held = more.held;  // now
}

void add(Pulled& total, const Pulled& more) {
  total.delivered += more.delivered;
  total.deferred = more.deferred;  // what waits
  total.refused = more.refused;
  total.unknown += more.unknown;
  total.purged += more.purged;
  total.octets += more.octets;
}

std::string doneText(const Synchronised& done) {
  return text({{done.copiedToLocal + done.copiedToRemote, " copied"},
               {done.flagsUpdated, " flag changes"},
               {done.expunged, " expunged"},
               {done.failed, " failed"}});
}

std::string doneText(const Pulled& done) {
  return text({{done.delivered, " delivered"},
               {done.deferred, " deferred"},
               {done.refused, " refused"},
               {done.unknown, " unknown"},
               {done.purged, " purged"}});
}

bool isSomething(const Done& done) {
  return !std::visit([](const auto& each) { return told(each, Mood::indicative); }, done).done.empty();
}

std::string summaryText(const Done& done, std::chrono::milliseconds time, Mood mood) {
  Told what = std::visit([&](const auto& each) { return told(each, mood); }, done);
  if (what.done.empty()) return {};
  const bool would = mood == Mood::conditional;
  std::string text = would ? "would " + what.done : what.done + " in " + timeText(time);
  if (!what.open.empty()) text += "; " + what.open;
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

}  // namespace interimap
