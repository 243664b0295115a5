// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Histories told by hand: each went wrong once, or is what a kill at every write and a fault at every request
// must not harm.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/model/trial.h"

namespace interimap::model {
namespace {

using What = Step::What;
constexpr Side kHere = Side::local, kThere = Side::remote;
// Told once for every request, or write, or interleaving of a run.
constexpr std::uint32_t kEach = UINT32_MAX;
constexpr std::uint32_t kRequests = 40;

struct Told {
  const char* name;
  std::vector<Step> steps;
  Both<Setup> setup = {};
  bool arrivals = false;
  std::uint64_t daily = 0;
};

Step append(Side side, std::uint32_t serial, FlagBits flags = 0, std::uint32_t mailbox = 0) {
  return {.what = What::append,
          .side = side,
          .mailbox = mailbox,
          .serial = serial,
          .looks = serial,
          .flags = flags};
}
Step lookalike(Side side, std::uint32_t serial, std::uint32_t looks, FlagBits flags = 0) {
  return {.what = What::append, .side = side, .serial = serial, .looks = looks, .flags = flags};
}
Step expunge(Side side, std::uint32_t serial) {
  return {.what = What::expunge, .side = side, .serial = serial};
}
Step flag(Side side, std::uint32_t serial) {
  return {.what = What::flag, .side = side, .serial = serial, .flags = kFlagged};
}
Step unflag(Side side, std::uint32_t serial) {
  return {.what = What::unflag, .side = side, .serial = serial, .flags = kFlagged};
}
Step mark(Side side, std::uint32_t serial) {
  return {.what = What::flag, .side = side, .serial = serial, .flags = kDeleted};
}
Step poison(Side side, std::uint32_t serial) {
  return {.what = What::poison, .side = side, .serial = serial};
}
Step in(What what, std::uint32_t mailbox, Side side = kHere) {
  return {.what = what, .side = side, .mailbox = mailbox};
}
Step rename(Side side, std::uint32_t from, std::uint32_t to) {
  return {.what = What::rename, .side = side, .mailbox = from, .n = to};
}
Step fault(What what, std::uint32_t n = 0, std::uint32_t at = kEach) {
  return {.what = what, .at = at, .n = n};
}
Step kill(bool after, std::uint32_t write = kEach) {
  return {.what = What::kill, .at = 1, .serial = after ? kAfter : 0, .n = write};
}
Step powerLoss(bool after, std::uint32_t write = kEach) {
  return {.what = What::kill, .at = 1, .serial = kPowerLoss | (after ? kAfter : 0), .n = write};
}
Step at(std::uint32_t request, Step step) {
  step.at = request;
  return step;
}
const Step kRun{.what = What::run, .n = 7}, kAdopt{.what = What::run, .n = 7, .flags = kAllFlags},
    kRunAnyhow{.what = What::run, .n = kEach};

const Setup kNoMultiAppend{.multiAppend = false}, kNoUids{.tellsUids = false},
    kNeither{.multiAppend = false, .tellsUids = false}, kOneEach{.bulky = true}, kDots{.delimiter = '.'},
    kNoUidPlus{.uidPlus = false}, kReadOnly{.readOnly = true}, kParents{.parents = true};

const std::vector<Step> kFirst{append(kHere, 1, kFlagged), append(kHere, 2),    append(kThere, 3, kFlagged),
                               append(kThere, 4),          in(What::create, 2), append(kHere, 5, 0, 2)};

std::vector<Step> then(std::vector<Step> steps, const std::vector<Step>& more) {
  steps.insert(steps.end(), more.begin(), more.end());
  return steps;
}

const std::vector<Step> kChanges = then(
    kFirst, {kRun, flag(kHere, 2), unflag(kThere, 1), flag(kThere, 4), expunge(kHere, 3), expunge(kThere, 5),
             append(kThere, 6), append(kHere, 7), in(What::subscribe, 2, kThere), kRun});

const std::vector<Step> kRenamed =
    then(kFirst, {append(kThere, 8, 0, 2), in(What::create, 1), kRun, append(kHere, 6, 0, 2),
                  expunge(kThere, 8), rename(kHere, 1, 3), kRun});

// Somebody else's marks: one that both sides know, one that is new; and what is to be expunged beside them.
const std::vector<Step> kMarked =
    then(kFirst, {append(kThere, 6), append(kHere, 7), kRun, mark(kThere, 1), kRun, mark(kThere, 2),
                  expunge(kHere, 3), expunge(kHere, 4), flag(kHere, 6), kRun});

// UIDVALIDITY changes; there is news, too.
const std::vector<Step> kNewNumbers =
    then(kFirst, {kRun, append(kHere, 6), append(kThere, 7), unflag(kHere, 1), flag(kThere, 2),
                  in(What::renumber, 0, kThere), append(kThere, 8), kRun});

// A message is left out, and its UID is another's then.
const std::vector<Step> kLeftOut{append(kThere, 1),
                                 {.what = What::hang, .side = kThere, .serial = 1},
                                 kAdopt,
                                 append(kThere, 3),
                                 kRun,
                                 in(What::renumber, 0, kThere),
                                 kRunAnyhow};

// Nobody has heard what became of a copy, and it cannot be looked at.
const std::vector<Step> kHungUpAtCopy{append(kHere, 1),
                                      append(kHere, 2),
                                      kRun,
                                      fault(What::loseAfter),
                                      {.what = What::hang, .side = kThere, .serial = 1},
                                      kRun,
                                      kRun,
                                      kRun,
                                      append(kHere, 3),
                                      kRun};

// A backup without the last message of each side comes back, and something new arrives.
const std::vector<Step> kRestored =
    then(kFirst, {kRun, in(What::backup, 0, kThere), append(kHere, 6), append(kThere, 7), flag(kThere, 2),
                  kRun, in(What::restore, 0, kThere), append(kHere, 8), kRun});

const std::vector<Told> kTold{
    {"a first run", then(kFirst, {kRun}), {kDots, {}}},
    {"a first run, killed before a write", then(kFirst, {kRun, kill(false)})},
    {"a first run, killed after a write", then(kFirst, {kRun, kill(true)}), {kOneEach, kOneEach}},
    {"a first run without APPENDUID, killed after a write",
     then(kFirst, {kRun, kill(true)}),
     {kNeither, kNoUids}},
    {"changes on both sides", kChanges},
    {"field 11: a server hangs up at a message, and new UIDs mean others", kLeftOut},
    {"field 11: a server hangs up at a message, and new UIDs mean others; wrong sizes",
     kLeftOut,
     {kNoUids, {.bulky = true, .keepsDates = false}}},
    {"field 11: a server hangs up at the copy that an interrupted run had sent: it is not sent again",
     kHungUpAtCopy},
    {"field 11: a server hangs up at the copy that an interrupted run had sent; without APPENDUID",
     kHungUpAtCopy,
     {{}, kNoUids}},
    {"a first run, the power fails before a write", then(kFirst, {kRun, powerLoss(false)})},
    {"a first run, the power fails after a write",
     then(kFirst, {kRun, powerLoss(true)}),
     {kOneEach, kOneEach}},
    {"a first run without APPENDUID, the power fails after a write",
     then(kFirst, {kRun, powerLoss(true)}),
     {kNoUids, kNeither}},
    {"changes on both sides, the power fails before a write", then(kChanges, {powerLoss(false)})},
    {"changes on both sides, the power fails after a write", then(kChanges, {powerLoss(true)})},
    {"changes on both sides, killed before a write", then(kChanges, {kill(false)})},
    {"changes on both sides, killed after a write", then(kChanges, {kill(true)})},
    {"changes, a NO at any time", then(kChanges, {fault(What::refuse)})},
    {"changes, a connection lost before a command", then(kChanges, {fault(What::loseBefore)})},
    {"changes, a connection lost after a command", then(kChanges, {fault(What::loseAfter)})},
    {"changes, a connection lost amid the answers", then(kChanges, {fault(What::loseAfter, 1)})},
    {"changes, everything vanishes", then(kChanges, {fault(What::vanish)})},
    {"changes, everything is said to have vanished", then(kChanges, {fault(What::vanish, 1)})},
    {"changes, and STORE and EXPUNGE do nothing", then(kChanges, {fault(What::ignore)})},
    {"changes, and a body is not sent", then(kChanges, {fault(What::omit)})},
    {"changes, and a response cannot be read", then(kChanges, {fault(What::garble)})},
    {"changes, and EXPUNGE says NO", then(kChanges, {fault(What::halfExpunge)})},
    {"VANISHED and NO to EXPUNGE: not expunged", then(kChanges, {fault(What::halfExpunge, 1)})},
    {"UIDVALIDITY changes before UID EXPUNGE: others have those UIDs",
     then(kFirst, {kRun, append(kHere, 6), append(kHere, 7), expunge(kThere, 1), flag(kThere, 5),
                   append(kHere, 8, 0, 2), kRun, at(kEach, in(What::renumber, 0))})},
    {"bodies refused, and the next look, too: asked for at the next run",
     {append(kHere, 1), kRun, fault(What::refuse), fault(What::vanish, 0, 2)}},
    {"one is refused without MULTIAPPEND: the others are stored once",
     {append(kHere, 1), append(kHere, 2), append(kHere, 3), poison(kThere, 2), kRun, kRun},
     {{}, kNoMultiAppend}},
    {"one is refused with MULTIAPPEND, no APPENDUID",
     {append(kHere, 1), append(kHere, 2), append(kHere, 3), poison(kThere, 2), kRun, kRun},
     {{}, kNoUids}},
    {"one is refused with neither, killed",
     {append(kHere, 1), append(kHere, 2), append(kHere, 3), poison(kThere, 2), kRun, kill(true)},
     {{}, kNeither}},
    {"a user moves by hand what a killed run was about to copy",
     {append(kThere, 1), kRun, kill(true), expunge(kThere, 1), lookalike(kHere, 2, 1)}},
    {"restored from a backup: left alone, also when new mail has come",
     {append(kHere, 1), in(What::backup, 0), append(kHere, 2), append(kThere, 3), kRun, in(What::restore, 0),
      kRun, append(kHere, 4), append(kHere, 5), kRun}},
    {"restored from a backup after a kill",
     {in(What::backup, 0), append(kHere, 1), append(kThere, 2), kRun, kill(true), in(What::restore, 0)}},
    {"a read-only account: what happens there comes here, whatever happens here",
     then(kChanges, {expunge(kHere, 1), unflag(kHere, 2), append(kHere, 9), kRun, expunge(kThere, 4)}),
     {{}, kReadOnly}},
    {"a read-only account, killed after a write", then(kChanges, {kill(true)}), {kReadOnly, {}}},
    {"a mailbox is renamed, killed before a write", then(kRenamed, {kill(false)})},
    {"a mailbox is renamed, killed after a write", then(kRenamed, {kill(true)})},
    {"a mailbox is renamed, a NO at any time", then(kRenamed, {fault(What::refuse)})},
    {"a mailbox is renamed, a connection lost after a command", then(kRenamed, {fault(What::loseAfter)})},
    {"a mailbox is renamed amid a run", then(kRenamed, {at(kEach, rename(kThere, 3, 4))})},
    {"on both sides before the first run",
     {append(kHere, 1, kFlagged), lookalike(kThere, 2, 1), lookalike(kThere, 3, 1), kRun, kill(true)}},
    {"UIDVALIDITY changes", kNewNumbers},
    {"UIDVALIDITY changes, killed before a write", then(kNewNumbers, {kill(false)})},
    {"UIDVALIDITY changes, killed after a write", then(kNewNumbers, {kill(true)}), {kNoUids, kOneEach}},
    {"UIDVALIDITY changes, the power fails after a write", then(kNewNumbers, {powerLoss(true)})},
    {"UIDVALIDITY changes, a NO at any time", then(kNewNumbers, {fault(What::refuse)})},
    {"UIDVALIDITY changes, a connection lost after a command",
     then(kNewNumbers, {fault(What::loseAfter, 1)})},
    {"UIDVALIDITY changes, and a response cannot be read", then(kNewNumbers, {fault(What::garble)})},
    {"UIDVALIDITY changes, and once more amid the run",
     then(kNewNumbers, {at(kEach, in(What::renumber, 0, kThere))})},
    {"UIDVALIDITY changes, and on the other side amid the run",
     then(kNewNumbers, {at(kEach, in(What::renumber, 0, kHere))})},
    {"UIDVALIDITY changes on both sides", then(kFirst, {kRun, append(kHere, 6), in(What::renumber, 0, kThere),
                                                        in(What::renumber, 0), kRun, kill(false)})},
    {"UIDVALIDITY changes amid a first run", then(kFirst, {kRun, at(kEach, in(What::renumber, 0, kThere))})},
    {"UIDVALIDITY changes after a killed run, whose copies are recognised",
     then(kFirst, {kRun, kill(true), in(What::renumber, 0, kThere), in(What::renumber, 0), kRun})},
    {"UIDVALIDITY changes, and half of it is gone: left alone, and then adopted",
     then(kFirst, {kRun, in(What::renumber, 0, kThere), expunge(kThere, 1), expunge(kThere, 2), kRun,
                   append(kHere, 6), kRun, kAdopt, kill(true)})},
    {"UIDVALIDITY changes, read-only",
     then(kChanges, {append(kHere, 9), in(What::renumber, 0), in(What::renumber, 2, kThere), kRun}),
     {{}, kReadOnly}},
    {"UIDVALIDITY changes, one is refused",
     {append(kHere, 1), append(kHere, 2), append(kHere, 3), poison(kThere, 2), kRun,
      in(What::renumber, 0, kThere), kRun, kill(true)},
     {{}, kNoUids}},
    {"restored from a backup, and adopted", then(kRestored, {kAdopt})},
    {"restored from a backup, and adopted, killed after a write", then(kRestored, {kAdopt, kill(true)})},
    {"restored from a backup, adopted at once",
     {append(kHere, 1), in(What::backup, 0), append(kHere, 2), append(kThere, 3), kRun, in(What::restore, 0),
      kAdopt, kill(false)}},
    {"refused for now, and expunged then",
     {append(kHere, 1), append(kHere, 2), poison(kThere, 1), kRun, kill(true), expunge(kHere, 1), kRun}},
    {"refused before, and its connection is lost: reported, or tried again",
     {in(What::create, 1), append(kHere, 1), poison(kThere, 1), kRun, append(kHere, 2, 0, 1),
      append(kThere, 3), kRunAnyhow}},
    {"subscribed to on one side, and renamed on the other",
     {in(What::create, 1), kRun, in(What::subscribe, 1, kThere), rename(kHere, 1, 4), kRun}},
    {"UIDVALIDITY of one changes that goes along with another's new name",
     {in(What::create, 2), kRun, in(What::renumber, 2), rename(kHere, 1, 3), kRun},
     {kParents, {}}},
    {"the power fails, and what a user put there looks like a copy of ours",
     {append(kHere, 1), kRun, append(kHere, 2), kRun, powerLoss(true, 4), at(kEach, lookalike(kThere, 3, 2)),
      kRun, in(What::renumber, 0)}},
    {"restored from a backup after an interrupted run, of which only the journal tells",
     {append(kHere, 3),
      in(What::backup, 0),
      kRun,
      expunge(kHere, 3),
      append(kHere, 6),
      kRun,
      {.what = What::stop, .at = kEach},
      in(What::restore, 0)},
     {{}, kNoUids}},
    {"one of two STOREs does nothing: tried again",
     {append(kHere, 1),
      kRun,
      {.what = What::flag, .serial = 1, .flags = kAllFlags},
      kRun,
      fault(What::ignore)}},
    {"UIDVALIDITY changes after the power failed; what was sent before arrives after it was sent again",
     {kRun, append(kThere, 1), kRun, powerLoss(true), in(What::renumber, 0, kThere), kRun,
      in(What::arrive, 0), kRun},
     {kNoUids, {}},
     true},
    {"UIDVALIDITY changes after a kill, the message goes, and what was sent arrives",
     {kRun, append(kThere, 1), append(kThere, 2), kRun, kill(true), in(What::renumber, 0, kThere), kRun,
      expunge(kThere, 1), kRun, in(What::arrive, 0), kRun},
     {},
     true},
    {"a first run without UIDPLUS, killed after a write",
     then(kFirst, {kRun, kill(true)}),
     {kNoUidPlus, kNoUidPlus}},
    {"changes without UIDPLUS, killed before a write",
     then(kChanges, {kill(false)}),
     {kNoUidPlus, kNoUidPlus}},
    {"changes without UIDPLUS, killed after a write", then(kChanges, {kill(true)}), {{}, kNoUidPlus}},
    {"marks of others, without UIDPLUS", kMarked, {{}, kNoUidPlus}},
    {"marks of others, killed before a write", then(kMarked, {kill(false)}), {{}, kNoUidPlus}},
    {"marks of others, killed after a write", then(kMarked, {kill(true)}), {{}, kNoUidPlus}},
    {"marks of others, the power fails after a write", then(kMarked, {powerLoss(true)}), {{}, kNoUidPlus}},
    {"marks of others, a NO at any time", then(kMarked, {fault(What::refuse)}), {{}, kNoUidPlus}},
    {"marks of others, a connection lost before a command",
     then(kMarked, {fault(What::loseBefore)}),
     {{}, kNoUidPlus}},
    {"marks of others, a connection lost after a command",
     then(kMarked, {fault(What::loseAfter)}),
     {{}, kNoUidPlus}},
    {"marks of others, and STORE or EXPUNGE do nothing",
     then(kMarked, {fault(What::ignore)}),
     {{}, kNoUidPlus}},
    {"marks of others, and EXPUNGE says NO", then(kMarked, {fault(What::halfExpunge)}), {{}, kNoUidPlus}},
    {"somebody marks a message at any time: it does not go",
     then(kMarked, {at(kEach, mark(kThere, 5)), at(kEach, mark(kThere, 7))}),
     {{}, kNoUidPlus}},
    {"somebody marks one, and another is unmarked: both stay",
     then(kMarked, {at(kEach, mark(kThere, 7)),
                    {.what = What::unflag, .at = kEach, .side = kThere, .serial = 1, .flags = kDeleted}}),
     {kNoUidPlus, kNoUidPlus}},
    {"what was sent twice after the power failed is there twice, and UIDVALIDITY changes",
     {append(kHere, 1, kFlagged), append(kThere, 2), kRun, powerLoss(true), kRun, in(What::arrive, 0),
      in(What::renumber, 0, kThere), kRun},
     {},
     true},
    {"what was sent twice after the power failed is there twice, and UIDVALIDITY changes; without APPENDUID",
     {append(kHere, 1, kFlagged), append(kThere, 2), kRun, powerLoss(true), kRun,
      in(What::renumber, 0, kThere), in(What::arrive, 0), kRun},
     {kNoUids, {}},
     true},
    {"the octets of a day are used up, and an original goes before its copy was found",
     {append(kHere, 1), append(kHere, 2), kRun, expunge(kHere, 1)},
     {kOneEach, {.uidPlus = false, .bulky = true}},
     false,
     373},
    {"a copy is expunged while it is recognised after a kill",
     {append(kHere, 1, kFlagged), kRunAnyhow, kill(true, 6), unflag(kHere, 1), kRunAnyhow,
      at(15, expunge(kThere, 1))},
     {{}, kNoUids}},
};

bool isEach(const Step& step) { return step.at == kEach || step.n == kEach; }

std::vector<History> tellings(const Told& told) {
  bool sweep = std::any_of(told.steps.begin(), told.steps.end(), isEach);
  std::vector<History> out;
  for (std::uint32_t k = 1; k <= (sweep ? kRequests : 1); ++k) {
    History history{
        .seed = k, .setup = told.setup, .steps = told.steps, .arrivals = told.arrivals, .daily = told.daily};
    for (Step& step : history.steps) {
      if (step.at == kEach) step.at = k;
      if (step.n == kEach) step.n = k;
    }
    out.push_back(std::move(history));
  }
  return out;
}

TEST_CASE("told histories") {
  MemoryFiles files;
  for (const Told& told : kTold) {
    CAPTURE(std::string(told.name));
    for (const History& history : tellings(told)) {
      std::string trace;
      auto wrong = Trial(history, files, &trace).verdict();
      INFO(text(history) << trace);
      CHECK_MESSAGE(!wrong, *wrong);
    }
  }
}

}  // namespace
}  // namespace interimap::model
