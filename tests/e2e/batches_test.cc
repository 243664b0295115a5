// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Acceptance scenarios 77 and 78: how much goes into one command.
#include <algorithm>

#include "tests/e2e/bed.h"
#include "tests/e2e/sql.h"

using namespace interimap::bed;

namespace {

constexpr const char* kWithoutMultiappend =
    "IMAP4rev1 SASL-IR LITERAL+ ENABLE IDLE CONDSTORE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS UNSELECT";
constexpr const char* kWithoutLiteralPlus =
    "IMAP4rev1 SASL-IR ENABLE IDLE CONDSTORE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS MULTIAPPEND UNSELECT";

// The sizes of the messages in each APPEND to that side. Literals end log lines; the next one goes on with
// "[...]".
std::vector<std::vector<std::uint64_t>> appends(const Run& run, const std::string& side) {
  std::vector<std::vector<std::uint64_t>> result;
  std::string log = run.log();
  for (std::size_t at = 0, end; (end = log.find('\n', at)) != std::string::npos; at = end + 1) {
    std::string line = log.substr(at, end - at);
    if (!line.starts_with(side) || line.find(": C: ") == std::string::npos) continue;
    std::size_t open = line.rfind(" {");
    bool literal = open != std::string::npos && line.back() == '}';
    if (line.find(" APPEND ") != std::string::npos) result.emplace_back();
    if (literal && !result.empty()) result.back().push_back(std::stoull(line.substr(open + 2)));
  }
  return result;
}

Message ofSize(std::size_t size, int serial) {
  std::string text = "Subject: " + std::to_string(serial) + "\r\nMessage-ID: <" + std::to_string(serial) +
                     "@example.test>\r\n\r\n";
  while (text.size() + 80 < size) text += std::string(76, 'm') + "\r\n";
  return {text + std::string(size - text.size() - 2, 'e') + "\r\n", {}, "02-Feb-2021 03:04:05 +0000"};
}

}  // namespace

TEST_CASE("scenario 77: 300 small messages go in batches of at most 128") {
  Bed bed;
  bed.alice().append("INBOX", Corpus(1).smallMessages(300));
  Run run = bed.program.run();
  requireDone(run);
  std::size_t messages = 0;
  auto batches = appends(run, "remote");
  for (const auto& batch : batches) {
    CHECK(batch.size() <= 128);
    messages += batch.size();
  }
  CHECK(messages == 300);
  CHECK(batches.size() <= 5);
  checkEqual(bed.here(), bed.there());
}

TEST_CASE("scenario 77: batches of at most 1 MiB, and a larger message alone") {
  Bed bed;
  std::vector<Message> messages;
  for (int i = 0; i < 12; ++i) messages.push_back(ofSize(300'000, i));
  messages.push_back(ofSize(20u << 20, 100));
  messages.push_back(ofSize(100, 101));
  bed.bob().append("INBOX", messages);
  Run run = bed.program.run();
  requireDone(run);
  bool alone = false;
  for (const auto& batch : appends(run, "local")) {
    std::uint64_t octets = 0;
    for (std::uint64_t size : batch) octets += size;
    CHECK((octets <= 1u << 20 || batch.size() == 1));
    alone |= batch == std::vector<std::uint64_t>{20u << 20};
  }
  CHECK(alone);
  checkEqual(bed.here(), bed.there());
  checkNothingToDo(bed.program);
}

TEST_CASE("scenario 77: without MULTIAPPEND one each, without LITERAL+ synchronising literals") {
  for (const char* capabilities : {kWithoutMultiappend, kWithoutLiteralPlus}) {
    CAPTURE(std::string(capabilities));
    Bed bed({}, {.capabilities = capabilities});
    bed.alice().append("INBOX", Corpus(2).smallMessages(40));
    Run run = bed.program.run();
    requireDone(run);
    auto batches = appends(run, "remote");
    if (capabilities == kWithoutMultiappend) {
      CHECK(batches.size() == 40);
      for (const auto& batch : batches) CHECK(batch.size() == 1);
    } else {
      CHECK(batches.size() == 1);
      CHECK_FALSE(run.says("+}"));
      std::string log = run.log();
      std::size_t continuations = 0;
      for (std::size_t at = 0; (at = log.find("remote: S: + ", at)) != std::string::npos; ++at)
        ++continuations;
      for (std::size_t at = 0; (at = log.find("remote(INBOX): S: + ", at)) != std::string::npos; ++at)
        ++continuations;
      CHECK(continuations >= 40);
    }
    checkEqual(bed.here(), bed.there());
    checkNothingToDo(bed.program);
  }
}

TEST_CASE("scenario 78: sets of 10,000 ranges are split into commands of at most 4096 characters") {
  constexpr std::size_t kMessages = 20'000, kLongestSet = 4096;
  Bed bed({.mailLocation = "mdbox:~/mdbox"}, {.mailLocation = "mdbox:~/mdbox"});
  {
    std::vector<Message> messages;
    for (std::size_t i = 0; i < kMessages; ++i) messages.push_back(ofSize(120, static_cast<int>(i)));
    bed.alice().append("INBOX", messages);
  }
  requireDone(bed.program.run({}));
  {
    ImapClient alice = bed.alice();
    alice.select("INBOX");
    std::string odd;
    for (std::size_t uid = 1; uid <= kMessages; uid += 2) {
      odd += (odd.empty() ? "" : ",") + std::to_string(uid);
      if (odd.size() > 8000 || uid + 2 > kMessages)
        alice.store(odd, "+FLAGS.SILENT (\\Flagged)"), odd.clear();
    }
  }
  {
    ImapClient bob = bed.bob();
    bob.select("INBOX");
    std::string fourth;
    for (std::size_t uid = 2; uid <= kMessages; uid += 4) {
      fourth += (fourth.empty() ? "" : ",") + std::to_string(uid);
      if (fourth.size() > 8000 || uid + 4 > kMessages) bob.expunge(fourth), fourth.clear();
    }
  }
  Run run = bed.program.run();
  requireDone(run);
  std::size_t stores = 0, expunges = 0, longest = 0;
  for (const char* side : {"local", "remote"}) {
    for (const std::string& command : run.commands(side)) {
      if (!command.starts_with("UID ")) continue;
      std::size_t begin = command.find(' ', 4) + 1, end = std::min(command.find(' ', begin), command.size());
      longest = std::max(longest, end - begin);
      stores += command.starts_with("UID STORE ") && side == std::string("remote");
      expunges += command.starts_with("UID EXPUNGE ");
    }
  }
  CHECK(longest <= kLongestSet);
  CHECK(longest > kLongestSet - 16);
  CHECK(stores >= 12);
  CHECK(expunges >= 6);
  checkEqual(bed.here(), bed.there());
  CHECK(bed.here().messages() == kMessages - kMessages / 4);
  checkNothingToDo(bed.program);
}
