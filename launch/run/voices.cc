// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/run/voices.h"

#include "ipc/command_end.h"
#include "launch/show/traffic.h"

namespace interimap {

void Voices::line(Member& member, const LogLine& line) {
  if (!admits(member, line.level, line.mailbox.size() + line.text.size())) return;
  std::string from = member.role == Role::sync ? nameOf(line.component) : component(member);
  if (line.level == LogLevel::error) {
    std::string text = withLastWords(member, line.text);
    if (member.isExtra()) return withoutIt(member, text);
    return error(from, line.mailbox, text, line.subject);
  }
  // What is said in SMTP shall not be taken for IMAP.
  bool names = member.role == Role::delivery && line.level == LogLevel::debug;
  log_.line(line.level, from, line.mailbox, names ? "delivery: " + line.text : line.text, line.subject);
}

// Of libraries, and of a tunnel's command.
void Voices::spoken(Member& member, const std::vector<std::string>& lines) {
  for (const std::string& line : lines)
    if (admits(member, LogLevel::notice, line.size()))
      log_.line(LogLevel::notice, component(member), {}, line);
}

// The command behind a tunnel has ended: what it had to say was written before, and may wait to be read.
std::string Voices::withLastWords(Member& member, const std::string& text) {
  bool itsCommand = member.role != Role::sync && text.find(kItsCommand) != std::string::npos;
  if (!itsCommand) return text;
  spoken(member, member.worker.spoken.lines());
  const std::string& last = member.worker.spoken.last();
  return last.empty() ? text : text + "; it last said: " + last;
}

void Voices::warning(const Member& member, const std::string& text) {
  log_.line(LogLevel::warning, component(member), {}, text);
}

void Voices::withoutIt(const Member& member, const std::string& why) {
  warning(member, "Going on without this connection: " + why);
}

void Voices::error(const Member& member, const std::string& text) {
  if (isSection_) return error({}, {}, std::string(roleName(member.role)) + ": " + text);
  error(component(member), {}, text);
}

void Voices::error(std::string_view component, std::string_view mailbox, const std::string& text,
                   const LogSubject& subject) {
  log_.line(LogLevel::error, component, mailbox, text, subject);
  reason_ = (component.empty() ? "" : std::string(component) + ": ") + text;
}

// What is said with --debug is what the user asked for, and has no limit.
bool Voices::admits(Member& member, LogLevel level, std::size_t octets) {
  if (level == LogLevel::debug) return true;
  bool trouble = level == LogLevel::warning || level == LogLevel::error;
  auto limit = member.role != Role::sync ? kFromServer : trouble ? kOfTrouble : kOfWork;
  Flood& flood = member.floods.try_emplace(level, limit).first->second;
  auto now = Member::Clock::now();
  bool admitted = flood.admits(octets, now);
  if (auto leftOut = flood.due(now)) tellLeftOut(member, level, *leftOut);
  return admitted;
}

void Voices::tellLeftOut(const Member& member, LogLevel level, std::uint64_t count) {
  std::string what = level == LogLevel::error ? "error" : level == LogLevel::warning ? "warning" : "message";
  warning(member, "Too many " + what + "s: " + std::to_string(count) + " more " +
                      (count == 1 ? "was" : "were") + " left out");
}

void Voices::lastWords(const Member& member) {
  for (const auto& [level, flood] : member.floods)
    if (flood.rest() > 0) tellLeftOut(member, level, flood.rest());
}

void Voices::add(const Member& member, const Traffic& traffic, bool othersFollow) {
  Sum& sum = traffic_[member.role];
  interimap::add(sum.traffic, traffic);
  sum.isDue = sum.isDue || !member.isExtra();
  tellTraffic(member.role, othersFollow);
}

void Voices::tellTraffic(Role role, bool othersFollow) {
  auto sum = traffic_.find(role);
  if (sum == traffic_.end() || !sum->second.isDue || othersFollow) return;
  log_.line(LogLevel::info, isSection_ ? "" : roleName(role), {}, trafficText(sum->second.traffic));
  traffic_.erase(sum);
}

}  // namespace interimap
