// What one server says about a mailbox since last time, gathered as it arrives: nothing is kept of a message
// whose flags are as we know them.
#pragma once

#include <map>
#include <vector>

#include "store/store.h"
#include "sync/mailbox.h"
#include "sync/server.h"

namespace interimap {

// A message without a partner, to be copied. Eight bytes: there may be a million.
struct Fresh {
  Uid uid;
  std::uint32_t size;  // octets, 2^32-1 for more
};

class Changes {
 public:
  // `full`: not only what is new, but every message there is.
  Changes(Server& server, const store::Store& store, const Mailbox& mailbox,
          std::optional<store::SideState> known, bool full);

  // Sends SELECT, with QRESYNC data if there are any, and UID FETCH of everything from the known UIDNEXT on.
  void ask();
  // Waits. Says why this mailbox must be left alone, or nothing if all is well.
  struct Trouble {
    std::string text;
    ExitStatus status;
    bool again = false;   // a response could not be read: worth another try
    bool afresh = false;  // UIDs do not mean what they meant: what is known of it is to be forgotten
    bool hold = false;    // and that would not be noticed by the next run
  };
  std::optional<Trouble> collect();

  // A message we know: kept if its flags are not those we know. Also for what is asked later on.
  void message(Uid uid, const Flags& flags);

  const answer::Selected& selected() const { return selected_; }
  UidNext listedFrom() const { return listedFrom_; }
  UidNext knownNext() const { return knownNext_; }  // as of last time; what is above is new
  // Mapped messages that are said to be gone: VANISHED, or not listed any more.
  UidSet gone;
  // With `full`: mapped messages that are not there, though nobody ever said that they went.
  UidSet lost;
  // VANISHED, and not mapped; flags changed, and not mapped though not new either. As long as nobody looks.
  UidSet strangersGone, strangersChanged;
  // Mapped messages and the flags they have now.
  std::map<Uid, Flags> flags;
  // With `full`: of those, the ones with a mod-sequence from before: the server did not report that change.
  UidSet unreported;
  // Ascending.
  std::vector<Fresh> fresh;

 private:
  void listed(const answer::Message& message);
  request::Known known() const;
  std::optional<Trouble> regressed() const;

  Server& server_;
  const store::Store& store_;
  const Mailbox& mailbox_;
  std::optional<store::SideState> known_;
  bool hasBase_, full_;
  UidNext listedFrom_{1}, knownNext_{1};
  UidSet mapped_, seen_;
  answer::Selected selected_;
  Reply<answer::Selected> selectReply_;
  Reply<Nothing> listReply_;
};

}  // namespace interimap
