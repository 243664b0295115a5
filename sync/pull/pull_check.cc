// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pull/pull_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "ipc/failure.h"
#include "sync/mailboxes/hierarchy.h"
#include "sync/pull/pull_mailboxes.h"
#include "sync/pull/pull_visit.h"
#include "sync/report/special_uses.h"

namespace interimap {

namespace {

constexpr std::string_view kSqlite = "SQLite format 3";

// What a file begins with; empty: there is none, or nothing in it.
std::string beginning(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char octets[kSqlite.size()];
  ssize_t size = file ? pread(file.get(), octets, sizeof octets, 0) : 0;
  return {octets, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

}  // namespace

std::string whoseElse(const settings::Pull& settings, const store::PullState& state) {
  auto recorded = state.account();
  if (!recorded || *recorded == settings.account) return {};
  return settings.stateDirectory + "/" + settings.stateName + " belongs to the account " + *recorded +
         ", but this is " + settings.account + ". Use another statefile for it";
}

PullCheck::PullCheck(const settings::Pull& settings, std::string directory, Server& server,
                     Exchange& exchange, Reporter& launch, Log& log)
    : settings_(settings),
      directory_(std::move(directory)),
      path_((settings.stateDirectory.empty() ? "" : settings.stateDirectory + "/") + settings.stateName),
      server_(server),
      exchange_(exchange),
      launch_(launch),
      log_(log) {}

ExitStatus PullCheck::run() {
  lookAtState();
  launch_.report({Locked{}});
  auto means = server_.enable(Purpose::pull);
  if (await([&] { return means.ready(); })) {
    const Means& has = means.get();
    passed({}, "means",
           has.news == Means::News::none ? "New mail is asked for: no IDLE" : "New mail is told by IDLE");
    if (settings_.purgeAfter && !has.expunges)
      log_.error(About::run(), notAdvertised("UIDPLUS (RFC 4315)"), ExitStatus::protocol);
    for (const std::string& mailbox : mailboxes()) lookAt(mailbox);
    tellUses();
  }
  return log_.status() == ExitStatus::ok && server_.isLost() ? ExitStatus::unavailable : log_.status();
}

void PullCheck::passed(const std::string& mailbox, const char* step, std::string text,
                       std::vector<Finding::Fact> facts) {
  Finding finding = checked(Verdict::ok, step, std::move(text), std::move(facts));
  finding.mailbox = mailbox;
  launch_.report({std::move(finding)});
}

bool PullCheck::await(const std::function<bool()>& ready) {
  while (!ready() && !server_.isLost()) exchange_.turn();
  return ready();
}

void PullCheck::lookAtState() {
  std::string begins = settings_.stateDirectory.empty()
                           ? std::string()
                           : beginning((directory_ == "/" ? "" : directory_) + "/" + settings_.stateName);
  if (begins.empty()) return passed({}, "state", path_ + " does not exist yet: the first run creates it");
  if (begins != kSqlite)
    return passed({}, "state", path_ + " is a state file of the Perl program: the first run takes it over");
  try {
    state_ = std::make_unique<store::PullState>(store::ToLook{}, directory_, settings_.stateName, path_);
    if (std::string whose = whoseElse(settings_, *state_); !whose.empty())
      return log_.error(About::run(), whose, ExitStatus::data);
    tellState();
  } catch (const Failure& failure) {
    state_.reset();
    log_.error(About::run(), failure.what(), failure.status);
  }
}

void PullCheck::tellState() {
  store::Undelivered waiting;
  for (const std::string& name : hasPatterns(settings_) ? state_->mailboxes() : settings_.mailboxes)
    if (auto known = state_->mailbox({name})) {
      auto its = state_->undelivered(known->id);
      waiting.deferred += its.deferred;
      waiting.refused += its.refused;
    }
  passed({}, "state",
         path_ + ": of " + state_->account().value_or("no account yet") + "; " +
             std::to_string(waiting.deferred) + " message(s) wait for another attempt, " +
             std::to_string(waiting.refused) + " are refused",
         {{"deferred", waiting.deferred}, {"refused", waiting.refused}});
}

std::vector<std::string> PullCheck::mailboxes() {
  if (!hasPatterns(settings_)) return settings_.mailboxes;
  PullMailboxes now = listMailboxes(settings_, server_, exchange_);
  if (!now.refusal.empty()) log_.error(About::run(), "LIST: " + now.refusal, ExitStatus::tryAgain);
  for (const std::string& pattern : now.unmatched)
    log_.error(About::run(), "No mailbox matches " + shownPattern(pattern) + ". See mailbox",
               ExitStatus::data);
  std::vector<std::string> names;
  for (WireName& name : now.names) names.push_back(std::move(name.bytes));
  return names;
}

void PullCheck::lookAt(const std::string& mailbox) {
  bool there = false;
  answer::StatusEntry status;
  auto isIt = [&](const WireName& name) {
    return name.bytes == mailbox || (isInbox(mailbox) && isInbox(name.bytes));
  };
  auto reply = server_.list(
      {"", {mailbox}, {}, true},
      [&](const answer::ListEntry& entry) {
        there = there || (isIt(entry.mailbox) && !entry.nonExistent && !entry.noSelect);
      },
      [&](const answer::StatusEntry& entry) {
        if (isIt(entry.mailbox)) status = entry;
      });
  if (!await([&] { return reply.ready(); })) return;
  About about = aboutMailbox({mailbox});
  if (std::string why = PullAddressees(settings_).whyNone({mailbox}); !why.empty())
    log_.error(about, why, ExitStatus::config);
  if (!reply.done().ok())
    return log_.error(about, "LIST: " + answer::words(reply.done()), ExitStatus::tryAgain);
  if (!there)
    return log_.error(about, "There is no such mailbox on the server. See mailbox", ExitStatus::data);
  auto known = state_ ? state_->mailbox({mailbox}) : std::nullopt;
  if (known && status.uidValidity && known->uidValidity.value != 0 &&
      *status.uidValidity != known->uidValidity)
    log_.caution(about,
                 "UIDVALIDITY changed! (" + std::to_string(known->uidValidity.value) +
                     " != " + std::to_string(status.uidValidity->value) +
                     ") The next run looks for what was delivered by what it is",
                 ExitStatus::ok);
  std::uint64_t messages = status.messages.value_or(0);
  passed(mailbox, "mailbox", std::to_string(messages) + (messages == 1 ? " message" : " messages"),
         {{"messages", messages}});
}

// RFC 6154: of all mailboxes, to choose from.
void PullCheck::tellUses() {
  SpecialUses uses;
  auto reply = server_.list(
      {"", {"*"}, {}, false}, [&](const answer::ListEntry& entry) { uses.add(entry); },
      [](const answer::StatusEntry&) {});
  if (await([&] { return reply.ready(); }) && reply.done().ok() && !uses.text().empty())
    passed({}, "special-use", "Special uses: " + uses.text(), {{"uses", uses.text()}});
}

}  // namespace interimap
