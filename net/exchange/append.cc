// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/append.h"

#include <algorithm>

namespace interimap {

namespace {

std::shared_ptr<Bodies> check(const request::Append& request, Descriptor bodies) {
  std::vector<BodyRange> ranges;
  for (const auto& message : request.messages) ranges.push_back(message.body);
  return std::make_shared<Bodies>(std::move(bodies), ranges, Reading::once);
}

}  // namespace

Append::Append(request::Append request, Descriptor bodies)
    : request_(std::move(request)), bodies_(check(request_, std::move(bodies))) {
  appended_.uids.resize(request_.messages.size());
  appended_.stored.resize(request_.messages.size());
}

// append = "APPEND" SP mailbox 1*append-message   ; RFC 3502 section 6.3.11
std::vector<Command> Append::commands(const ExtensionSet& extensions) {
  if (request_.together && extensions.has(Extension::multiAppend)) perCommand_ = request_.messages.size();
  std::vector<Command> commands;
  for (std::size_t i = 0; i < request_.messages.size(); ++i) {
    if (i % perCommand_ == 0)
      commands.push_back(std::move(Command("APPEND").astring(request_.mailbox.bytes)));
    addMessage(commands.back(), request_.messages[i]);
  }
  return commands;
}

// append-message = [SP flag-list] [SP date-time] SP literal
void Append::addMessage(Command& command, const request::NewMessage& message) const {
  command.flagList(message.flags).add(" \"").add(message.date.text()).add("\"").body(bodies_, message.body);
}

void Append::completed(std::size_t index, const StatusResponse& status) {
  Exchange::completed(index, status);
  if (status.condition != Condition::ok) {
    appended_.refusal = status.what.text.substr(0, kMostText);
    isNotNow_ = isNotNow_ || status.what.code == answer::kNotNow;
    return;
  }
  auto first = static_cast<std::ptrdiff_t>(index * perCommand_);
  std::fill_n(appended_.stored.begin() + first, perCommand_, true);
  if (status.what.code != "APPENDUID") return;
  auto told = AppendUid::parse(status.what, perCommand_);
  // Else stored, but where is unknown: sync has to look for them.
  if (!told || told->uids.size() != perCommand_) return;
  appended_.uidValidity = told->uidValidity;
  std::copy(told->uids.begin(), told->uids.end(), appended_.uids.begin() + first);
}

// Whatever else there was: of some of them it is not known whether they would be refused.
void Append::finish(Answers& answers) {
  if (isNotNow_) done_.code = answer::kNotNow;
  answers.send(std::move(appended_));
}

}  // namespace interimap
