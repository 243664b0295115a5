// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/select.h"

#include <utility>

#include "ipc/failure.h"
#include "net/wire/limits.h"

namespace interimap {

Select::Select(request::Select request, bool replaces) : request_(std::move(request)), holding_(replaces) {}

std::vector<Command> Select::commands(const ExtensionSet&) {
  Command command(request_.readOnly ? "EXAMINE" : "SELECT");
  command.astring(request_.mailbox.bytes);
  if (request_.known)
    command.add(resyncParameter());
  else if (request_.modSequences)
    command.add(" (CONDSTORE)");
  std::vector<Command> commands;
  commands.push_back(std::move(command));
  return commands;
}

// select-param =/ "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
std::string Select::resyncParameter() const {
  const request::Known& known = *request_.known;
  if (known.modSeq.value == 0 || known.uidValidity.value == 0 || known.uids.empty()) return {};
  std::string uids = known.uids.text();
  // Naming UIDs in between that never were is allowed, a line that the server refuses is of no use.
  if (uids.size() > limits::kLongestSet)
    uids = UidSet::range(known.uids.first().value(), known.uids.last().value()).text();
  std::string text = " (QRESYNC (" + std::to_string(known.uidValidity.value) + " " +
                     std::to_string(known.modSeq.value) + " " + uids;
  // The sample's message numbers: the last ones of as many messages as we have.
  auto sampled = known.sample.size();
  std::string sample = known.sample.text();
  if (sampled > 0 && sampled <= known.count && sample.size() <= limits::kLongestSet) {
    auto numbers = UidSet::range(known.count - static_cast<std::uint32_t>(sampled) + 1, known.count);
    text += " (" + numbers.text() + " " + sample + ")";
  }
  return text + "))";
}

bool Select::take(Untagged& untagged, Answers& answers) {
  if (auto* status = std::get_if<StatusResponse>(&untagged)) {
    note(status->what, answers);
    return true;
  }
  if (auto* exists = std::get_if<Exists>(&untagged)) {
    selected_.exists = exists->messages;
    return true;
  }
  if (auto* vanished = std::get_if<Vanished>(&untagged)) {
    if (request_.known && vanished->earlier)
      for (UidSet& piece : vanished->uids.piecesOfRanges(kMostRanges))
        answers.send(answer::Vanished{std::move(piece)});
    return true;
  }
  auto* fetch = std::get_if<FetchResponse>(&untagged);
  if (fetch == nullptr) return false;
  if (!request_.known || !fetch->uid) return true;
  if (!holding_) {
    messages_.add(MessagesAnswer::of(*fetch), answers);
  } else {
    if (held_.size() == limits::kMostHeld)
      throw Failure(ExitStatus::protocol,
                    "server says too much before it has closed the mailbox selected before");
    held_.push_back(MessagesAnswer::of(*fetch));
  }
  return true;
}

void Select::note(const RespText& text, Answers& answers) {
  if (text.code == "CLOSED") {
    selected_ = {};
    held_.clear();
    holding_ = false;
  } else if (auto validity = text.number("UIDVALIDITY")) {
    if (*validity <= 0xffffffffU) selected_.uidValidity.value = static_cast<std::uint32_t>(*validity);
    release(answers);
  } else if (auto next = text.number("UIDNEXT")) {
    if (*next <= std::uint64_t{1} << 32) selected_.uidNext.value = *next;
  } else if (auto modSeq = text.number("HIGHESTMODSEQ")) {
    selected_.highestModSeq.value = *modSeq;
  } else if (auto storable = text.permanentFlags()) {
    selected_.storable = std::move(*storable);
  } else if (text.code == "NOMODSEQ") {
    selected_.highestModSeq.value = 0;
  } else if (text.code == "UIDNOTSTICKY") {
    selected_.uidNotSticky = true;
  } else if (text.code == "READ-ONLY" || text.code == "READ-WRITE") {
    selected_.readOnly = text.code == "READ-ONLY";
  }
}

void Select::release(Answers& answers) {
  holding_ = false;
  for (answer::Message& message : std::exchange(held_, {})) messages_.add(std::move(message), answers);
}

void Select::completed(std::size_t index, const StatusResponse& status) {
  Exchange::completed(index, status);
  if (status.what.code == "READ-ONLY") selected_.readOnly = true;
}

void Select::finish(Answers& answers) {
  release(answers);
  messages_.flush(answers);
  if (done_.ok()) answers.send(std::move(selected_));
}

}  // namespace interimap
