// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mailboxes that were deleted on one side are deleted on the other, as far as delete-mailboxes wants that:
// the last thing a run does, once nothing speaks against it. A list that lacks a mailbox is one witness only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ipc/launch.h"
#include "store/store.h"
#include "sync/mailboxes/lists.h"
#include "sync/mailboxes/mailbox_plan.h"
#include "sync/mailboxes/mailbox_set.h"
#include "sync/mailboxes/undertakings.h"
#include "sync/peers/server.h"
#include "sync/report/log.h"

namespace interimap {

// What is known of a mailbox that a list does not have any more, and of the one that is still there.
struct Disappearance {
  std::string from;  // which side that is
  settings::DeleteMailboxes wanted = settings::DeleteMailboxes::yes;
  std::string words;     // of that side when it is selected, if they are not that there is no such mailbox
  std::string fallen;    // another mailbox there, whose numbers are below what they were
  bool vouched = true;   // another one is as it was, or has grown
  bool all = false;      // it is one of several that are gone, and none is left but INBOX
  bool another = false;  // the one that is still there has another UIDVALIDITY than the one that we know
  std::uint64_t messages = 0, strange = 0;  // that are still there; of those, new, changed, or never copied
  std::uint64_t together = 0;               // that are in all the mailboxes that are gone from that side
  std::optional<settings::Share> maxDeletions;
  UidSet uids;  // of the messages that are known
  std::optional<store::Brake> brake;
};

struct Sentence {
  enum class What : std::uint8_t {
    remove,
    makeAgain,  // on the side that it is gone from: there is mail in it that was never there, or not so
    hold,       // not now
    keep,       // until somebody has decided
  };
  What what;
  std::string why{};
  std::optional<store::Brake> brake{};  // to be remembered until the next look
};

// `now`: seconds since 1970.
Sentence judge(const Disappearance& found, bool force, std::int64_t now);

class Deletions {
 public:
  // All outlive this.
  Deletions(const settings::Sync& settings, Both<Server*> servers, store::Store& store, Log& log,
            Lists& lists, MailboxSet& mailboxes)
      : settings_(settings),
        servers_(servers),
        store_(store),
        log_(log),
        lists_(lists),
        mailboxes_(mailboxes),
        undertakings_(servers, store, log, lists) {}

  // Takes the plans of mailboxes that are to be deleted out of these; those of what is to be made again say
  // so, and the others why they are not deleted. `preview`: tells all of it, and nothing is written.
  void judge(std::vector<MailboxPlan>& plans, bool preview = false);
  // Lists by name, so that the listing is another one after it.
  void carryOut();

 private:
  struct Gone {
    MailboxPlan* plan;
    Side from;
    store::MailboxId id;
    Policy policy;
    Reply<answer::Selected> fromReply, stillReply;
    answer::Selected still{};  // as it is there

    bool isWanted() const { return policy.expunges(other(from)); }  // by its section, if it has one
  };
  struct Due {
    MailboxName name;
    Side from;
    answer::Selected still;
  };
  settings::DeleteMailboxes wanted(const Policy& policy) const;
  std::vector<Gone> ask(std::vector<MailboxPlan>& plans);
  Disappearance examine(const Gone& gone, const std::vector<Gone>& all);
  void lookAtOthers(const Gone& gone, Disappearance& found) const;
  bool isEverything(Side from) const;
  std::uint64_t strangeMessages(const Gone& gone, const UidSet& mapped);
  bool isAsItWas(const Gone& gone, const UidSet& mapped) const;
  void apply(const Gone& gone, const Sentence& sentence, bool preview);
  void remember(const Gone& gone, const Sentence& sentence);
  bool isUnchanged(const Due& due) const;

  const settings::Sync& settings_;
  Both<Server*> servers_;
  store::Store& store_;
  Log& log_;
  Lists& lists_;
  MailboxSet& mailboxes_;
  Undertakings undertakings_;
  std::vector<Due> due_;
};

}  // namespace interimap
