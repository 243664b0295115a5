// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/enable.h"

namespace interimap {

// In the flight that logs in it is not known yet what the server has: then it is asked in any case.
std::vector<Command> Enable::commands(const ExtensionSet& extensions) {
  bool has = extensions.has(Extension::enable) && extensions.has(Extension::qresync);
  const bool spaces = capabilities_.has("NAMESPACE") || capabilities_.has("IMAP4REV2");
  std::vector<Command> commands;
  asksToEnable_ = request_.qresync && (has || !capabilities_.known());
  if (asksToEnable_) commands.emplace_back("ENABLE QRESYNC");
  if (request_.namespaces && (spaces || !capabilities_.known())) commands.emplace_back("NAMESPACE");
  return commands;
}

// A server without NAMESPACE has one without a prefix.
void Enable::completed(std::size_t index, const StatusResponse& status) {
  if (asksToEnable_ && index == 0) Exchange::completed(index, status);
}

bool Enable::take(Untagged& untagged, Answers&) {
  if (auto* spaces = std::get_if<NamespaceResponse>(&untagged)) {
    personal_ = std::move(spaces->personal);
    return true;
  }
  auto* enabled = std::get_if<Enabled>(&untagged);
  if (enabled == nullptr) return false;
  enabled_ |= enabled->what.has("QRESYNC");
  return true;
}

// That it was refused is an answer like any other: sync knows whether it can do without.
void Enable::finish(Answers& answers) {
  answers.send(answer::Ready{capabilities_.extensions(), done_.ok() && enabled_, done_.ok() ? "" : done_.text,
                             std::move(personal_), greeting_});
}

}  // namespace interimap
