// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The net process of one account, and the server behind it: answers the requests of sync from an Account.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ipc/channel.h"
#include "ipc/imap.h"
#include "tests/model/account.h"
#include "tests/model/witness.h"

namespace interimap::model {

class SimulatedNet {
 public:
  SimulatedNet(Side side, Account& account, Witness& witness, Channel channel)
      : side_(side), account_(account), witness_(witness), channel_(std::move(channel)) {}

  // Takes what sync has sent.
  void receive();
  bool waiting() const { return !queue_.empty(); }
  bool gone() const { return !channel_; }
  Side side() const { return side_; }
  const Request& next() const { return queue_.front(); }
  void flush();

  // Whether this fault can happen to this request.
  static bool applies(Step::What fault, const Request& request);
  // Carries out the next request, with the faults that happen to it.
  void carryOut(const std::vector<Step>& faults);
  // sync is gone: of what it has sent, `most` requests will still be carried out, a write at a time; nobody
  // is answered.
  void outlive(std::size_t most);
  // The connection to sync breaks; the same holds for what it has sent.
  void lose(std::size_t most);
  void carryOutUnheard();
  // The run after that is over: what is still on its way are APPENDs, and they may come at any time.
  void linger();
  unsigned slowness = 1;  // one in so many opportunities is taken

  unsigned selects = 0;  // of mailboxes that are not upset
  unsigned writes = 0;

 private:
  using What = decltype(Answer::what);
  void carryOutFront(const std::vector<Step>& faults);
  void answer(What what, Descriptor bodies = {});
  void done(answer::Done::Completion completion = answer::Done::Completion::ok, const char* code = "",
            const char* text = "OK");
  void no(const char* code, const char* text) { done(answer::Done::Completion::no, code, text); }
  void garble(std::size_t which);
  void checkWritable(const std::string& mailbox) const;
  void takeAlong(HeldMailbox& mailbox, const HeldMessage& held);
  HeldMailbox* selected();  // or answers BAD or NO

  bool isTooLate(const Request& request);
  void handle(request::Enable&);
  void handle(request::List&);
  void handle(request::Select&);
  void handle(request::Fetch&);
  void handle(request::FetchBodies&);
  void handle(request::Append&);
  void handle(request::Store&);
  void handle(request::Expunge&);
  void handle(request::Move&);
  void handle(request::Copy&);
  void handle(request::Search&);
  void handle(request::Manage&);
  void handle(request::Watch&);
  void handle(request::Simple&);

  answer::Message message(const HeldMessage& held, request::Fetch::Items items) const;
  bool hangsUp(const Request& request) const;
  InternalDate date(const HeldMessage& held) const;
  std::uint64_t statedSize(std::uint32_t serial) const;
  void send(std::vector<answer::Message> messages);

  Side side_;
  Account& account_;
  Witness& witness_;
  std::optional<Channel> channel_;
  std::deque<Request> queue_;
  Descriptor bodies_;  // beside the request at hand
  std::vector<std::pair<What, Descriptor>> answers_;
  std::string selected_;                               // a mailbox; empty: none
  std::uint32_t incarnation_ = 0;                      // of it; 0: it is another one by now
  std::map<std::string, std::uint32_t> incarnations_;  // of the mailboxes, when sync went away
  std::optional<std::uint32_t> omit_, halfExpunge_, vanish_;
};

}  // namespace interimap::model
