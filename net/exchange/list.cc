// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/list.h"

#include <algorithm>
#include <utility>

#include "ipc/ascii.h"
#include "ipc/failure.h"
#include "ipc/subscriptions.h"
#include "net/exchange/append.h"
#include "net/wire/limits.h"

namespace interimap {

namespace {

// INBOX is one, however LIST and LSUB spell it (RFC 3501 section 5.1).
std::string keyOf(const std::string& name) { return equalIgnoringCase(name, "INBOX") ? "INBOX" : name; }

}  // namespace

List::Form List::form() const {
  const ExtensionSet& has = capabilities_.extensions();
  const bool extended = has.has(Extension::listExtended);
  const bool uses = capabilities_.has("SPECIAL-USE") || capabilities_.has("IMAP4REV2");
  return {extended, extended && uses, extended && has.has(Extension::listStatus),
          has.has(Extension::qresync) || capabilities_.has("CONDSTORE"), capabilities_.has("APPENDLIMIT")};
}

// Whether the listing tells what was to be told. BAD may be what a server says that does not bear a command
// behind the login.
bool List::answered() const {
  if (!blind_) return true;
  const Form now = form();
  const bool bad = done_.completion == answer::Done::Completion::bad;
  return now.extended && ((now == form_ && !bad) || (done_.ok() && now.limits == form_.limits));
}

std::vector<Command> List::commands(const ExtensionSet&) {
  blind_ = !capabilities_.known() && !delimiterOnly();
  form_ = blind_ ? Form{} : form();
  return listing();
}

std::vector<Command> List::listing() {
  if (!form_.extended && refuses()) return {};
  std::vector<Command> commands = form_.extended || delimiterOnly() ? extended() : plain();
  outstanding_ = commands.size();
  return commands;
}

// The selections that plain LIST and LSUB can tell.
bool List::refuses() {
  for (const std::string& option : request_.selectionOptions)
    if (option != "SUBSCRIBED" && option != "RECURSIVEMATCH" && option != "REMOTE") {
      fail("the server has not LIST-EXTENDED, without which list-select-opts cannot be " + option);
      return true;
    }
  return false;
}

// list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]   ; RFC 5258 section 6
std::vector<Command> List::extended() const {
  Command command("LIST");
  if (!request_.selectionOptions.empty()) {
    std::string options;
    for (const auto& option : request_.selectionOptions) options += (options.empty() ? "" : " ") + option;
    command.add(" (" + options + ")");
  }
  command.astring(request_.reference);
  if (request_.patterns.size() == 1) {
    command.pattern(request_.patterns.front());
  } else {
    command.patterns(request_.patterns);
  }
  if (!delimiterOnly()) {
    command.add(" RETURN (SUBSCRIBED");
    if (form_.specialUse) command.add(" SPECIAL-USE");
    if (request_.returnStatus && form_.status) command.add(" STATUS " + statusItems());
    command.add(")");
  }
  std::vector<Command> commands;
  commands.push_back(std::move(command));
  return commands;
}

std::string List::statusItems() const {
  return std::string("(MESSAGES UIDVALIDITY UIDNEXT") + (form_.modSeqs ? " HIGHESTMODSEQ" : "") +
         (form_.limits ? " APPENDLIMIT)" : ")");
}

// RFC 3501 sections 6.3.8 and 6.3.9; in pairs.
std::vector<Command> List::plain() const {
  std::vector<Command> commands;
  for (const std::string& pattern : request_.patterns)
    for (const char* verb : {"LIST", "LSUB"}) {
      commands.emplace_back(verb);
      commands.back().astring(request_.reference).pattern(pattern);
    }
  return commands;
}

// Once it is not known what to ask for, or for what, nothing may be sent behind it.
bool List::hasMore() const {
  if (delimiterOnly() || failed_) return false;
  if (!capabilities_.known()) return true;
  if (outstanding_ > 0) return blind_ || asksForStatus();
  return !answered() || (asksForStatus() && asked_ < held_.size());
}

std::vector<Command> List::more(const ExtensionSet&) {
  if (!capabilities_.known()) return {};
  if (answered()) return counting();
  blind_ = false;
  form_ = form();
  done_ = {};
  held_.clear();
  heldStatus_.clear();
  subscribed_.clear();
  whyUnknown_.clear();
  return listing();
}

std::vector<Command> List::counting() {
  std::vector<Command> commands;
  for (; asked_ < held_.size() && commands.size() < limits::kMostStatus; ++asked_) {
    if (held_[asked_].noSelect || held_[asked_].nonExistent) continue;
    commands.emplace_back("STATUS");
    commands.back().astring(held_[asked_].mailbox.bytes).add(" " + statusItems());
  }
  return commands;
}

bool List::take(Untagged& untagged, Answers& answers) {
  if (auto* list = std::get_if<ListResponse>(&untagged)) {
    if (list->subscription && form_.extended) return false;
    count();
    // Of a name that ends in a wildcard \Noselect means that something below it is subscribed.
    if (list->subscription && !list->entry.noSelect) subscribed_.insert(keyOf(list->entry.mailbox.bytes));
    if (list->subscription) return true;
    streams() ? pass(std::move(list->entry), answers) : held_.push_back(std::move(list->entry));
    return true;
  }
  if (auto* status = std::get_if<StatusData>(&untagged)) {
    count();
    streams() ? pass(std::move(status->entry), answers) : heldStatus_.push_back(std::move(status->entry));
    return true;
  }
  return false;
}

void List::missed(std::string_view kind, std::optional<Uid>) {
  if (kind == "LIST") spoil();
  if (kind == "LSUB" && !form_.extended) fail("a response of the server could not be read");
}

void List::fail(const std::string& text) {
  failed_ = true;
  done_ = {answer::Done::Completion::no, "", text};
}

void List::completed(std::size_t index, const StatusResponse& status) {
  if (outstanding_ == 0) return;  // a STATUS: a mailbox without counters is looked at
  const bool lsub = !form_.extended && index % 2 == 1 && !delimiterOnly();
  // GNU imap4d says NO where the user has no home directory. LIST tells the mailboxes all the same.
  if (lsub && status.condition != Condition::ok && !isAskedForSubscribed())
    whyUnknown_ = "LSUB: " + status.words();
  else if (lsub && status.condition != Condition::ok)
    fail("LSUB: " + status.words());
  else if (!failed_)
    Exchange::completed(index, status);
  if (--outstanding_ == 0 && !form_.extended) settle();
}

bool List::isAskedForSubscribed() const {
  return std::ranges::find(request_.selectionOptions, "SUBSCRIBED") != request_.selectionOptions.end();
}

// LIST and LSUB are there.
void List::settle() {
  auto byName = [](const answer::ListEntry& one, const answer::ListEntry& two) {
    return one.mailbox.bytes < two.mailbox.bytes;
  };
  std::ranges::stable_sort(held_, byName);
  auto same = [](const auto& one, const auto& two) { return one.mailbox == two.mailbox; };
  held_.erase(std::unique(held_.begin(), held_.end(), same), held_.end());
  for (answer::ListEntry& entry : held_)
    entry.subscribed = entry.subscribed || subscribed_.contains(keyOf(entry.mailbox.bytes));
  if (done_.ok() && !whyUnknown_.empty()) {
    done_.code = answer::kSubscriptionsUnknown;
    done_.text = whyUnknown_.substr(0, kMostText);
  }
  if (isAskedForSubscribed())
    std::erase_if(held_, [](const answer::ListEntry& entry) { return !entry.subscribed; });
}

void List::count() {
  if (++responses_ > 2 * limits::kMostMailboxes)
    throw Failure(ExitStatus::protocol,
                  "server lists more than " + std::to_string(limits::kMostMailboxes) + " mailboxes");
}

void List::finish(Answers& answers) {
  passHeld(answers);
  flushListed(answers);
  flushStatuses(answers);
}

void List::passHeld(Answers& answers) {
  for (answer::ListEntry& entry : std::exchange(held_, {})) pass(std::move(entry), answers);
  for (answer::StatusEntry& entry : std::exchange(heldStatus_, {})) pass(std::move(entry), answers);
}

void List::pass(answer::ListEntry entry, Answers& answers) {
  listedBytes_ += entry.mailbox.bytes.size();
  listed_.entries.push_back(std::move(entry));
  if (listed_.entries.size() == kMostListed || listedBytes_ > limits::kAnswerBytes) flushListed(answers);
}

void List::pass(answer::StatusEntry entry, Answers& answers) {
  statusBytes_ += entry.mailbox.bytes.size();
  if (!form_.limits) entry.appendLimit = appendLimit(capabilities_);
  statuses_.entries.push_back(std::move(entry));
  if (statuses_.entries.size() == kMostListed || statusBytes_ > limits::kAnswerBytes) flushStatuses(answers);
}

void List::flushListed(Answers& answers) {
  if (!listed_.entries.empty()) answers.send(std::exchange(listed_, {}));
  listedBytes_ = 0;
}

// Never ahead of the LIST responses they belong to.
void List::flushStatuses(Answers& answers) {
  flushListed(answers);
  if (!statuses_.entries.empty()) answers.send(std::exchange(statuses_, {}));
  statusBytes_ = 0;
}

}  // namespace interimap
