#include <algorithm>

#include "tests/e2e/bed.h"

using namespace interimap::bed;

namespace {

// Two accounts in sync, with ten messages without flags in INBOX, selected by `alice` and `bob`; UIDs of both
// sides are 1 to 10 in the same order.
struct Changes : Bed {
  Changes() {
    ImapClient first = alice();
    std::vector<Message> messages = Corpus(1).smallMessages(10);
    for (Message& m : messages) m.flags.clear();
    first.append("INBOX", messages);
    requireDone(program.run());
    checkEqual(Bed::here(), Bed::there());
  }

  void atAlice(std::string_view uids, std::string_view what) {
    ImapClient client = alice();
    client.select("INBOX");
    client.store(uids, what);
  }
  void atBob(std::string_view uids, std::string_view what) {
    ImapClient client = bob();
    client.select("INBOX");
    client.store(uids, what);
  }
  void expungeAtAlice(std::string_view uids) {
    ImapClient client = alice();
    client.select("INBOX");
    client.expunge(uids);
  }
  void expungeAtBob(std::string_view uids) {
    ImapClient client = bob();
    client.select("INBOX");
    client.expunge(uids);
  }

  // The flags of one message, at alice.
  std::string flagsOf(unsigned uid) {
    ImapClient client = alice();
    client.select("INBOX");
    std::vector<std::string> flags;
    for (const std::string& response :
         client.command("UID FETCH " + std::to_string(uid) + " FLAGS").responses) {
      if (response.find("FETCH (") == std::string::npos) continue;
      std::vector<Value> values = parseValues(response);
      for (const Value& flag : values.at(2).after("FLAGS").items) {
        if (flag.text != "\\Recent") flags.push_back(flag.text);
      }
    }
    std::sort(flags.begin(), flags.end());
    std::string text;
    for (const std::string& flag : flags) text += (text.empty() ? "" : " ") + flag;
    return text;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Changes, "flags and keywords travel both ways, additions and removals") {
  atAlice("1:3", "+FLAGS (\\Seen $Forwarded)");
  atBob("4:6", "+FLAGS (\\Flagged work)");
  synchronise(*this);
  CHECK(flagsOf(2) == "$Forwarded \\Seen");
  CHECK(flagsOf(5) == "\\Flagged work");
  atAlice("4", "-FLAGS (work)");
  atBob("1", "-FLAGS (\\Seen)");
  synchronise(*this);
  CHECK(flagsOf(4) == "\\Flagged");
  CHECK(flagsOf(1) == "$Forwarded");
}

TEST_CASE_FIXTURE(Changes, "the flag \\Deleted travels as a flag") {
  atAlice("3", "+FLAGS (\\Deleted)");
  synchronise(*this);
  CHECK(there().messages() == 10);
}

TEST_CASE_FIXTURE(Changes, "expunges travel both ways") {
  expungeAtAlice("1:2");
  expungeAtBob("9:10");
  synchronise(*this);
  CHECK(here().messages() == 6);
}

TEST_CASE_FIXTURE(Changes, "a message expunged on both sides asks for no command") {
  expungeAtAlice("4");
  expungeAtBob("4");
  Run run = program.run();
  requireDone(run);
  CHECK_FALSE(run.sent("UID EXPUNGE"));
  CHECK(here().messages() == 9);
}

TEST_CASE_FIXTURE(Changes, "new mail on both sides in the same run") {
  Corpus mine(2), theirs(3);
  alice().append("INBOX", mine.smallMessages(7));
  bob().append("INBOX", theirs.smallMessages(5));
  synchronise(*this);
  CHECK(here().messages() == 22);
}

TEST_CASE_FIXTURE(Changes, "the same flags set on both sides ask for no command") {
  atAlice("2", "+FLAGS (\\Seen)");
  atBob("2", "+FLAGS (\\Seen)");
  Run run = program.run();
  requireDone(run);
  CHECK_FALSE(run.sent("UID STORE"));
  CHECK(flagsOf(2) == "\\Seen");
}

TEST_CASE_FIXTURE(Changes, "flags changed on both sides merge flag by flag") {
  NOT_THE_REFERENCE();
  atAlice("1:2", "+FLAGS (\\Seen work)");
  synchronise(*this);
  atAlice("1", "+FLAGS (\\Flagged)");  // an addition here, a removal there
  atBob("1", "-FLAGS (\\Seen)");
  atAlice("2", "FLAGS (\\Answered)");  // both replace all
  atBob("2", "FLAGS (work later)");
  synchronise(*this);
  CHECK(flagsOf(1) == "\\Flagged work");
  CHECK(flagsOf(2) == "\\Answered later");
}

TEST_CASE_FIXTURE(Changes, "expunged here and flagged there: it is gone") {
  expungeAtAlice("5");
  atBob("5", "+FLAGS (\\Flagged)");
  synchronise(*this);
  CHECK(there().messages() == 9);
}

TEST_CASE_FIXTURE(Changes, "flags, expunges and new mail at once, several mailboxes, many rounds") {
  Corpus corpus(4);
  {
    ImapClient client = bob();
    fill(client, corpus, {"a/b", "c"}, 10);
  }
  synchronise(*this);
  for (int round = 0; round < 5; ++round) {
    ImapClient clients[] = {alice(), bob()};
    for (ImapClient& client : clients) {
      for (const char* mailbox : {"INBOX", "a/b", "c"}) {
        client.append(mailbox, corpus.smallMessages(corpus.below(4)));
        client.select(mailbox);
        for (std::uint32_t uid : client.uids()) {
          if (corpus.below(8) == 0)
            client.expunge(std::to_string(uid));
          else if (corpus.below(3) == 0)
            client.store(std::to_string(uid), "+FLAGS (\\Seen k" + std::to_string(round) + ")");
          else if (corpus.below(4) == 0)
            client.store(std::to_string(uid), "-FLAGS (\\Seen)");
        }
      }
    }
    synchronise(*this);
  }
}
