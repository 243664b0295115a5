// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A history put to the test: two accounts, the engine, its database, and a witness.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ipc/exit_status.h"
#include "sync/engine.h"
#include "tests/model/account.h"
#include "tests/model/history.h"
#include "tests/model/memory_files.h"
#include "tests/model/simulated_net.h"
#include "tests/model/witness.h"

namespace interimap::model {

class Trial {
 public:
  // `trace` collects what happens, line by line, if not null.
  Trial(const History& history, MemoryFiles& files, std::string* trace);
  // What went wrong; nothing if all is well.
  std::optional<std::string> verdict();
  unsigned runs() const { return runs_; }

 private:
  struct Outcome {
    bool finished = false;  // else killed, stopped, or a connection was lost
    ExitStatus status = ExitStatus::ok;
    unsigned writes = 0, selects = 0;
  };

  void haveTables();
  void play();
  void settle();
  void comeToRest();
  void checkQuiet(ExitStatus status);
  bool madeParents() const;  // did a server in the last run, unasked
  bool isAnyWithheld() const;
  bool isAnyRefused();
  bool isAnyHungUpAt();
  void passADay();
  void checkAfter(const Outcome& outcome, bool clean);
  Outcome run(std::uint64_t seed, std::span<const Step> within, unsigned installation = 0);
  void runAlongside(const Step& step);
  bool hasTheSameNewest(store::MailboxId id, Side side);
  bool recognisable(const store::KnownMailbox& known);
  ExitStatus synchronise(class Interleaving& interleaving, Reporter& reporter, Log& log,
                         Both<Descriptor> ends, Both<unsigned> most, const Step* kill);
  store::Store& store() { return store(at_); }
  store::Store& store(unsigned installation);
  void closeStores();
  bool isSurplus(unsigned installation, Side side, const std::string& mailbox, Uid uid);
  bool isKnownToAll(Side side, const std::string& mailbox, std::uint32_t uid);
  // What users and servers do. Nothing if it cannot be done now.
  void act(const Step& step);
  void haveArrive(std::uint64_t seed, std::uint32_t oneIn);  // some of what is on its way
  void append(const Step& step);
  void move(const Step& step);
  void reappend(const Step& step);
  void expunge(const Step& step);
  void flag(const Step& step);
  void rename(const Step& step);
  void restore(const Step& step);
  void upset(const std::string& mailbox);
  bool isElsewhere(const store::KnownMailbox& known);
  // Finds out which of the upset mailboxes the engine has to notice, and so to leave alone or to take afresh.
  void forbidUpset();
  void takeAfresh(const store::KnownMailbox& known);
  void note(const std::string& line);
  void noteMailboxes();

  const History& history_;
  MemoryFiles& files_;
  std::string* trace_;
  Both<Account> accounts_;
  Witness witness_{accounts_};
  struct Installation {
    std::unique_ptr<store::Store> store;
    Seam* seam = nullptr;      // of its run at hand
    bool powerFailed = false;  // before this run
  };
  Installation installations_[kMostInstallations];
  unsigned at_ = 0;       // whose run it is
  unsigned running_ = 0;  // how many are at it
  unsigned runs_ = 0;
  std::list<SimulatedNet> stragglers_;  // of former runs, with what sync had sent and nobody had read
  // Until the engine has noticed, nothing happens to these on this side: it would raise UIDNEXT and
  // HIGHESTMODSEQ again, so that nobody could tell.
  Both<std::set<std::string>> restored_;
  std::set<std::string> afresh_;  // that the run at hand is to take
  bool mustReport_ = false;       // a mailbox is forbidden, so that no run may end with 0
  bool adopting_ = false;         // --adopt, from now on
  const std::vector<settings::OfMailbox>* policy_ = nullptr;
  bool settling_ = false;   // no more faults, and nothing is limited
  bool mayDiffer_ = false;  // a mailbox whose UIDVALIDITY changed may be too different to be taken afresh
};

}  // namespace interimap::model
