// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/append.h"

#include <algorithm>
#include <charconv>

namespace interimap {

// The Bridge of Proton has told it in quotes.
std::optional<std::uint64_t> appendLimit(const Capabilities& capabilities) {
  for (const char* name : {"APPENDLIMIT=", "\"APPENDLIMIT="})
    for (const std::string& text : capabilities.behind(name)) {
      const char* end = text.data() + text.size();
      std::uint64_t limit = 0;
      auto [at, error] = std::from_chars(text.data(), end, limit);
      if (error == std::errc() && (at == end || std::string_view(at, end) == "\"")) return limit;
    }
  return std::nullopt;
}

namespace {

std::shared_ptr<Bodies> check(const request::Append& request, Descriptor bodies) {
  std::vector<BodyRange> ranges;
  for (const auto& message : request.messages) ranges.push_back(message.body);
  return std::make_shared<Bodies>(std::move(bodies), ranges, Reading::once);
}

}  // namespace

Append::Append(request::Append request, Descriptor bodies, std::optional<std::uint64_t> limit)
    : request_(std::move(request)), bodies_(check(request_, std::move(bodies))), limit_(limit) {
  if (request_.limit) limit_ = std::min(limit.value_or(*request_.limit), *request_.limit);
  appended_.uids.resize(request_.messages.size());
  appended_.stored.resize(request_.messages.size());
}

// append = "APPEND" SP mailbox 1*append-message   ; RFC 3502 section 6.3.11
std::vector<Command> Append::commands(const ExtensionSet& extensions) {
  for (std::size_t i = 0; i < request_.messages.size(); ++i)
    if (const std::uint64_t octets = request_.messages[i].body.size; limit_ && octets > *limit_)
      refuse(octets);
    else
      sent_.push_back(i);
  if (request_.together && extensions.has(Extension::multiAppend)) perCommand_ = sent_.size();
  std::vector<Command> commands;
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    if (i % perCommand_ == 0)
      commands.push_back(std::move(Command("APPEND").astring(request_.mailbox.bytes)));
    addMessage(commands.back(), request_.messages[sent_[i]]);
  }
  return commands;
}

// RFC 7889 section 4: the octets would go there for nothing.
void Append::refuse(std::uint64_t octets) {
  appended_.refusal = std::string(answer::kTooBig) + "it has " + std::to_string(octets) +
                      " octets, and the server takes " + std::to_string(*limit_) + " (APPENDLIMIT)";
  if (done_.ok()) done_ = {answer::Done::Completion::no, "TOOBIG", appended_.refusal};
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
  const std::size_t first = index * perCommand_;
  for (std::size_t i = 0; i < perCommand_; ++i) appended_.stored[sent_[first + i]] = true;
  if (status.what.code != "APPENDUID") return;
  auto told = AppendUid::parse(status.what, perCommand_);
  // Else stored, but where is unknown: sync has to look for them.
  if (!told || told->uids.size() != perCommand_) return;
  appended_.uidValidity = told->uidValidity;
  for (std::size_t i = 0; i < perCommand_; ++i) appended_.uids[sent_[first + i]] = told->uids[i];
}

// Whatever else there was: of some of them it is not known whether they would be refused.
void Append::finish(Answers& answers) {
  if (isNotNow_) done_.code = answer::kNotNow;
  answers.send(std::move(appended_));
}

}  // namespace interimap
