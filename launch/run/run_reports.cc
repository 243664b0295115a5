// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Run: what the workers report.
#include <signal.h>

#include <utility>

#include "ipc/failure.h"
#include "launch/run/run.h"
#include "launch/show/traffic.h"

namespace interimap {

namespace {

using namespace std::chrono_literals;

// Packets read from one worker before the others have their turn.
constexpr int kPacketsInTurn = 64;

// An exported state, in octets: 16 million messages that are not in their order.
constexpr std::size_t kMostExported = 64U << 20;

// It is told with a look at the mailboxes, of which there is one in half an hour at least.
constexpr auto kBetweenSummaries = 30min;

// How long after its interval a sync that waits may still not have looked again.
constexpr auto kPatienceWithWatcher = 30min;

PeerViolation unexpected(const Report& report) {
  struct Name {
    const char* operator()(const LogLine&) { return "log line"; }
    const char* operator()(const Progress&) { return "progress"; }
    const char* operator()(const Traffic&) { return "traffic"; }
    const char* operator()(const Locked&) { return "locked"; }
    const char* operator()(const Synchronised&) { return "synchronised"; }
    const char* operator()(const Pulled&) { return "pulled"; }
    const char* operator()(const WantsDeliverer&) { return "wants a deliverer"; }
    const char* operator()(const WantsNets&) { return "wants nets"; }
    const char* operator()(const Exported&) { return "exported"; }
    const char* operator()(const Ended&) { return "ended"; }
  };
  return PeerViolation(std::string("unexpected report: ") + std::visit(Name{}, report.what));
}

}  // namespace

void Run::serve(Member& member) {
  try {
    for (int packets = 0; packets < kPacketsInTurn && member.worker.channel; ++packets) {
      auto packet = member.worker.channel->receive();
      if (!packet) return;
      handle(member, readReport(std::move(*packet)));
    }
  } catch (const PeerGone&) {
    member.worker.channel.reset();
  } catch (const PeerViolation& violated) {
    violation(member, violated.what());
  }
}

// Of libraries, and of a tunnel's command.
void Run::tell(Member& member, const std::vector<std::string>& spoken) {
  for (const std::string& line : spoken)
    if (admits(member, LogLevel::notice, line.size()))
      log_.line(LogLevel::notice, component(member), {}, line);
}

// What is said with --debug is what the user asked for, and has no limit.
bool Run::admits(Member& member, LogLevel level, std::size_t octets) {
  if (level == LogLevel::debug) return true;
  bool trouble = level == LogLevel::warning || level == LogLevel::error;
  auto limit = member.role != Role::sync ? kFromServer : trouble ? kOfTrouble : kOfWork;
  Flood& flood = member.floods.try_emplace(level, limit).first->second;
  auto now = Clock::now();
  bool admitted = flood.admits(octets, now);
  if (auto leftOut = flood.due(now)) tellLeftOut(member, level, *leftOut);
  return admitted;
}

void Run::tellLeftOut(const Member& member, LogLevel level, std::uint64_t count) {
  std::string what = level == LogLevel::error ? "error" : level == LogLevel::warning ? "warning" : "message";
  log_.line(LogLevel::warning, component(member), {},
            "Too many " + what + "s: " + std::to_string(count) + " more " + (count == 1 ? "was" : "were") +
                " left out");
}

void Run::violation(Member& member, const char* what) {
  member.worker.channel.reset();
  member.violated = true;
  error(member, std::string("broke the protocol between us: ") + what);
  if (!member.gone) kill(member.worker.pid, SIGKILL);
}

// What only some may say.
bool Run::isExpected(const Report& report) const {
  bool pulls = delivery_.has_value();
  if (std::holds_alternative<Synchronised>(report.what)) return !pulls;
  if (std::holds_alternative<Pulled>(report.what)) return pulls;
  if (std::holds_alternative<WantsDeliverer>(report.what)) return pulls && !exporting_;
  if (std::holds_alternative<Exported>(report.what)) return exporting_;
  if (auto wants = std::get_if<WantsNets>(&report.what))
    return wants->local < (local_ ? local_->most : 1) && wants->remote < (remote_ ? remote_->most : 1);
  return true;
}

void Run::handle(Member& member, const Report& report) {
  if (!isExpected(report)) throw unexpected(report);
  if (member.role == Role::sync && backAt_) backAt_ = Clock::now() + interval_ + kPatienceWithWatcher;
  if (auto line = std::get_if<LogLine>(&report.what)) {
    handle(member, *line);
  } else if (auto traffic = std::get_if<Traffic>(&report.what)) {
    handle(member, *traffic);
  } else if (auto ended = std::get_if<Ended>(&report.what)) {
    member.said = ended->status;
  } else if (member.role != Role::sync) {
    throw unexpected(report);
  } else if (auto progress = std::get_if<Progress>(&report.what)) {
    handle(*progress);
  } else if (auto synchronised = std::get_if<Synchronised>(&report.what)) {
    handleDone(*synchronised);
  } else if (auto pulled = std::get_if<Pulled>(&report.what)) {
    handleDone(*pulled);
    summarise(*pulled);
  } else if (auto exported = std::get_if<Exported>(&report.what)) {
    handle(*exported);
  } else if (std::holds_alternative<WantsDeliverer>(report.what)) {
    deliveryWanted_ = true;
  } else if (auto wants = std::get_if<WantsNets>(&report.what)) {
    netsWanted_ = *wants;
  } else if (std::holds_alternative<Locked>(report.what)) {
    if (end_.reached != Reached::nothing) throw PeerViolation("the database is locked already");
    end_.reached = Reached::database;
    for (Member& other : members_)
      if (other.role != Role::sync && other.role != Role::delivery) send(other, {Go{}});
  }
}

void Run::handle(Member& member, const LogLine& line) {
  bool known = false;
  for (std::string_view name : {"", "local", "remote", "database"}) known = known || line.component == name;
  if (member.role == Role::sync && !known) throw PeerViolation("a log line of no component");
  if (!admits(member, line.level, line.mailbox.size() + line.text.size())) return;
  std::string from = member.role == Role::sync ? line.component : component(member);
  if (line.level == LogLevel::error && member.isExtra()) return warn(member, line.text);
  if (line.level == LogLevel::error) return error(from, line.mailbox, line.text, line.subject);
  // What is said in SMTP shall not be taken for IMAP.
  bool names = member.role == Role::delivery && line.level == LogLevel::debug;
  log_.line(line.level, from, line.mailbox, names ? "delivery: " + line.text : line.text, line.subject);
}

// What interimap's worker is called in the log. With pullimap that is the section, which the log knows.
std::string Run::component(const Member& member) const {
  return delivery_ ? std::string() : nameOf(member.role, member.number);
}

void Run::warn(const Member& member, const std::string& text) {
  log_.line(LogLevel::warning, component(member), {}, "Going on without this connection: " + text);
}

void Run::error(const Member& member, const std::string& text) {
  if (delivery_) return error({}, {}, std::string(roleName(member.role)) + ": " + text);
  error(component(member), {}, text);
}

void Run::error(std::string_view component, std::string_view mailbox, const std::string& text,
                const LogSubject& subject) {
  log_.line(LogLevel::error, component, mailbox, text, subject);
  end_.reason = (component.empty() ? "" : std::string(component) + ": ") + text;
}

// Those of one side make one sum, told with the last of them.
void Run::handle(const Member& member, const Traffic& traffic) {
  Sum& sum = traffic_[member.role];
  interimap::add(sum.traffic, traffic);
  sum.isDue = sum.isDue || !member.isExtra();
  tellTraffic(member.role);
}

void Run::tellTraffic(Role role) {
  auto sum = traffic_.find(role);
  if (sum == traffic_.end() || !sum->second.isDue) return;
  for (const Member& member : members_)
    if (member.role == role && member.isExtra() && !member.gone) return;
  log_.line(LogLevel::info, delivery_ ? "" : roleName(role), {}, trafficText(sum->second.traffic));
  traffic_.erase(sum);
}

void Run::handle(const Progress& progress) {
  backAt_.reset();
  around_.progress.update(progress, Clock::now());
  around_.service.progress("Copying " + progressText(progress), Clock::now());
}

template <class What>
void Run::handleDone(const What& done) {
  interimap::add(std::get<What>(end_.done), done);
  if (!done.waiting) return;
  around_.progress.erase();
  end_.reached = Reached::waiting;
  backAt_ = Clock::now() + interval_ + kPatienceWithWatcher;
  around_.service.ready();
  std::string text = doneText(done);
  around_.service.status("Waiting for news" + (text.empty() ? "" : "; last time: " + text));
}

// One that stays tells what it has done from time to time.
void Run::summarise(const Pulled& done) {
  auto now = Clock::now();
  if (!done.waiting || now < summary_ + kBetweenSummaries) return;
  summary_ = now;
  std::string text = doneText(std::get<Pulled>(end_.done));
  log_.line(LogLevel::info, text.empty() ? "Nothing delivered since it began" : "Since it began: " + text);
  log_.summary({end_.done, {}, std::chrono::duration_cast<std::chrono::milliseconds>(now - began_)});
}

void Run::handle(const Exported& exported) {
  if (end_.exported.size() + exported.octets.size() > kMostExported)
    throw PeerViolation("more state than there can be");
  end_.exported += exported.octets;
}

}  // namespace interimap
