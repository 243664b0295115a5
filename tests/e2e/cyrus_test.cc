#include "tests/e2e/cyrus.h"

#include "tests/e2e/bed.h"

using namespace interimap::bed;

namespace {

// Cyrus refuses `%`, `\`, `"` in names, and a message without a header.
std::vector<std::string> namesForCyrus() { return {"Archive/2023/Q1", "with blank", "Entw&APw-rfe", "Sent"}; }

}  // namespace

TEST_CASE("Cyrus and Dovecot: first sync, changes on both sides, nothing to do") {
  std::optional<fs::path> programs = Cyrus::programs();
  if (!programs) {
    MESSAGE("skipped: no Cyrus");
    return;
  }
  Directory directory;
  Dovecot local(directory / "local");
  Cyrus remote(*programs, directory / "remote");
  Corpus corpus(1);
  {
    ImapClient alice = local.client("alice"), bob = remote.client("bob");
    fill(alice, corpus, {"INBOX", "Archive/2023/Q1", "with blank"}, 15);
    fill(bob, corpus, {"INBOX", "Entw&APw-rfe", "Sent"}, 15);
    alice.subscribe("with blank");
    bob.subscribe("Sent");
  }
  Interimap program(directory / "program", cleartext(local.imap(), "alice"), cleartext(remote.imap(), "bob"));
  auto check = [&] {
    requireDone(program.run());
    checkEqual(Snapshot::of(local.client("alice")), Snapshot::of(remote.client("bob")));
    if (!isReference())
      checkNothingToDo(program);  // the Perl program stores its own messages' flags once more
  };
  // Cyrus makes the parents of a mailbox, Dovecot only lists them: one run more brings them over.
  requireDone(program.run());
  check();
  for (const std::string& name : namesForCyrus())
    CHECK(Snapshot::of(local.client("alice")).mailboxes.contains(name));

  for (int round = 0; round < 3; ++round) {
    ImapClient clients[] = {local.client("alice"), remote.client("bob")};
    for (ImapClient& client : clients) {
      for (const char* mailbox : {"INBOX", "Sent"}) {
        client.append(mailbox, corpus.smallMessages(4));
        client.select(mailbox);
        std::vector<std::uint32_t> uids = client.uids();
        client.store(std::to_string(uids[corpus.below(uids.size())]), "+FLAGS (\\Flagged later)");
        client.store(std::to_string(uids[corpus.below(uids.size())]), "-FLAGS (\\Seen)");
        client.expunge(std::to_string(uids[corpus.below(uids.size())]));
      }
    }
    check();
  }
}
