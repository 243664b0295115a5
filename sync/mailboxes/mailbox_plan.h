// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Which mailboxes to create, subscribe, forget: a pure function of the two listings and the database.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ipc/imap.h"
#include "ipc/launch.h"
#include "sync/mailboxes/policy.h"

namespace interimap {

// One side's LIST, by name. Names that are listed but cannot be selected are here, with exists = false.
struct ListedMailbox {
  bool exists = false;
  bool subscribed = false;
  answer::StatusEntry status;
  std::uint8_t uses = 0;  // a bit for each of kSpecialUses
};
using Listing = std::map<MailboxName, ListedMailbox>;

struct MailboxStep {
  enum class Do : std::uint8_t {
    create,       // on `side`
    subscribe,    // on `side`
    unsubscribe,  // on `side`
    add,          // to the database, with `subscribed`
    mark,         // as `subscribed` in the database
    remove,       // from `side`; never among `steps`: that is the last thing done (sync/deletions.h)
  };
  Do what;
  Side side = Side::local;
  bool subscribed = false;
  bool operator==(const MailboxStep&) const = default;
};

// Of what is done to a server, as messages say it.
const char* verbOf(MailboxStep::Do step);

struct MailboxPlan {
  MailboxName name;
  std::vector<MailboxStep> steps;  // in this order; the database last
  std::optional<Side> goneFrom;    // known, but listed on the other side only: nothing is done
  struct Left {
    MailboxStep step;
    std::string why;  // in the words of the configuration
  };
  std::vector<Left> left{};  // steps that the user does not want, or that something speaks against

  // It stays on one side alone.
  bool isLeft() const {
    return goneFrom || (!left.empty() && (left.front().step.what == MailboxStep::Do::create ||
                                          left.front().step.what == MailboxStep::Do::remove));
  }
  // Gone from a side, and unknown from now on: it is made there again.
  void makeAgain(bool subscribed);
};

// Takes the steps that the policy forbids out of the plan.
void leaveUnwanted(MailboxPlan& plan, const Policy& policy);

// Which of the mailboxes in the database are subscribed.
using KnownSubscriptions = std::map<MailboxName, bool>;

// `tell`: whether both sides have told what is subscribed. If not, all subscriptions stay as they are: what
// one side does not tell is neither carried over nor taken for a change.
std::vector<MailboxPlan> planMailboxes(const Listing& local, const Listing& remote,
                                       const KnownSubscriptions& known, bool tell = true);

}  // namespace interimap
