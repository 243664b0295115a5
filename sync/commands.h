// --delete and --rename: the same mailbox on both servers and in the database.
#pragma once

#include "ipc/launch.h"
#include "store/store.h"
#include "sync/lists.h"
#include "sync/log.h"
#include "sync/server.h"

namespace interimap {

// Each step leaves alone what is done already, so that a command that was interrupted, or that one server
// refused, is carried on by giving it again.
class Commands {
 public:
  Commands(const settings::Sync& settings, Both<Server*> servers, store::Store& store, Log& log)
      : settings_(settings), servers_(servers), store_(store), log_(log), lists_(settings, servers, log) {}

  void remove();  // settings.mailboxes; not what is below them
  void rename();  // settings.mailboxes[0] to [1], and what is below it

 private:
  bool targets(Side side) const { return side == Side::local ? settings_.onLocal : settings_.onRemote; }
  MailboxName named(std::size_t argument) const;
  void manage(Side side, request::Manage::Verb verb, const MailboxName& name,
              const std::optional<MailboxName>& to);
  void forget(const MailboxName& name);
  bool known(const MailboxName& name) const;
  void refuseExisting(const MailboxName& name);
  std::string shown(const MailboxName& name) const { return lists_.hierarchy(Side::local).wire(name).bytes; }

  const settings::Sync& settings_;
  Both<Server*> servers_;
  store::Store& store_;
  Log& log_;
  Lists lists_;
};

}  // namespace interimap
