// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/model/history.h"

#include <algorithm>

#include "ipc/side.h"
#include "tests/model/random.h"

namespace interimap::model {

namespace {

using What = Step::What;

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) { history_.seed = seed; }

  // What only one installation can know is left out: which of two mailboxes is which, and what had been where
  // a server went back in time. APPENDUID is what tells a copy of one's own from another's. What a server
  // does not expunge though it should is new mail to the other installation.
  History takeTwo() {
    history_.installations = kMostInstallations;
    for (Side side : kSides) history_.setup[side] = setup();
    for (Side side : kSides) history_.setup[side].tellsUids = history_.setup[side].uidPlus = true;
    history_.setup.remote.bulky = history_.setup.local.bulky;
    mailboxes_ = 1 + random_.below(2);
    toAndFro_ = random_.oneIn(6);
    for (std::uint32_t runs = 2 + random_.below(5); runs > 0; --runs) {
      for (std::uint32_t n = random_.below(4); n > 0; --n) add(event());
      std::uint32_t which = random_.below(kMostInstallations);
      add({.what = What::run, .serial = which, .n = static_cast<std::uint32_t>(random_.next())});
      within();
      if (random_.oneIn(3))
        add({.what = What::run,
             .at = 1 + random_.below(25),
             .serial = 1 - which,
             .n = static_cast<std::uint32_t>(random_.next())});
    }
    return std::move(history_);
  }

  // Nothing but the policies is to keep the sides different, so that it can be said what has to be equal.
  History takeWithPolicies() {
    for (Side side : kSides) {
      history_.setup[side] = setup();
      history_.setup[side].storable = kAllFlags;
      history_.setup[side].bulky = false;
    }
    mailboxes_ = 1 + random_.below(kCreatable);
    ageing_ = true;
    const bool isCalm = random_.oneIn(3);
    const std::uint32_t runs = 2 + random_.below(4);
    for (std::uint32_t run = 0; run < runs; ++run) {
      if (history_.policies.empty() || random_.oneIn(2)) history_.policies.push_back(policy());
      for (std::uint32_t n = random_.below(7); n > 0; --n) add(event());
      add({.what = What::run,
           .looks = static_cast<std::uint32_t>(history_.policies.size()) - 1,
           .n = static_cast<std::uint32_t>(random_.next())});
      if (!isCalm) within();
    }
    for (std::uint32_t n = random_.below(4); n > 0; --n) add(event());
    return std::move(history_);
  }

  // Mail that is filed: moved and copied from one mailbox to another that both sides have, by one
  // installation, or by two of which none is interrupted: of what is moved away while two copies of it are
  // there, one stays.
  History takeMoving() {
    history_.installations = 1 + random_.below(kMostInstallations);
    for (Side side : kSides) history_.setup[side] = setup();
    if (history_.installations > 1) {
      for (Side side : kSides) history_.setup[side].tellsUids = true;
      history_.setup.remote.bulky = history_.setup.local.bulky;
    }
    for (Side side : kSides) history_.setup[side].uidPlus = true;
    for (Side side : kSides) history_.setup[side].names = !random_.oneIn(4);
    mailboxes_ = kCreatable;
    moving_ = history_.filed = true;
    for (std::uint32_t mailbox = 1; mailbox < kCreatable; ++mailbox)
      add({.what = What::create, .side = Side::local, .mailbox = mailbox});
    for (std::uint32_t n = 1 + random_.below(4); n > 0; --n) add(append());
    add({.what = What::run, .n = static_cast<std::uint32_t>(random_.next())});
    for (std::uint32_t runs = 2 + random_.below(3); runs > 0; --runs) {
      for (std::uint32_t n = 1 + random_.below(4); n > 0; --n) add(event());
      const std::uint32_t which = random_.below(history_.installations);
      add({.what = What::run, .serial = which, .n = static_cast<std::uint32_t>(random_.next())});
      if (history_.installations == 1) {
        within();
      } else if (random_.oneIn(3)) {
        add({.what = What::run,
             .at = 1 + random_.below(25),
             .serial = 1 - which,
             .n = static_cast<std::uint32_t>(random_.next())});
      }
    }
    return std::move(history_);
  }

  History take() {
    for (Side side : {Side::local, Side::remote}) history_.setup[side] = setup();
    restrict();
    mailboxes_ = 1 + random_.below(kCreatable);
    identical_ = random_.oneIn(4) && !history_.setup.local.readOnly && !history_.setup.remote.readOnly;
    disasters_ = random_.oneIn(8);
    renumbers_ = random_.oneIn(6);
    poison_ = random_.oneIn(4);
    // Whatever was to be expunged yet is forgotten with the UIDs: then both stay.
    toAndFro_ = !renumbers_ && random_.oneIn(6);
    for (std::uint32_t runs = 1 + random_.below(4); runs > 0; --runs) {
      for (std::uint32_t n = random_.below(7); n > 0; --n) add(event());
      if (poison_ && random_.oneIn(2)) add({.what = What::poison, .side = side(), .serial = message()});
      FlagBits adopt = (disasters_ || renumbers_) && random_.oneIn(6) ? kAllFlags : 0;
      add({.what = What::run, .n = static_cast<std::uint32_t>(random_.next()), .flags = adopt});
      within();
    }
    for (std::uint32_t n = random_.below(4); n > 0; --n) add(event());
    for (Side side : {Side::local, Side::remote}) history_.setup[side].uidPlus = !random_.oneIn(5);
    beLesser();
    return std::move(history_);
  }

 private:
  Setup setup() {
    Setup setup;
    if (random_.oneIn(4)) setup.delimiter = '.';
    setup.multiAppend = !random_.oneIn(3);
    setup.tellsUids = !random_.oneIn(6);
    setup.forgetful = random_.oneIn(4);
    setup.parents = random_.oneIn(4);
    setup.bulky = random_.oneIn(4);
    if (random_.oneIn(3)) setup.storable = random_.oneIn(2) ? kSystemFlags : kSystemFlags | kWork;
    return setup;
  }

  std::vector<settings::OfMailbox> policy() {
    std::vector<settings::OfMailbox> policy;
    for (const char* pattern : {"INBOX", "*"}) {
      if (random_.oneIn(3)) continue;
      settings::OfMailbox& rule = policy.emplace_back();
      rule.pattern = pattern;
      using Direction = settings::OfMailbox::Direction;
      using Deletions = settings::OfMailbox::Deletions;
      if (random_.oneIn(2)) rule.direction = static_cast<Direction>(random_.below(3));
      if (random_.oneIn(2)) rule.deletions = static_cast<Deletions>(random_.below(4));
      rule.flags = !random_.oneIn(4);
      rule.create = !random_.oneIn(5);
      if (random_.oneIn(4)) rule.maxSize = 7 + random_.below(6);
      if (random_.oneIn(4)) rule.maxAge = kMaxAge;
    }
    return policy;
  }

  // Servers that do not keep all that APPEND says, or hang up at a message.
  void beLesser() {
    for (Side side : kSides) {
      history_.setup[side].keepsFlags = !random_.oneIn(12);
      history_.setup[side].keepsDates = !random_.oneIn(12);
    }
    if (disasters_ || serials_ == 0 || !random_.oneIn(12)) return;
    auto first = std::ranges::find(history_.steps, What::run, &Step::what);
    history_.steps.insert(first, {.what = What::hang, .side = side(), .serial = message()});
  }

  Side side() { return random_.oneIn(2) ? Side::local : Side::remote; }
  std::uint32_t mailbox() { return random_.below(mailboxes_); }
  FlagBits flags() { return static_cast<FlagBits>(random_.next() & random_.next() & kAllFlags); }
  FlagBits someFlag() { return static_cast<FlagBits>(1U << random_.below(6)); }
  // One side alone: with both there would be nothing to do.
  void restrict() {
    if (random_.oneIn(10)) history_.setup[side()].readOnly = true;
  }
  std::uint32_t message() { return serials_ == 0 ? 0 : 1 + random_.below(serials_); }
  std::uint32_t looks(std::uint32_t serial) {
    if (ageing_) return random_.oneIn(3) ? serial | kOld : serial;
    return identical_ && serial > 1 && random_.oneIn(2) ? 1 + random_.below(serial - 1) : serial;
  }

  Step append() {
    std::uint32_t serial = ++serials_;
    return {.what = What::append,
            .side = side(),
            .mailbox = mailbox(),
            .serial = serial,
            .looks = looks(serial),
            .flags = flags()};
  }

  // What a user does, mostly.
  Step event() {
    if (moving_ && random_.oneIn(2)) {
      const std::uint32_t from = message();
      return {.what = What::move,
              .side = side(),
              .mailbox = mailbox(),
              .serial = ++serials_,
              .looks = from,
              .n = random_.below(3) == 0 ? 1U : 0U};
    }
    if (toAndFro_ && random_.oneIn(6)) return {.what = What::reappend, .side = side(), .serial = message()};
    if (disasters_ && random_.oneIn(4)) return disaster();
    if (renumbers_ && random_.oneIn(8)) return {.what = What::renumber, .side = side(), .mailbox = mailbox()};
    switch (random_.below(12)) {
      default: return append();
      case 4:
      case 5: return {.what = What::expunge, .side = side(), .serial = message()};
      case 6:
      case 7: return {.what = What::flag, .side = side(), .serial = message(), .flags = someFlag()};
      case 8: return {.what = What::unflag, .side = side(), .serial = message(), .flags = someFlag()};
      case 9: {
        std::uint32_t from = message();
        return {
            .what = What::move, .side = side(), .mailbox = mailbox(), .serial = ++serials_, .looks = from};
      }
      case 10: return {.what = What::create, .side = side(), .mailbox = mailbox()};
      case 11:
        return {.what = random_.oneIn(2) ? What::subscribe : What::unsubscribe,
                .side = side(),
                .mailbox = mailbox()};
    }
  }

  Step disaster() {
    switch (random_.below(6)) {
      default: return {.what = What::backup, .side = side(), .mailbox = mailbox()};
      case 1:
      case 2: return {.what = What::restore, .side = side(), .mailbox = mailbox()};
      case 3: return {.what = What::remove, .side = side(), .mailbox = mailbox()};
      case 4: return {.what = What::renumber, .side = side(), .mailbox = mailbox()};
      case 5:
        return {
            .what = What::rename, .side = side(), .mailbox = mailbox(), .n = kCreatable + random_.below(2)};
    }
  }

  Step fault() {
    std::uint32_t at = 1 + random_.below(30);
    switch (random_.below(12)) {
      default: return {.what = What::kill, .at = at, .serial = random_.below(4), .n = 1 + random_.below(14)};
      case 3: return {.what = What::refuse, .at = at};
      case 4: return {.what = What::loseBefore, .at = at};
      case 5: return {.what = What::loseAfter, .at = at, .n = random_.below(3)};
      case 6: return {.what = What::omit, .at = at, .n = random_.below(4)};
      case 7: return {.what = What::vanish, .at = at, .n = random_.below(2)};
      case 8: return {.what = What::halfExpunge, .at = at, .n = random_.below(2)};
      case 9: return {.what = What::stop, .at = at};
      case 10: return {.what = What::ignore, .at = at};
      case 11: return {.what = What::garble, .at = at, .n = random_.below(3)};
    }
  }

  void within() {
    if (random_.oneIn(2))
      for (std::uint32_t n = 1 + random_.below(2); n > 0; --n) add(fault());
    if (!random_.oneIn(3)) return;
    for (std::uint32_t n = 1 + random_.below(4); n > 0; --n) {
      Step step = event();
      // Restored while a run is at it, a mailbox may have all the numbers that the engine expects.
      if (step.what == What::restore) continue;
      step.at = 1 + random_.below(40);
      add(step);
    }
  }

  void add(const Step& step) { history_.steps.push_back(step); }

  Random random_;
  History history_;
  std::uint32_t serials_ = 0, mailboxes_ = 1;
  bool identical_ = false, disasters_ = false, renumbers_ = false, poison_ = false, ageing_ = false,
       toAndFro_ = false, moving_ = false;
};

std::string name(Side side) { return side == Side::local ? "local" : "remote"; }

std::string mailboxText(std::uint32_t mailbox) {
  std::string name = kMailboxes[mailbox];
  std::replace(name.begin(), name.end(), '\0', '/');
  return name;
}

std::string what(const Step& step) {
  std::string message = "message " + std::to_string(step.serial), on = " on " + name(step.side);
  std::string mailbox = mailboxText(step.mailbox), n = std::to_string(step.n);
  switch (step.what) {
    case What::append:
      return "append " + message + " to " + mailbox + on + " (" + flagText(step.flags) + ")" +
             (step.looks == step.serial ? "" : ", looking like " + std::to_string(step.looks));
    case What::expunge: return "expunge " + message + on;
    case What::flag: return "set " + flagText(step.flags) + " of " + message + on;
    case What::unflag: return "clear " + flagText(step.flags) + " of " + message + on;
    case What::move:
      return std::string(step.n == 0 ? "move" : "copy") + " message " + std::to_string(step.looks) + " to " +
             mailbox + " as " + message + on;
    case What::reappend: return "take " + message + " away and put it there again" + on;
    case What::create: return "create " + mailbox + on;
    case What::subscribe: return "subscribe to " + mailbox + on;
    case What::unsubscribe: return "unsubscribe from " + mailbox + on;
    case What::remove: return "delete " + mailbox + on;
    case What::rename: return "rename " + mailbox + " to " + mailboxText(step.n) + on;
    case What::renumber: return "UIDVALIDITY of " + mailbox + " changes" + on;
    case What::backup: return "back up " + mailbox + on;
    case What::restore: return "restore " + mailbox + " from its backup" + on;
    case What::poison: return name(step.side) + " refuses " + message + " from now on";
    case What::hang: return name(step.side) + " hangs up at " + message + " from now on";
    case What::arrive: return "what was sent before arrives";
    case What::run:
      return std::string(step.serial ? "run of the other installation" : "run") + " (interleaving " + n +
             (step.looks ? ", policy " + std::to_string(step.looks) : "") + (step.flags ? ", --adopt)" : ")");
    case What::kill:
      return std::string(step.serial & kPowerLoss ? "the power fails " : "sync is killed ") +
             (step.serial & kAfter ? "after" : "before") + " write " + n;
    case What::stop: return "SIGTERM";
    case What::refuse: return "NO";
    case What::loseBefore: return "connection lost before the command is carried out";
    case What::loseAfter: return "connection lost after the command is carried out and " + n + " answers";
    case What::omit: return "number " + n + " of a window of bodies, or of the STATUS of a LIST, is left out";
    case What::garble: return "response " + n + " of a SELECT or FETCH cannot be read";
    case What::ignore: return "OK to STORE or EXPUNGE, and nothing is done";
    case What::vanish: return std::string("SELECT says VANISHED for all") + (step.n ? "" : ", then NO");
    case What::halfExpunge:
      return std::string("EXPUNGE is NO, \\Deleted is stored") + (step.n ? ", after VANISHED" : "");
  }
  return "?";
}

std::string text(const char* side, const Setup& setup) {
  return std::string(side) + ": delimiter " + setup.delimiter + (setup.multiAppend ? ", MULTIAPPEND" : "") +
         (setup.uidPlus ? "" : ", no UIDPLUS") + (setup.tellsUids ? "" : ", no APPENDUID") +
         (setup.forgetful ? ", forgetful" : "") + (setup.parents ? ", CREATE makes parents" : "") +
         (setup.bulky ? ", wrong RFC822.SIZE" : "") + (setup.readOnly ? ", READ-ONLY" : "") +
         (setup.keepsFlags ? "" : ", APPEND without flags") +
         (setup.keepsDates ? "" : ", APPEND without dates") + (setup.names ? ", EMAILID" : "") + ", stores " +
         flagText(setup.storable) + "\n";
}

}  // namespace

History generate(std::uint64_t seed) { return Generator(seed).take(); }
History generateTwo(std::uint64_t seed) { return Generator(seed).takeTwo(); }
History generateMoving(std::uint64_t seed) { return Generator(seed).takeMoving(); }
History generateWithPolicies(std::uint64_t seed) { return Generator(seed).takeWithPolicies(); }
History generateDaily(std::uint64_t seed) {
  History history = generate(seed);
  history.daily = 1 + seed % 1000;
  return history;
}

namespace {

std::string text(const settings::OfMailbox& rule) {
  const char* way[] = {"both", "to-local", "to-remote"};
  const char* deletions[] = {"both", "never", "to-local", "to-remote"};
  return " [" + rule.pattern + "] direction " + way[static_cast<int>(rule.direction)] + ", deletions " +
         deletions[static_cast<int>(rule.deletions)] + (rule.flags ? "" : ", no flags") +
         (rule.create ? "" : ", creates none") +
         (rule.maxSize ? ", max-size " + std::to_string(*rule.maxSize) : "") +
         (rule.maxAge ? ", max-age" : "") + ";";
}

}  // namespace

std::string text(const Step& step) {
  if (step.at == 0) return what(step);
  return step.what == What::kill ? what(step) : "at request " + std::to_string(step.at) + ": " + what(step);
}

std::string text(const History& history) {
  std::string out = text("  local", history.setup.local) + text("  remote", history.setup.remote);
  if (history.daily > 0) out += "  daily " + std::to_string(history.daily) + "\n";
  for (std::size_t i = 0; i < history.policies.size(); ++i) {
    out += "  policy " + std::to_string(i) + ":";
    for (const settings::OfMailbox& rule : history.policies[i]) out += text(rule);
    out += "\n";
  }
  for (const Step& step : history.steps) out += (step.at == 0 ? "  " : "    ") + text(step) + "\n";
  return out;
}

}  // namespace interimap::model
