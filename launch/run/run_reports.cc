// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Run: what the workers report.
#include <algorithm>
#include <ctime>
#include <utility>

#include "ipc/checked.h"
#include "ipc/failure.h"
#include "launch/run/run.h"

namespace interimap {

namespace {

using namespace std::chrono_literals;

// An exported state, in octets: 16 million messages that are not in their order.
constexpr std::size_t kMostExported = 64U << 20;

constexpr std::size_t kMostFindings = 1 << 20;

// It is told with a look at the mailboxes, of which there is one in half an hour at least.
constexpr auto kBetweenSummaries = 30min;

// How long after its interval a sync that waits may still not have looked again.
constexpr auto kPatienceWithWatcher = 30min;

template <class What, std::size_t at = 0>
constexpr std::size_t kindOf() {
  using All = decltype(Report::what);
  if constexpr (std::is_same_v<std::variant_alternative_t<at, All>, What>)
    return at;
  else
    return kindOf<What, at + 1>();
}

enum class Speaker { anyone, sync, net, notDelivery };
enum class Program { either, interimap, pullimap };
enum class Phase { any, unlocked, exporting, telling, delivering };

}  // namespace

// What may be reported, by whom, in which program and when: nothing else may (as in OpenSSH's monitor.c).
struct Run::Due {
  std::size_t kind;
  const char* name;
  Speaker speaker;
  Program program;
  Phase phase;
};

void Run::heard(Member& member, const Report& report) {
  using enum Phase;
  static constexpr Due kDue[] = {
      {kindOf<LogLine>(), "log line", Speaker::anyone, Program::either, any},
      {kindOf<Traffic>(), "traffic", Speaker::anyone, Program::either, any},
      {kindOf<Ended>(), "ended", Speaker::anyone, Program::either, any},
      {kindOf<Locked>(), "locked", Speaker::sync, Program::either, unlocked},
      {kindOf<Progress>(), "progress", Speaker::sync, Program::either, any},
      {kindOf<Synchronised>(), "synchronised", Speaker::sync, Program::interimap, any},
      {kindOf<WantsNets>(), "wants nets", Speaker::sync, Program::interimap, any},
      {kindOf<WantsIdleNet>(), "wants a net to idle", Speaker::sync, Program::interimap, any},
      {kindOf<Pulled>(), "pulled", Speaker::sync, Program::pullimap, any},
      {kindOf<WantsDeliverer>(), "wants a deliverer", Speaker::sync, Program::pullimap, delivering},
      {kindOf<Exported>(), "exported", Speaker::sync, Program::pullimap, exporting},
      {kindOf<Finding>(), "finding", Speaker::anyone, Program::either, telling},
      {kindOf<Waits>(), "waits", Speaker::notDelivery, Program::either, any},
  };
  static_assert(std::size(kDue) == std::variant_size_v<decltype(Report::what)>);
  auto due = std::ranges::find(kDue, report.what.index(), &Due::kind);
  if (!isDue(*due, member)) throw PeerViolation(std::string("unexpected report: ") + due->name);
  if (member.role == Role::sync && backAt_) backAt_ = Clock::now() + interval_ + kPatienceWithWatcher;
  std::visit([&](const auto& what) { handle(member, what); }, report.what);
}

bool Run::isDue(const Due& due, const Member& member) const {
  bool pulls = delivery_.has_value();
  if (due.speaker == Speaker::sync && member.role != Role::sync) return false;
  bool isNet = member.role != Role::sync && member.role != Role::delivery;
  if (due.speaker == Speaker::net && !isNet) return false;
  if (due.speaker == Speaker::notDelivery && member.role == Role::delivery) return false;
  if (due.program != Program::either && pulls != (due.program == Program::pullimap)) return false;
  switch (due.phase) {
    case Phase::any: return true;
    case Phase::unlocked: return end_.reached == Reached::nothing;
    case Phase::exporting: return exporting_;
    case Phase::telling: return telling_ && (checking_ || member.role == Role::sync);
    case Phase::delivering: return !exporting_ && !telling_;
  }
  return false;
}

// What a check finds wrong is what any run would say.
void Run::handle(Member& member, const LogLine& line) {
  if (!checking_ || line.level == LogLevel::debug) return voices_.line(member, line);
  bool failed = line.level == LogLevel::error, good = line.level == LogLevel::info;
  Finding finding = checked(failed ? Verdict::failed
                            : good ? Verdict::ok
                                   : Verdict::warning,
                            "remark", voices_.withLastWords(member, line.text));
  if (member.role == Role::delivery) finding.text.insert(0, "delivery: ");
  finding.component = line.component;
  finding.mailbox = line.mailbox;
  find(member, std::move(finding));
}

void Run::handle(Member& member, const Traffic& traffic) {
  if (checking_) return;
  voices_.add(member, traffic, crew_.hasExtra(member.role));
}

void Run::handle(Member& member, const Ended& ended) { member.said = ended.status; }

void Run::handle(Member&, const Locked&) {
  end_.reached = Reached::database;
  for (Member& other : crew_.members())
    if (other.role != Role::sync && other.role != Role::delivery) crew_.send(other, {Go{}});
}

void Run::handle(Member& member, const Progress& progress) {
  const auto now = Clock::now();
  if (progress.target != Component::none) {
    if (auto done = mailboxes_.note(progress, now))
      voices_.line(member, LogLine{LogLevel::info, progress.target, progress.mailbox, *done});
    return;
  }
  backAt_.reset();
  end_.copied = true;
  end_.carried = end_.carried || progress.messages > 0;
  rate_.note(progress, now);
  const std::string text = progressText(progress, rate_);
  around_.progress.show(mailboxes_.text(progress).value_or(text), now);
  around_.service.progress("Copying " + text, now);
}

template <class What>
void Run::handleDone(const What& done) {
  interimap::add(std::get<What>(end_.done), done);
  if (around_.onChange != nullptr) changes_.emplace_back(done);
  if (!done.waiting) return;
  around_.progress.erase();
  end_.reached = Reached::waiting;
  backAt_ = Clock::now() + interval_ + kPatienceWithWatcher;
  around_.service.ready();
  std::string text = doneText(done);
  around_.service.status("Waiting for news" + (text.empty() ? "" : "; last time: " + text));
}

void Run::handle(Member&, const Synchronised& done) {
  handleDone(done);
  if (!around_.metrics) return;
  around_.metrics->add(done);
  if (done.waiting) around_.writeMetrics();
}

void Run::handle(Member&, const Pulled& done) {
  handleDone(done);
  if (around_.metrics) around_.metrics->add(done, std::time(nullptr));
  if (around_.metrics && done.waiting) around_.writeMetrics();
  summarise(done);
}

// One that stays tells what it has done from time to time.
void Run::summarise(const Pulled& done) {
  auto now = Clock::now();
  if (!done.waiting || now < summary_ + kBetweenSummaries) return;
  summary_ = now;
  std::string text = doneText(std::get<Pulled>(end_.done));
  around_.log.line(LogLevel::info,
                   text.empty() ? "Nothing delivered since it began" : "Since it began: " + text);
  around_.log.summary({end_.done, {}, std::chrono::duration_cast<std::chrono::milliseconds>(now - began_)});
}

void Run::handle(Member&, const Exported& exported) {
  if (end_.exported.size() + exported.octets.size() > kMostExported)
    throw PeerViolation("more state than there can be");
  end_.exported += exported.octets;
}

void Run::handle(Member& member, const Finding& finding) {
  if (end_.findings.size() >= kMostFindings) throw PeerViolation("more findings than there can be");
  find(member, finding);
}

// Who it is of, is known here.
void Run::find(const Member& member, Finding finding) {
  if (member.role == Role::local) finding.component = Component::local;
  if (member.role == Role::remote) finding.component = Component::remote;
  if (member.role == Role::net || member.role == Role::delivery) finding.component = Component::none;
  if (end_.findings.size() < kMostFindings) end_.findings.push_back(std::move(finding));
}

// A server that asks to be left alone. Whoever starts us has nothing else to wait for.
void Run::handle(Member& member, const Waits& waits) {
  std::chrono::milliseconds length(waits.milliseconds);
  if (member.role == Role::sync) {
    if (!waits.gone || delivery_) throw PeerViolation("sync asks to be left alone");
    end_.comeBack = {length, std::max(mostWait_.local, mostWait_.remote), "No more may be transferred today"};
    return;
  }
  if (waits.gone && member.isExtra()) return;  // the others go on
  if (waits.gone) {
    end_.comeBack = {length, mostWait_[member.role == Role::local ? Side::local : Side::remote]};
    return;
  }
  end_.notBefore = std::max(end_.notBefore, Clock::now() + length);
  if (backAt_) *backAt_ += length;
  around_.service.ready();
  std::string who = delivery_ ? std::string() : member.name() + ": ";
  around_.service.status(who + "waiting for " + std::to_string((length + 999ms) / 1s) +
                         " s, as the server asks");
}

void Run::handle(Member&, const WantsDeliverer&) {
  deliveriesWanted_ = std::min(deliveriesWanted_ + 1, connections_);
}

void Run::handle(Member&, const WantsNets& wants) {
  auto most = [&](Side side) { return several_[side] ? several_[side]->most : 1; };
  if (wants.local >= most(Side::local) || wants.remote >= most(Side::remote))
    throw PeerViolation("unexpected report: wants nets");
  netsWanted_ = wants;
}

void Run::handle(Member&, const WantsIdleNet& wants) {
  const auto& several = several_[wants.side];
  unsigned& wanted = idleNetsWanted_[wants.side];
  if (!several || !several->idles || wanted == settings::kMostIdle)
    throw PeerViolation("unexpected report: wants a net to idle");
  ++wanted;
}

}  // namespace interimap
