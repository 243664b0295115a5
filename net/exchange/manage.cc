// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/manage.h"

namespace interimap {

std::vector<Command> Manage::commands(const ExtensionSet&) {
  using Verb = request::Manage::Verb;
  constexpr std::string_view kVerbs[] = {"CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE"};
  Command command(kVerbs[static_cast<std::size_t>(request_.verb)]);
  command.astring(request_.mailbox.bytes);
  if (request_.verb == Verb::rename) command.astring(request_.to.bytes);
  std::vector<Command> commands;
  commands.push_back(std::move(command));
  return commands;
}

// Without UNSELECT (RFC 3691) the mailbox stays selected: CLOSE would expunge what others have marked
// \Deleted.
std::vector<Command> Simple::commands(const ExtensionSet& extensions) {
  using Verb = request::Simple::Verb;
  std::vector<Command> commands;
  switch (request_.verb) {
    case Verb::unselect:
      commands.emplace_back(selected_ && extensions.has(Extension::unselect) ? "UNSELECT" : "NOOP");
      break;
    case Verb::noop: commands.emplace_back("NOOP"); break;
    case Verb::logout: commands.emplace_back("LOGOUT"); break;
  }
  return commands;
}

}  // namespace interimap
