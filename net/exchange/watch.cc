// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/watch.h"

#include <algorithm>
#include <utility>

#include "net/exchange/select.h"
#include "net/wire/limits.h"

namespace interimap {

namespace {

// One NOTIFY SET for everything: Dovecot 2.3 falls silent after a second one. "personal" because it never
// matches names in modified UTF-7. Without a "selected" filter it would no longer answer our own STORE with
// FETCH and our own EXPUNGE with VANISHED; delayed is how a server behaves that was not asked
// (RFC 5465 section 6.1).
constexpr std::string_view kNotifySet =
    "NOTIFY SET STATUS (selected-delayed (MessageNew MessageExpunge FlagChange)) "
    "(personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))";

// Takes a Select's answer for itself.
class Examined final : public Answers {
 public:
  void send(What what, Descriptor) override {
    if (auto* selected = std::get_if<answer::Selected>(&what)) found = std::move(*selected);
  }
  std::optional<answer::Selected> found;
};

}  // namespace

bool News::tells(std::string_view kind) {
  constexpr std::string_view kKinds[] = {"STATUS", "LIST", "LSUB", "EXISTS", "EXPUNGE", "VANISHED", "FETCH"};
  return std::ranges::find(kKinds, kind) != std::end(kKinds);
}

bool News::isNotification(const Untagged& untagged) const {
  if (notify != Notify::set) return false;
  if (auto* status = std::get_if<StatusData>(&untagged)) return !status->entry.uidValidity;
  auto* list = std::get_if<ListResponse>(&untagged);
  return list != nullptr && list->renamed;
}

void News::overflow(const Log& log) {
  any = true;
  if (notify != Notify::set) return;
  bool again = Clock::now() - notifySent < limits::kNotifyHolds;
  notify = again ? Notify::refused : Notify::overflowed;
  if (again) log(LogLevel::warning, "server cannot keep up with NOTIFY; going on without");
}

Watch::Manner Watch::manner(const ExtensionSet& extensions) const {
  bool notifies = extensions.has(Extension::notify) && news_.notify != News::Notify::refused;
  if (request_.all && notifies) return Manner::notify;
  return extensions.has(Extension::idle) && !news_.idleRefused ? Manner::idle : Manner::silence;
}

std::vector<Command> Watch::more(const ExtensionSet& extensions) {
  step_ = Step::resting;
  bool silent = std::exchange(silent_, false);
  switch (manner(extensions)) {
    case Manner::notify:
      if (news_.notify != News::Notify::set) return notify();
      break;
    case Manner::idle:
      if (unselectable_ && !silent) return {};
      return idle();
    case Manner::silence: news_.any |= silent; return {};
  }
  std::vector<Command> commands;
  if (silent) commands.emplace_back("NOOP");
  return commands;
}

std::vector<Command> Watch::notify() {
  std::vector<Command> commands;
  if (news_.notify == News::Notify::overflowed) commands.emplace_back("NOTIFY NONE");
  commands.emplace_back(kNotifySet);
  step_ = Step::notifying;
  lastCommand_ = commands.size() - 1;
  news_.notify = News::Notify::set;
  news_.notifySent = News::Clock::now();
  return commands;
}

std::vector<Command> Watch::idle() {
  if (examine_ == nullptr) {
    request::Select examine{request_.mailbox, true, {}};
    examine_ = std::make_unique<Select>(std::move(examine), false);
    step_ = Step::examining;
    return examine_->commands({});
  }
  std::vector<Command> commands;
  commands.push_back(std::move(Command("IDLE").response("DONE", false)));
  step_ = Step::entering;
  return commands;
}

bool Watch::take(Untagged& untagged, Answers& answers) {
  return step_ == Step::examining && examine_->take(untagged, answers);
}

// Nothing of this is sync's concern: its request is done when there is news.
void Watch::completed(std::size_t index, const StatusResponse& status) {
  switch (Step before = std::exchange(step_, Step::resting); before) {
    case Step::notifying: notified(index, status); break;
    case Step::examining:
      examine_->completed(index, status);
      compareExamined(status);
      break;
    case Step::entering:
    case Step::idling:
    case Step::leaving:
      news_.idleRefused = before != Step::leaving || status.condition != Condition::ok;
      if (news_.idleRefused) log_(LogLevel::warning, "IDLE refused, going on without: " + status.words());
      break;
    case Step::resting: break;  // NOOP
  }
}

void Watch::notified(std::size_t index, const StatusResponse& status) {
  if (index != lastCommand_) {
    step_ = Step::notifying;
  } else if (status.condition == Condition::ok) {
    news_.any = true;  // nobody told what happened between the last LIST and now
  } else {
    news_.notify = News::Notify::refused;
    log_(LogLevel::warning, "NOTIFY refused, going on without: " + status.words());
  }
}

// Where the mailbox cannot be selected there is nothing to wait for: it is tried again with the next sign of
// life.
void Watch::compareExamined(const StatusResponse& status) {
  Examined now;
  examine_->finish(now);
  unselectable_ = status.condition != Condition::ok;
  if (unselectable_) {
    examine_.reset();
    if (std::exchange(news_.unselectable, request_.mailbox.bytes) != request_.mailbox.bytes)
      log_(LogLevel::warning,
           "no news of mailbox " + request_.mailbox.bytes + ", which cannot be selected: " + status.words());
    return;
  }
  news_.unselectable.clear();
  if (!now.found) return;
  news_.any |= !news_.examined || news_.mailbox != request_.mailbox.bytes || news_.examined != now.found;
  news_.mailbox = request_.mailbox.bytes;
  news_.examined = std::move(now.found);
}

bool Watch::continued() {
  if (step_ == Step::entering) step_ = Step::idling;
  return step_ == Step::idling;
}

}  // namespace interimap
