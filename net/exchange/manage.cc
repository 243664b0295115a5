// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/manage.h"

#include <iterator>

#include "ipc/special_use.h"

namespace interimap {

// create = "CREATE" SP mailbox [SP "(USE (" use-attr ... "))"]   ; RFC 6154 section 6
std::vector<Command> Manage::commands(const ExtensionSet&) {
  using Verb = request::Manage::Verb;
  constexpr std::string_view kVerbs[] = {"CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE"};
  Command command(kVerbs[static_cast<std::size_t>(request_.verb)]);
  command.astring(request_.mailbox.bytes);
  if (request_.verb == Verb::rename) command.astring(request_.to.bytes);
  if (request_.verb == Verb::create && capabilities_.has("CREATE-SPECIAL-USE")) command.add(uses());
  std::vector<Command> commands;
  commands.push_back(std::move(command));
  return commands;
}

std::string Manage::uses() const {
  std::string uses;
  for (std::size_t use = 0; use < std::size(kSpecialUses); ++use)
    if ((request_.uses >> use & 1) != 0) uses += (uses.empty() ? "" : " ") + std::string(kSpecialUses[use]);
  return uses.empty() ? "" : " (USE (" + uses + "))";
}

namespace {

// No mailbox has this name.
constexpr const char* kNowhere = "interimap: no mailbox, to leave the one that is selected";

}  // namespace

// Without UNSELECT (RFC 3691) a mailbox is left by a SELECT or EXAMINE that fails (RFC 3501 section 6.3.1):
// CLOSE would expunge what others have marked \Deleted.
std::vector<Command> Simple::commands(const ExtensionSet& extensions) {
  using Verb = request::Simple::Verb;
  std::vector<Command> commands;
  switch (request_.verb) {
    case Verb::unselect:
      if (!selected_) commands.emplace_back("NOOP");
      if (selected_ && extensions.has(Extension::unselect)) commands.emplace_back("UNSELECT");
      if (selected_ && !extensions.has(Extension::unselect))
        commands.push_back(std::move(Command("EXAMINE").astring(kNowhere)));
      break;
    case Verb::noop: commands.emplace_back("NOOP"); break;
    case Verb::logout: commands.emplace_back("LOGOUT"); break;
  }
  return commands;
}

// That there is no such mailbox is what was wanted.
void Simple::completed(std::size_t index, const StatusResponse& status) {
  if (request_.verb != request::Simple::Verb::unselect || status.condition != Condition::no)
    Exchange::completed(index, status);
}

}  // namespace interimap
