// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/list.h"

#include <utility>

#include "ipc/failure.h"
#include "net/wire/limits.h"

namespace interimap {

// list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]   ; RFC 5258 section 6
std::vector<Command> List::commands(const ExtensionSet&) {
  Command command("LIST");
  bool delimiterOnly = request_.patterns.size() == 1 && request_.patterns.front().empty();
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
  if (!delimiterOnly) {
    command.add(" RETURN (SUBSCRIBED");
    if (request_.returnStatus) command.add(" STATUS (MESSAGES UIDVALIDITY UIDNEXT HIGHESTMODSEQ)");
    command.add(")");
  }
  std::vector<Command> commands;
  commands.push_back(std::move(command));
  return commands;
}

bool List::take(Untagged& untagged, Answers& answers) {
  if (auto* list = std::get_if<ListResponse>(&untagged)) {
    count();
    listedBytes_ += list->entry.mailbox.bytes.size();
    listed_.entries.push_back(std::move(list->entry));
    if (listed_.entries.size() == kMostListed || listedBytes_ > limits::kAnswerBytes) flushListed(answers);
    return true;
  }
  if (auto* status = std::get_if<StatusData>(&untagged)) {
    count();
    statusBytes_ += status->entry.mailbox.bytes.size();
    statuses_.entries.push_back(std::move(status->entry));
    if (statuses_.entries.size() == kMostListed || statusBytes_ > limits::kAnswerBytes)
      flushStatuses(answers);
    return true;
  }
  return false;
}

void List::count() {
  if (++responses_ > 2 * limits::kMostMailboxes)
    throw Failure(ExitStatus::protocol,
                  "server lists more than " + std::to_string(limits::kMostMailboxes) + " mailboxes");
}

void List::finish(Answers& answers) {
  flushListed(answers);
  flushStatuses(answers);
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
