// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Servers that answer BAD to a command that comes before they have answered the one before it.
#include "tests/e2e/bed.h"
#include "tests/e2e/lesser_server.h"

using namespace interimap::bed;

namespace {

LesserOptions oneByOne(LesserOptions options) {
  options.pipelines = false;
  return options;
}

struct OneByOne {
  explicit OneByOne(LesserOptions options, std::vector<std::string> more = {})
      : lesser(remote.imap(), oneByOne(std::move(options))),
        program(directory / "program", cleartext(local.imap(), "alice"), account(std::move(more))) {
    for (const char* name : {"a", "b", "c"}) {
      if (std::string(name) != "a") alice().create(name);
      alice().append(std::string(name) == "a" ? "INBOX" : name, Corpus(1).smallMessages(4));
      bob().create(name);
      bob().append(name, Corpus(2).smallMessages(3));
    }
  }
  Account account(std::vector<std::string> more) const {
    Account account = cleartext(lesser.port(), "bob");
    account.more.insert(account.more.end(), more.begin(), more.end());
    return account;
  }
  ImapClient alice() const { return local.client("alice"); }
  ImapClient bob() const { return remote.client("bob"); }

  Directory directory;
  Dovecot local{directory / "local"}, remote{directory / "remote"};
  LesserServer lesser;
  Interimap program;
};

}  // namespace

TEST_CASE("a server that bears one command at a time is found out, and gets no more") {
  NOT_THE_REFERENCE();
  for (const LesserOptions& options :
       {LesserOptions::full(), LesserOptions::gmail(""), LesserOptions::icloud()}) {
    CAPTURE(options.after);
    OneByOne bed(options);
    Run first = bed.program.run();
    INFO(first.log());
    requireDone(first);
    CHECK(first.says("remote: WARNING: The server does not bear a command before it has answered the last"));
    checkEqual(Snapshot::of(bed.alice()), Snapshot::of(bed.bob()));
    bed.alice().append("b", Corpus(3).smallMessages(2));
    ImapClient bob = bed.bob();
    bob.select("c");
    bob.store("1", "+FLAGS (\\Flagged)");
    bob.expunge("2");
    requireDone(bed.program.run());
    checkEqual(Snapshot::of(bed.alice()), Snapshot::of(bed.bob()));
  }
}

TEST_CASE("pipeline = 1: one command at a time from the beginning") {
  NOT_THE_REFERENCE();
  OneByOne bed(LesserOptions::full(), {"pipeline = 1"});
  Run run = bed.program.run();
  INFO(run.log());
  requireDone(run);
  CHECK_FALSE(run.says("one command at a time"));
  CHECK_FALSE(run.says("does not bear"));
  checkEqual(Snapshot::of(bed.alice()), Snapshot::of(bed.bob()));
  checkNothingToDo(bed.program);
}
