#include "delivery/dialogue.h"

#include <doctest/doctest.h>

#include <map>

#include "delivery/deadlines.h"
#include "delivery/limits.h"
#include "ipc/failure.h"

using namespace interimap;
using deliver::Outcome;
using Protocol = Dialogue::Protocol;

namespace {

// A dialogue, with the test as its server.
class Bed {
 public:
  explicit Bed(Protocol protocol = Protocol::smtp)
      : dialogue(protocol, "me.example", [this](Transaction& transaction) {
          CHECK(settled.emplace(transaction.message(), transaction.outcomes()).second);
        }) {}

  // One message, or several in one window.
  void submit(const std::vector<std::string>& bodies,
              const std::vector<std::string>& recipients = {"bob@example"},
              const std::string& sender = "alice@example") {
    std::vector<ForwardPath> paths;
    for (const auto& recipient : recipients) paths.push_back(*ForwardPath::parse(recipient));
    BodyWriter writer;
    std::vector<BodyRange> ranges;
    for (const std::string& body : bodies) {
      ranges.push_back({writer.size(), body.size()});
      writer.write(body);
    }
    auto mailing = std::make_shared<Mailing>(Mailing{1, paths, Bodies(writer.seal(), ranges), bodies.size()});
    for (BodyRange range : ranges) dialogue.submit({mailing, next_++, *ReversePath::parse(sender), range});
  }
  // What we say after the server said this.
  std::string hear(const std::string& octets) {
    dialogue.receive(octets);
    return speak();
  }
  std::string speak() {
    std::string all;
    for (std::string_view out; !(out = dialogue.output()).empty(); dialogue.written(out.size())) all += out;
    return all;
  }
  void greet(const std::string& keywords = "") {
    CHECK(speak() == "");
    CHECK(hear("220 hello\r\n").find("HLO me.example\r\n") == 1);
    std::string reply = "250-mx\r\n";
    for (std::size_t at = 0; at < keywords.size();) {
      std::size_t end = std::min(keywords.find(',', at), keywords.size());
      reply += "250-" + keywords.substr(at, end - at) + "\r\n";
      at = end + 1;
    }
    dialogue.receive(reply + "250 HELP\r\n");
  }
  // "delivered 250", one for each recipient; "open" if it is not settled.
  std::string outcome(std::uint32_t message) const {
    auto found = settled.find(message);
    if (found == settled.end()) return "open";
    std::string out;
    for (const Outcome& one : found->second) {
      constexpr const char* kKinds[] = {"delivered", "deferred", "refused", "unknown"};
      constexpr const char* kStages[] = {"connection", "mail", "rcpt", "data", "end"};
      out += (out.empty() ? "" : ", ") + std::string(kKinds[static_cast<int>(one.kind)]) + " " +
             kStages[static_cast<int>(one.stage)] + " " + std::to_string(one.code);
    }
    return out;
  }

  std::map<std::uint32_t, std::vector<Outcome>> settled;
  Dialogue dialogue;

 private:
  std::uint32_t next_ = 0;
};

const std::string kMail = "MAIL FROM:<alice@example>\r\n", kRcpt = "RCPT TO:<bob@example>\r\n",
                  kData = "DATA\r\n";
const std::string kOk = "250 ok\r\n";

}  // namespace

TEST_CASE("without PIPELINING one command follows the other") {
  Bed bed;
  bed.submit({"one", "two\n.\n"});
  bed.greet("8BITMIME");
  for (const char* body : {"one\r\n.\r\n", "two\r\n..\r\n.\r\n"}) {
    CHECK(bed.speak() == (body[0] == 'o' ? kMail : ""));
    CHECK(bed.hear(kOk) == kRcpt);
    CHECK(bed.hear("251 ok, forwarded\r\n") == kData);
    CHECK(bed.hear("354 go\r\n") == body);
    CHECK(bed.hear("250 2.0.0 queued\r\n") == (body[0] == 'o' ? kMail : ""));
  }
  CHECK(bed.outcome(0) == "delivered end 250");
  CHECK(bed.settled[0][0].text == "queued");
  CHECK(bed.settled[0][0].status == EnhancedStatus{2, 0, 0});
  CHECK(bed.outcome(1) == "delivered end 250");
  CHECK_FALSE(bed.dialogue.underWay());
  bed.dialogue.quit();
  CHECK(bed.speak() == "QUIT\r\n");
  CHECK_FALSE(bed.dialogue.over());
  bed.hear("221 bye\r\n");
  CHECK(bed.dialogue.over());
}

TEST_CASE("with PIPELINING a body and the next envelope are one write") {
  Bed bed;
  bed.submit({"one", "two", "three"});
  bed.greet("PIPELINING");
  CHECK(bed.speak() == kMail + kRcpt + kData);
  CHECK(bed.hear(kOk) == "");
  CHECK(bed.hear(kOk + "354 go\r\n") == "one\r\n.\r\n" + kMail + kRcpt + kData);
  CHECK(bed.hear(kOk) == "");
  CHECK(bed.outcome(0) == "delivered end 250");
  CHECK(bed.hear(kOk + kOk + "354 go\r\n") == "two\r\n.\r\n" + kMail + kRcpt + kData);
  CHECK(bed.hear(kOk + kOk + kOk + "354 go\r\n") == "three\r\n.\r\n");
  CHECK(bed.hear(kOk) == "");
  CHECK(bed.settled.size() == 3);
  CHECK_FALSE(bed.dialogue.underWay());
}

TEST_CASE("with CHUNKING and PIPELINING nothing is waited for") {
  Bed bed;
  bed.submit({"one\n.\n", "", "x\ry"});
  bed.greet("PIPELINING,CHUNKING");
  CHECK(bed.speak() == kMail + kRcpt + "BDAT 8 LAST\r\none\r\n.\r\n" + "RSET\r\n" + kMail + kRcpt +
                           "BDAT 2 LAST\r\n\r\n" + "RSET\r\n" + kMail + kRcpt + "BDAT 6 LAST\r\nx\r\ny\r\n");
  CHECK(bed.hear(kOk + kOk) == "");
  CHECK(bed.settled.empty());
  bed.hear(kOk + kOk + kOk + kOk + "554 5.6.0 bad\r\n");
  CHECK(bed.outcome(0) == "delivered end 250");
  CHECK(bed.outcome(1) == "refused end 554");
  bed.hear(kOk + kOk + kOk + kOk);
  CHECK(bed.outcome(2) == "delivered end 250");
  CHECK_FALSE(bed.dialogue.underWay());
  bed.submit({"four"});
  CHECK(bed.speak() == kMail + kRcpt + "BDAT 6 LAST\r\nfour\r\n");
}

TEST_CASE("BDAT: a large body waits for its envelope, and there are not too many in flight") {
  Bed bed;
  std::string large(limits::kUnaskedBody, 'x');
  bed.submit({large});
  bed.greet("PIPELINING,CHUNKING");
  CHECK(bed.speak() == kMail + kRcpt);
  CHECK(bed.hear(kOk) == "");
  CHECK(bed.hear("550 no\r\n") == "");
  CHECK(bed.outcome(0) == "refused rcpt 550");
  bed.submit({large});
  CHECK(bed.speak() == "RSET\r\n" + kMail + kRcpt);
  CHECK(bed.hear(kOk + kOk + kOk).size() == large.size() + 2 + std::string("BDAT 131074 LAST\r\n").size());
  bed.hear(kOk);
  CHECK(bed.outcome(1) == "delivered end 250");

  bed.submit(std::vector<std::string>(limits::kMostInFlight + 5, "x"));
  std::string said = bed.speak();
  auto count = [&](std::string_view what) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = said.find(what, at)) != std::string::npos; ++at) ++n;
    return n;
  };
  CHECK(count("BDAT") == limits::kMostInFlight);
  said = bed.hear(kOk + kOk + kOk + kOk + kOk + kOk + kOk);
  CHECK(count("BDAT") == 2);
}

TEST_CASE("CHUNKING without PIPELINING") {
  Bed bed;
  bed.submit({"one", "two"});
  bed.greet("CHUNKING");
  CHECK(bed.speak() == kMail);
  CHECK(bed.hear(kOk) == kRcpt);
  CHECK(bed.hear(kOk) == "BDAT 5 LAST\r\none\r\n");
  CHECK(bed.hear(kOk) == kMail);
  CHECK(bed.hear(kOk) == kRcpt);
  CHECK(bed.hear(kOk) == "BDAT 5 LAST\r\ntwo\r\n");
  CHECK(bed.hear("450 no\r\n") == "");
  CHECK(bed.outcome(1) == "deferred end 450");
}

TEST_CASE("a refusal at each stage costs that message and no other") {
  struct {
    const char* mail;
    const char* rcpt;
    const char* data;
    const char* end;
    const char* outcome;
  } const table[] = {
      {"550 5.7.1 no", "", "", "", "refused mail 550"},
      {"451 later", "", "", "", "deferred mail 451"},
      {"503 nested", "", "", "", "deferred mail 503"},
      {"530 5.7.0 STARTTLS first", "", "", "", "deferred mail 530"},
      {"552 5.3.4 too large", "", "", "", "refused mail 552"},
      {"250 ok", "550 5.1.1 no", "", "", "refused rcpt 550"},
      {"250 ok", "450 4.2.1 later", "", "", "deferred rcpt 450"},
      {"250 ok", "250 ok", "554 no", "", "refused data 554"},
      {"250 ok", "250 ok", "451 later", "", "deferred data 451"},
      {"250 ok", "250 ok", "354 go", "554 5.6.0 no", "refused end 554"},
      {"250 ok", "250 ok", "354 go", "452 4.3.1 full", "deferred end 452"},
      {"250 ok", "250 ok", "354 go", "500 spam", "refused end 500"},
      {"250 ok", "250 ok", "354 go", "250 ok", "delivered end 250"},
  };
  for (const auto& row : table) {
    for (bool pipelining : {false, true}) {
      CAPTURE(row.outcome);
      CAPTURE(pipelining);
      Bed bed;
      bed.submit({"one", "two"});
      bed.greet(pipelining ? "PIPELINING" : "");
      std::string end = "\r\n", failed = "503 no\r\n", said = bed.speak();
      bool mailOk = row.rcpt[0], rcptOk = row.data[0], dataOk = row.end[0];
      if (pipelining) {
        CHECK(said == kMail + kRcpt + kData);
        said = bed.hear(row.mail + end + (mailOk ? row.rcpt + end : failed) +
                        (rcptOk ? row.data + end : failed));
      } else {
        CHECK(said == kMail);
        said = bed.hear(row.mail + end);
        if (mailOk) {
          CHECK(said == kRcpt);
          said = bed.hear(row.rcpt + end);
        }
        if (rcptOk) {
          CHECK(said == kData);
          said = bed.hear(row.data + end);
        }
      }
      std::string next = pipelining ? kMail + kRcpt + kData : kMail;
      if (dataOk) {
        CHECK(said == "one\r\n.\r\n" + (pipelining ? next : ""));
        said = bed.hear(row.end + end) + (pipelining ? next : "");
        CHECK(said == next);
      } else {
        CHECK(said == (pipelining ? "RSET\r\n" + next : "RSET\r\n"));
        CHECK(bed.hear(kOk) == (pipelining ? "" : next));
      }
      CHECK(bed.outcome(0) == row.outcome);
      // The other one goes through.
      if (pipelining) {
        CHECK(bed.hear(kOk + kOk + "354 go\r\n") == "two\r\n.\r\n");
      } else {
        CHECK(bed.hear(kOk) == kRcpt);
        CHECK(bed.hear(kOk) == kData);
        CHECK(bed.hear("354 go\r\n") == "two\r\n.\r\n");
      }
      CHECK(bed.hear(kOk) == "");
      CHECK(bed.outcome(1) == "delivered end 250");
      CHECK_FALSE(bed.dialogue.underWay());
    }
  }
}

TEST_CASE("some recipients are refused, the others get the message") {
  for (const char* keywords : {"", "PIPELINING", "PIPELINING,CHUNKING", "CHUNKING"}) {
    CAPTURE(keywords);
    Bed bed;
    bed.submit({"one"}, {"a", "b", "c"});
    bed.greet(keywords);
    bool chunking = std::string(keywords).find("CHUNKING") != std::string::npos;
    for (const char* reply : {"", "250 ok\r\n", "250 ok\r\n", "550 5.1.1 no\r\n", "450 later\r\n"}) {
      bed.dialogue.receive(reply);
      bed.speak();
    }
    if (!chunking) CHECK(bed.hear("354 go\r\n") == "one\r\n.\r\n");
    CHECK(bed.outcome(0) == "open");
    bed.hear(kOk);
    CHECK(bed.outcome(0) == "delivered end 250, refused rcpt 550, deferred rcpt 450");
    CHECK_FALSE(bed.dialogue.underWay());
  }
}

TEST_CASE("LMTP: a reply for each recipient that was accepted") {
  for (const char* keywords : {"", "PIPELINING", "PIPELINING,CHUNKING"}) {
    CAPTURE(keywords);
    Bed bed(Protocol::lmtp);
    bed.submit({"one", "two"}, {"a", "b", "c", "d"});
    bed.greet(keywords);
    for (const char* reply :
         {"", "250 ok\r\n", "250 ok\r\n", "550 no\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"}) {
      bed.dialogue.receive(reply);
      bed.speak();
    }
    bed.hear(kOk);
    CHECK(bed.outcome(0) == "open");
    bed.hear("452 4.2.2 over quota\r\n");
    CHECK(bed.outcome(0) == "open");
    bed.hear("552 5.2.2 over quota\r\n");
    CHECK(bed.outcome(0) == "delivered end 250, refused rcpt 550, deferred end 452, refused end 552");
    CHECK(bed.dialogue.underWay());
    CHECK_THROWS_AS(bed.dialogue.end(), Failure);
  }
}

TEST_CASE("LMTP with one recipient uses BDAT") {
  Bed bed(Protocol::lmtp);
  bed.submit({"one", "two"}, {"a"});
  bed.greet("PIPELINING,CHUNKING");
  CHECK(bed.speak() == kMail + "RCPT TO:<a>\r\nBDAT 5 LAST\r\none\r\nRSET\r\n" + kMail +
                           "RCPT TO:<a>\r\nBDAT 5 LAST\r\ntwo\r\n");
  bed.hear(kOk + "550 no\r\n503 no recipient\r\n" + kOk + kOk + kOk + kOk);
  CHECK(bed.outcome(0) == "refused rcpt 550");
  CHECK(bed.outcome(1) == "delivered end 250");
}

TEST_CASE("354 although every recipient was refused") {
  Bed bed;
  bed.submit({"one", "two"});
  bed.greet("PIPELINING");
  bed.speak();
  CHECK(bed.hear(kOk + "550 no\r\n354 go\r\n") == "\r\n.\r\n" + kMail + kRcpt + kData);
  CHECK(bed.outcome(0) == "refused rcpt 550");
  CHECK(bed.hear("554 nobody\r\n" + kOk + kOk + "354 go\r\n") == "two\r\n.\r\n");
  bed.hear(kOk);
  CHECK(bed.outcome(1) == "delivered end 250");

  Bed lmtp(Protocol::lmtp);
  lmtp.submit({"one"});
  lmtp.greet("PIPELINING");
  lmtp.speak();
  CHECK_THROWS_AS(lmtp.hear(kOk + "550 no\r\n354 go\r\n"), Failure);
}

TEST_CASE("the parameters of MAIL") {
  struct {
    const char* keywords;
    const char* sender;
    const char* recipient;
    const char* body;
    const char* mail;
  } const table[] = {
      {"", "", "b@x", "abc", "MAIL FROM:<>\r\n"},
      {"SIZE", "a@x", "b@x", "abc\n.", "MAIL FROM:<a@x> SIZE=8\r\n"},
      {"8BITMIME", "a@x", "b@x", "abc", "MAIL FROM:<a@x>\r\n"},
      {"8BITMIME", "a@x", "b@x", "\xc3\xa4", "MAIL FROM:<a@x> BODY=8BITMIME\r\n"},
      {"", "a@x", "b@x", "\xc3\xa4", "MAIL FROM:<a@x>\r\n"},
      {"SMTPUTF8", "a@x", "b@x", "abc", "MAIL FROM:<a@x>\r\n"},
      {"SMTPUTF8", "\xc3\xa4@x", "b@x", "abc", "MAIL FROM:<\xc3\xa4@x> SMTPUTF8\r\n"},
      {"SMTPUTF8,8BITMIME,SIZE 100", "a@x", "\xc3\xa4@x", "\xff",
       "MAIL FROM:<a@x> SIZE=3 BODY=8BITMIME SMTPUTF8\r\n"},
      {"8BITMIME", "\xc3\xa4@x", "b@x", "abc", "MAIL FROM:<>\r\n"},
  };
  for (const auto& row : table) {
    CAPTURE(row.mail);
    Bed bed;
    bed.submit({row.body}, {row.recipient}, row.sender);
    bed.greet(row.keywords);
    CHECK(bed.speak() == row.mail);
  }
}

TEST_CASE("what the server has said it cannot take is not tried") {
  Bed bed;
  bed.submit({"12345678", "123456789", "x"});
  bed.submit({"x"}, {"\xc3\xa4@x"});
  bed.submit({"x"}, {"\xc3\xa4@x", "b"});
  bed.greet("PIPELINING,SIZE 10");
  CHECK(bed.speak() == "MAIL FROM:<alice@example> SIZE=10\r\n" + kRcpt + kData);
  CHECK(bed.hear(kOk + kOk + "354 go\r\n") ==
        "12345678\r\n.\r\nMAIL FROM:<alice@example> SIZE=3\r\n" + kRcpt + kData);
  CHECK(bed.outcome(1) == "refused mail 0");
  CHECK(bed.settled[1][0].status == EnhancedStatus{5, 3, 4});
  CHECK(bed.hear(kOk + kOk + kOk + "354 go\r\n") ==
        "x\r\n.\r\nMAIL FROM:<alice@example> SIZE=3\r\nRCPT TO:<b>\r\nDATA\r\n");
  CHECK(bed.outcome(3) == "deferred rcpt 0");
  CHECK(bed.hear(kOk + kOk + kOk + "354 go\r\n") == "x\r\n.\r\n");
  bed.hear(kOk);
  CHECK(bed.outcome(4) == "deferred rcpt 0, delivered end 250");
  CHECK_FALSE(bed.dialogue.underWay());
}

TEST_CASE("EHLO is not known: HELO") {
  Bed bed;
  bed.submit({"one"});
  CHECK(bed.hear("220-hello\r\n220 there\r\n") == "EHLO me.example\r\n");
  CHECK(bed.hear("502 what?\r\n") == "HELO me.example\r\n");
  CHECK(bed.hear("250 mx\r\n") == kMail);
}

TEST_CASE("a session that is refused leaves every message where it was") {
  struct {
    Protocol protocol;
    const char* said;
  } const table[] = {{Protocol::smtp, "554 no service\r\n"},
                     {Protocol::smtp, "421 too busy\r\n"},
                     {Protocol::smtp, "220 hi\r\n450 later\r\n"},
                     {Protocol::smtp, "220 hi\r\n500 what\r\n550 no\r\n"},
                     {Protocol::lmtp, "220 hi\r\n500 what\r\n"},
                     {Protocol::smtp, "220 hi\r\n421 bye\r\n"},
                     {Protocol::smtp, "354 hello\r\n"},
                     {Protocol::smtp, "hello\r\n"},
                     {Protocol::smtp, "220 hi\r\n250 mx\r\n250 x\r\n"}};
  for (const auto& row : table) {
    CAPTURE(row.said);
    Bed bed(row.protocol);
    bed.submit({"one"});
    CHECK_THROWS_AS(bed.dialogue.receive(row.said), Failure);
    bed.dialogue.abandon("gone");
    CHECK(bed.settled.empty());
  }
  Bed bed;
  CHECK_THROWS_AS(bed.dialogue.end(), Failure);
}

TEST_CASE("the connection is lost before and after the last octet") {
  // How many octets of the message's own (of 7: "one", CRLF, dot...) the kernel has taken.
  std::string body = "one\r\n.\r\n";
  for (std::size_t sent = 0; sent <= body.size(); ++sent) {
    CAPTURE(sent);
    Bed bed;
    bed.submit({"one", "two"});
    bed.greet("PIPELINING");
    bed.speak();
    bed.dialogue.receive(kOk + kOk + "354 go\r\n");
    REQUIRE(bed.dialogue.output().starts_with(body));
    bed.dialogue.written(sent);
    CHECK_THROWS_AS(bed.dialogue.end(), Failure);
    bed.dialogue.abandon("connection lost");
    CHECK(bed.outcome(0) == (sent == body.size() ? "unknown end 0" : "deferred end 0"));
    CHECK(bed.settled[0][0].text == "connection lost");
    CHECK(bed.outcome(1) == "open");
  }
}

TEST_CASE("the connection is lost with several messages in flight") {
  Bed bed;
  bed.submit({"one", "two", "three", "four"}, {"a", "b"});
  bed.greet("PIPELINING,CHUNKING");
  std::string said(bed.dialogue.output());
  bed.dialogue.written(said.find("three") + 2);
  bed.dialogue.receive(kOk + kOk + "550 no\r\n" + kOk + kOk + kOk + "550 no\r\n");
  bed.dialogue.abandon("connection lost");
  CHECK(bed.outcome(0) == "delivered end 250, refused rcpt 550");
  CHECK(bed.outcome(1) == "refused rcpt 550, unknown end 0");  // the reply to the second RCPT has not come
  CHECK(bed.outcome(2) == "open");
  CHECK(bed.outcome(3) == "open");
}

TEST_CASE("the first message is to blame for a loss, unless the server had not looked at it") {
  struct {
    int before;         // messages that went well
    const char* reply;  // then
    const char* outcome;
  } const table[] = {
      {0, "", "deferred mail 0"},
      {0, "250 ok\r\n", "deferred rcpt 0"},
      {0, "421 bye\r\n", "deferred mail 421"},
      {1, "", "open"},
      {1, "250 ok\r\n", "deferred rcpt 0"},
      {1, "421 bye\r\n", "open"},
      {1, "250 ok\r\n421 4.7.0 bye\r\n", "deferred rcpt 421"},
  };
  for (const auto& row : table) {
    CAPTURE(row.before);
    CAPTURE(row.reply);
    Bed bed;
    bed.greet();
    for (int i = 0; i < row.before; ++i) {
      bed.submit({"x"});
      for (const char* reply : {"", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n"}) bed.hear(reply);
    }
    bed.submit({"one", "two"});
    bed.speak();
    std::string_view replies = row.reply;
    while (!replies.empty()) {
      std::string reply(replies.substr(0, replies.find('\n') + 1));
      replies.remove_prefix(reply.size());
      if (reply.starts_with("421"))
        CHECK_THROWS_AS(bed.hear(reply), Failure);
      else
        bed.hear(reply);
    }
    bed.dialogue.abandon("connection lost");
    std::uint32_t message = static_cast<std::uint32_t>(row.before);
    CHECK(bed.outcome(message) == row.outcome);
    CHECK(bed.outcome(message + 1) == "open");
  }
}

TEST_CASE("421") {
  SUBCASE("while nothing is under way: over, and no failure") {
    Bed bed;
    bed.greet();
    bed.hear("421 4.4.2 idle too long\r\n");
    CHECK(bed.dialogue.over());
    CHECK(bed.dialogue.farewell() == "421 4.4.2 idle too long");
  }
  SUBCASE("to the end of mail data: what is behind has not been looked at") {
    Bed bed;
    bed.submit({"one", "two", "three"});
    bed.greet("PIPELINING,CHUNKING");
    bed.speak();
    CHECK_THROWS_AS(bed.hear(kOk + kOk + "421 4.3.2 shutting down\r\n"), Failure);
    bed.dialogue.abandon("gone");
    CHECK(bed.outcome(0) == "deferred end 421");
    CHECK(bed.outcome(1) == "open");
    CHECK(bed.outcome(2) == "open");
  }
  SUBCASE("in the midst of LMTP's replies: those that did not come are in doubt") {
    Bed bed(Protocol::lmtp);
    bed.submit({"one"}, {"a", "b", "c", "d"});
    bed.greet("PIPELINING");
    bed.speak();
    bed.hear(kOk + kOk + kOk + "550 no\r\n" + kOk + "354 go\r\n");
    bed.hear(kOk);
    CHECK_THROWS_AS(bed.hear("421 bye\r\n"), Failure);
    CHECK(bed.outcome(0) == "delivered end 250, deferred end 421, refused rcpt 550, unknown end 421");
  }
}

TEST_CASE("a reply before the end of a message") {
  SUBCASE("DATA: the message is refused, and the connection of no more use") {
    Bed bed;
    bed.submit({std::string(200000, 'x'), "two"});
    bed.greet("PIPELINING");
    bed.speak();
    bed.dialogue.receive(kOk + kOk + "354 go\r\n");
    bed.dialogue.written(bed.dialogue.output().size());
    CHECK_THROWS_AS(bed.hear("552 5.3.4 too much\r\n"), Failure);
    bed.dialogue.abandon("gone");
    CHECK(bed.outcome(0) == "refused end 552");
    CHECK(bed.outcome(1) == "open");
  }
  SUBCASE("BDAT: the octets are counted, so it goes on") {
    Bed bed;
    bed.submit({std::string(200000, 'x'), "two"});
    bed.greet("CHUNKING");
    bed.speak();
    bed.hear(kOk);
    bed.dialogue.receive(kOk);
    bed.dialogue.written(bed.dialogue.output().size());
    bed.dialogue.receive("552 5.3.4 too much\r\n");
    CHECK(bed.outcome(0) == "refused end 552");
    std::string rest = bed.speak();
    CHECK(rest.ends_with("xx\r\nRSET\r\n"));
    CHECK(bed.hear(kOk) == kMail);
  }
  SUBCASE("a message cannot be accepted before it is there") {
    for (const char* keywords : {"", "CHUNKING"}) {
      Bed bed;
      bed.submit({std::string(200000, 'x')});
      bed.greet(keywords);
      bed.speak();
      bed.hear(kOk);
      if (*keywords == 0) bed.hear(kOk);
      bed.dialogue.receive(*keywords == 0 ? "354 go\r\n" : kOk);
      bed.dialogue.written(bed.dialogue.output().size());
      CHECK_THROWS_AS(bed.hear(kOk), Failure);
      bed.dialogue.abandon("gone");
      CHECK(bed.outcome(0).starts_with("deferred data"));
    }
  }
}

TEST_CASE("after a reply that makes no sense nothing is listened to") {
  for (const char* nonsense : {"what\r\n", "250-a\r\n550 b\r\n", "354 go\r\n"}) {
    CAPTURE(nonsense);
    Bed bed;
    bed.submit({"one"});
    bed.greet("PIPELINING,CHUNKING");
    bed.speak();
    CHECK_THROWS_AS(bed.hear(kOk + nonsense), Failure);
    bed.hear(kOk + kOk + kOk);
    CHECK(bed.settled.empty());
    bed.dialogue.abandon("gone");
    CHECK(bed.outcome(0) == "unknown end 0");
  }
  Bed bed;
  bed.greet();
  CHECK_THROWS_AS(bed.hear("250 what?\r\n"), Failure);
}

TEST_CASE("hold: what is under way is finished, nothing is begun") {
  Bed bed;
  bed.submit({"one", "two", "three"});
  bed.greet("PIPELINING");
  bed.speak();
  bed.dialogue.hold();
  bed.dialogue.quit();
  CHECK(bed.hear(kOk + kOk + "354 go\r\n") == "one\r\n.\r\n");
  CHECK(bed.hear(kOk) == "QUIT\r\n");
  bed.dialogue.end();
  CHECK(bed.dialogue.over());
  CHECK(bed.settled.size() == 1);
}

TEST_CASE("how long a server may take") {
  Bed bed;
  using namespace deadlines;
  auto patience = [&] { return bed.dialogue.patience().value_or(std::chrono::milliseconds(0)); };
  CHECK(patience() == kGreeting);
  bed.hear("220 hi\r\n");
  CHECK(patience() == kCommand);
  CHECK(bed.dialogue.awaited() == "its reply to EHLO");
  bed.hear("250 mx\r\n");
  CHECK(patience().count() == 0);
  bed.submit({"one"});
  CHECK_FALSE(bed.dialogue.output().empty());
  CHECK(patience() == kDataBlock);
  bed.speak();
  CHECK(patience() == kCommand);
  bed.hear(kOk);
  CHECK(patience() == kCommand);
  bed.hear(kOk);
  CHECK(patience() == kDataInitiation);
  bed.hear("354 go\r\n");
  CHECK(patience() == kDataTermination);
  bed.hear(kOk);
  bed.dialogue.quit();
  bed.speak();
  CHECK(patience() == kQuit);
}

TEST_CASE("our own name is one word") {
  for (const char* name : {"", "a b", "a\r\nb", "a\tb", "\xc3\xa4", "a\x7f"})
    CHECK_THROWS_AS(Dialogue(Protocol::smtp, name, {}), Failure);
  CHECK_THROWS_AS(Dialogue(Protocol::smtp, std::string(limits::kLongestEhlo + 1, 'a'), {}), Failure);
}
