// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A history: what users, servers and fate do, step by step. Data: made from a seed, shortened when it fails,
// and printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ipc/launch.h"
#include "ipc/settings.h"
#include "sync/pass/reconcile.h"
#include "tests/model/flag_bits.h"

namespace interimap::model {

struct Step {
  enum class What : std::uint8_t {
    // A user, on one side.
    append,       // message `serial`, looking like `looks`, to `mailbox`, with `flags`
    expunge,      // `serial`
    flag,         // +FLAGS
    unflag,       // -FLAGS
    move,         // `looks` (a serial) to `mailbox`, where it is `serial`; `n` not 0: it is copied
    reappend,     // `serial` away and there again, as a client does that moves it to and fro
    create,       // `mailbox`
    subscribe,    // to `mailbox`
    unsubscribe,  // from `mailbox`
    // What happens to a server.
    remove,    // `mailbox` is deleted
    rename,    // `mailbox` to the name `n` of kMailboxes
    renumber,  // UIDVALIDITY changes, and every UID with it
    backup,    // `mailbox` as it is now
    restore,   // `mailbox` from its backup
    poison,    // this side refuses `serial` from now on
    hang,      // this side hangs up from now on when it is asked for the body of `serial`
    arrive,    // what dead runs have sent reaches its server
    // A run of the engine, of installation `serial`. The steps after it with `at` above 0 happen within it;
    // also another installation's run, from its beginning to its end. With `flags` it and all later ones are
    // told to --adopt. `looks`: the policy that holds for it, of History::policies.
    run,
    // Faults of a run, at the first request from the `at`-th on that they apply to.
    kill,        // of sync at its `n`-th write; `serial` says how
    stop,        // SIGTERM
    refuse,      // NO, and nothing is done
    loseBefore,  // connection lost, nothing done
    loseAfter,   // connection lost, done, `n` answers sent
    omit,        // the `n`-th message is left out of a window of bodies, or the `n`-th STATUS of a LIST
    garble,      // a FETCH response to SELECT or FETCH cannot be read, the `n`-th
    ignore,      // STORE or EXPUNGE is OK, and nothing is done (an ACL without the right to)
    vanish,      // SELECT says that everything has vanished; NO to all until the next one if `n` is 0
    halfExpunge  // \Deleted is stored, but EXPUNGE is NO, with `n` not 0 after saying VANISHED
  };
  What what = What::run;
  std::uint32_t at = 0;  // request of the run, counted from 1 over both servers; 0: between runs
  Side side = Side::local;
  std::uint32_t mailbox = 0, serial = 0, looks = 0, n = 0;
  FlagBits flags = 0;
};

// How sync is killed: before a write or after it, and perhaps with the machine.
inline constexpr std::uint32_t kAfter = 1, kPowerLoss = 2;

// As the database spells them.
inline const std::string kMailboxes[] = {"INBOX", "a", std::string("a\0b", 3), "r", std::string("r\0s", 3)};
inline constexpr std::uint32_t kCreatable = 3;  // the others come from renames only

struct Setup {
  char delimiter = '/';
  bool multiAppend = true;  // MULTIAPPEND
  bool tellsUids = true;    // APPENDUID
  bool uidPlus = true;      // UID EXPUNGE; without it no APPENDUID, either
  bool forgetful = false;   // does not remember when what was expunged: VANISHED has all that is not there
  bool parents = false;     // CREATE a/b creates a, too
  bool bulky = false;       // RFC822.SIZE is far from the truth, so that every window holds one message
  FlagBits storable = kAllFlags;  // PERMANENTFLAGS
  bool readOnly = false;          // every mailbox
  bool keepsFlags = true;         // of APPEND
  bool keepsDates = true;         // of APPEND
  bool names = false;             // calls a message the same wherever it is (EMAILID)
};

inline constexpr unsigned kMostInstallations = 2;

struct History {
  std::uint64_t seed = 0;
  unsigned installations = 1;  // each with a database of its own, on the same pair of servers
  Both<Setup> setup;
  std::vector<Step> steps;
  bool filed = false;     // mail is moved and copied, and stays the same
  bool arrivals = false;  // what a dead run has sent arrives when a step says so, and else never
  // What the user wants, from run to run; empty: that both sides are equal.
  std::vector<std::vector<settings::OfMailbox>> policies{};
  std::uint64_t daily = 0;  // octets that may be transferred in a run, until no more faults happen; 0: any
};

// A message that looks so came in longer ago than any of the policies lets be copied.
inline constexpr std::uint32_t kOld = 1U << 16;
inline constexpr std::uint32_t kMaxAge = 50 * 365;  // days

History generate(std::uint64_t seed);
// Two installations, which know nothing of each other.
History generateTwo(std::uint64_t seed);
// One or two, of accounts in which mail is moved and copied from one mailbox to another.
History generateMoving(std::uint64_t seed);
// One that has other rules for what is carried over in each of its runs.
History generateWithPolicies(std::uint64_t seed);
// Each run is on a day of its own, on which few octets may be transferred.
History generateDaily(std::uint64_t seed);
std::string text(const Step& step);
std::string text(const History& history);

}  // namespace interimap::model
