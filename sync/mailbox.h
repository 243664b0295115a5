// A mailbox that is on both servers and in the database.
#pragma once

#include <optional>
#include <string>

#include "ipc/mailbox_name.h"
#include "store/store.h"
#include "sync/reconcile.h"

namespace interimap {

struct Mailbox {
  MailboxName name;
  store::MailboxId id;
  Both<WireName> wire;
};

// A tagged NO or BAD as it is shown: "NO [OVERQUOTA] Quota exceeded".
inline std::string words(const answer::Done& done) {
  return (done.completion == answer::Done::Completion::no ? "NO " : "BAD ") + done.text;
}

}  // namespace interimap
