// Asks both servers what messages look like, and finds those that are the same on both.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sync/mailbox.h"
#include "sync/server.h"
#include "sync/twins.h"

namespace interimap {

class TwinSearch {
 public:
  TwinSearch(Both<Server*> servers, const Mailbox& mailbox) : servers_(servers), mailbox_(mailbox) {}
  TwinSearch(const TwinSearch&) = delete;

  // Sends.
  void ask(Side side, const UidSet& uids);
  bool asked() const { return !asked_.local.empty() || !asked_.remote.empty(); }

  // Until nothing is outstanding; due before this object goes away.
  void wait();

  struct Trouble {
    Side side;
    std::string text;
    bool again;  // worth another try
  };
  // Waits, and where there is doubt asks for the bodies, too. `validity`: that the UIDs are of. `taken`: what
  // has found its partner in the meantime.
  std::optional<Trouble> finish(const Both<UidValidity>& validity,
                                const std::function<bool(Side, Uid)>& taken);

  // After finish(). In the order of their local UIDs.
  const std::vector<Twins>& found() const { return found_; }
  const Flags& flags(std::uint32_t number) const { return flags_[number]; }
  // That may be on the other side, too, but the server did not show their bodies.
  const Both<UidSet>& unclear() const { return unclear_; }

 private:
  struct Question {
    Side side;
    Reply<answer::Selected> selected;
    Reply<Nothing> reply;
  };
  void looks(Side side, const answer::Message& message);
  void askContents(const Both<UidSet>& uids);
  std::uint32_t number(const Flags& flags);
  std::optional<Trouble> await(const Both<UidValidity>& validity);
  void tidy(const std::function<bool(Side, Uid)>& taken);

  Both<Server*> servers_;
  const Mailbox& mailbox_;
  std::vector<Question> questions_;
  Both<UidSet> asked_, unclear_;
  Both<std::vector<Lookalike>> lookalikes_;
  Both<std::map<Uid, ContentDigest>> contents_;
  std::vector<Flags> flags_;
  std::unordered_map<std::string, std::uint32_t> numbers_;  // of flags
  std::vector<Twins> found_;
};

}  // namespace interimap
