#include "sync/commands.h"

#include <algorithm>

#include "ipc/failure.h"
#include "sync/mailbox.h"

namespace interimap {

namespace {

constexpr Side kSides[] = {Side::local, Side::remote};
using Verb = request::Manage::Verb;

}  // namespace

// MAILBOX arguments are spelled with the local delimiter, below the reference.
MailboxName Commands::named(std::size_t argument) const {
  const std::string& text = settings_.mailboxes.at(argument);
  auto name = Hierarchy("", lists_.hierarchy(Side::local).delimiter()).name({text});
  if (!name) throw Failure(ExitStatus::usage, "Invalid mailbox name " + text);
  return *name;
}

void Commands::remove() {
  lists_.fetch(Lists::Scope::named);
  for (std::size_t i = 0; i < settings_.mailboxes.size(); ++i) {
    MailboxName name = named(i);
    bool servers = settings_.onLocal || settings_.onRemote;
    // No server deletes INBOX; what the database knows of it may well be forgotten.
    if (name.isInbox() && servers)
      throw Failure(ExitStatus::usage,
                    "INBOX can't be deleted (--target=database forgets what is known of it)");
    for (Side side : kSides) {
      auto it = lists_.listing(side).find(name);
      if (targets(side) && it != lists_.listing(side).end() && it->second.exists)
        manage(side, Verb::remove, name, {});
    }
    if (settings_.inDatabase) forget(name);
  }
}

void Commands::forget(const MailboxName& name) {
  if (store_.isNew()) return;
  for (const store::KnownMailbox& mailbox : store_.mailboxes()) {
    if (mailbox.name != name) continue;
    if (settings_.dryRun) return log_.notice(About::database(), "Would remove mailbox " + shown(name));
    store::Transaction transaction = store_.begin();
    store_.removeMailbox(mailbox.id);
    transaction.commit("delete");
    log_.notice(About::database(), "Removed mailbox " + shown(name));
  }
}

void Commands::rename() {
  lists_.fetch(Lists::Scope::named);
  MailboxName from = named(0), to = named(1);
  refuseExisting(to);
  for (Side side : kSides)
    if (targets(side) && lists_.listing(side).contains(from)) manage(side, Verb::rename, from, to);
  if (!settings_.inDatabase || store_.isNew()) return;
  if (settings_.dryRun)
    return log_.notice(About::database(), "Would rename mailbox " + shown(from) + " to " + shown(to));
  store::Transaction transaction = store_.begin();
  std::size_t rows = store_.rename(from, to);
  transaction.commit("rename");
  if (rows > 0) log_.notice(About::database(), "Renamed mailbox " + shown(from) + " to " + shown(to));
}

// Where the old name is still there beside the new one, nothing may be overwritten. Where only the new one
// is, the renaming has been done already.
void Commands::refuseExisting(const MailboxName& name) {
  MailboxName from = named(0);
  auto refuse = [&](const About& about, const char* target) {
    throw AboutFailure(about, ExitStatus::data,
                       "Mailbox " + shown(name) + " exists. Run `interimap --target=" + target +
                           " --delete " + shown(name) + "` to delete.");
  };
  for (Side side : kSides) {
    if (!targets(side)) continue;
    auto it = lists_.listing(side).find(name);
    bool exists = it != lists_.listing(side).end() && it->second.exists;
    bool resumes =
        !lists_.listing(side).contains(from) && (lists_.listing(other(side)).contains(from) || known(from));
    if (exists && !resumes) refuse(About::server(side), servers_[side]->name());
  }
  if (settings_.inDatabase && known(name)) refuse(About::database(), "database");
}

bool Commands::known(const MailboxName& name) const {
  return !store_.isNew() && std::ranges::any_of(store_.mailboxes(), [&](const store::KnownMailbox& mailbox) {
    return mailbox.name == name;
  });
}

void Commands::manage(Side side, Verb verb, const MailboxName& name, const std::optional<MailboxName>& to) {
  WireName wire = lists_.hierarchy(side).wire(name);
  std::string what = wire.bytes;
  WireName target;
  if (to) {
    target = lists_.hierarchy(side).wire(*to);
    what += " to " + target.bytes;
  }
  if (settings_.dryRun)
    return log_.notice(About::server(side),
                       (verb == Verb::remove ? "Would delete mailbox " : "Would rename mailbox ") + what);
  auto reply = servers_[side]->manage(verb, wire, target);
  if (!reply.done().ok())
    throw ServerFailure(side, ExitStatus::unavailable,
                        std::string("Couldn't ") + (verb == Verb::remove ? "delete " : "rename ") + what +
                            ": " + words(reply.done()));
  log_.info(About::server(side), (verb == Verb::remove ? "Deleted mailbox " : "Renamed mailbox ") + what);
}

}  // namespace interimap
