// The session against a server that follows a script: a test plays server, sync and launch, the session runs
// in a thread of its own.
#include "net/session.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "ipc/failure.h"
#include "net/limits.h"
#include "net/socket.h"

using namespace interimap;
using namespace std::chrono_literals;

namespace {

constexpr int kWait = 5000;  // milliseconds; only a failing test waits that long

class Script {
 public:
  explicit Script(settings::Net settings) : settings_(std::move(settings)) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    server_ = Descriptor(ends[0]);
    auto [syncOurs, syncTheirs] = Channel::pair();
    auto [launchOurs, launchTheirs] = Channel::pair();
    sync_.emplace(std::move(syncOurs));
    launch_.emplace(std::move(launchOurs));
    thread_ = std::thread(
        [this, stream = ends[1], sync = std::move(syncTheirs), launch = std::move(launchTheirs)]() mutable {
          live(Descriptor(stream), std::move(sync), std::move(launch));
        });
  }
  ~Script() {
    if (thread_.joinable()) end();
  }

  // The server's part.
  void say(std::string_view text) {
    REQUIRE(::send(server_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
  }
  // The next octets from the session are exactly these.
  void hear(std::string_view expected) {
    std::string heard;
    while (heard.size() < expected.size() && readable(server_.get(), kWait)) {
      std::string piece(expected.size() - heard.size(), '\0');
      ssize_t n = ::read(server_.get(), piece.data(), piece.size());
      if (n <= 0) break;
      heard += piece.substr(0, static_cast<std::size_t>(n));
    }
    CHECK(heard == expected);
  }
  void hearNothing() { CHECK_FALSE(readable(server_.get(), 30)); }
  void hangUp() { server_ = Descriptor(); }

  // Sync's part.
  RequestId ask(decltype(Request::what) what, Descriptor bodies = {}) {
    sync_->send(pack(Request{++id_, std::move(what), std::move(bodies)}));
    return id_;
  }
  Answer answer() {
    if (!readable(sync_->fd(), kWait)) FAIL("no answer");
    auto packet = sync_->receive();
    REQUIRE(packet);
    Answer answer = readAnswer(std::move(*packet));
    return answer;
  }
  template <typename What>
  What answer(RequestId id) {
    Answer answer = this->answer();
    CHECK(answer.id == id);
    REQUIRE(std::holds_alternative<What>(answer.what));
    bodies_ = std::move(answer.bodies);
    return std::get<What>(std::move(answer.what));
  }
  answer::Done done(RequestId id) { return answer<answer::Done>(id); }
  std::string body(BodyRange range) {
    Bodies bodies(Descriptor(dup(bodies_.get())), std::span(&range, 1));
    std::string text(range.size, '\0');
    CHECK(bodies.read(range.offset, text) == range.size);
    return text;
  }

  // Waits for the session to end by itself; why.
  std::string failure() {
    thread_.join();
    return why_;
  }
  ExitStatus status() const { return status_; }
  // Sync goes away: so does the session.
  std::string end() {
    sync_.reset();
    thread_.join();
    return why_;
  }
  // What launch was told: lines of "level: text".
  std::string logged() {
    std::string lines;
    try {
      while (auto packet = launch_->receive())
        if (auto report = readReport(std::move(*packet)); auto* line = std::get_if<LogLine>(&report.what))
          lines += line->text + "\n";
    } catch (const PeerGone&) {
    }
    return lines;
  }

  // Over the greeting, the login and ENABLE.
  void ready(const std::string& more = "") {
    say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n");
    hear("000000 AUTHENTICATE PLAIN AGpvZQBzZWtyaXQ=\r\n");
    say("000000 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS UNSELECT" + more +
        "] in\r\n");
    auto id = ask(request::Enable{});
    hear("000001 ENABLE QRESYNC\r\n");
    say("* ENABLED QRESYNC\r\n000001 OK\r\n");
    answer<answer::Ready>(id);
    CHECK(done(id).ok());
  }

 private:
  static bool readable(int fd, int milliseconds) {
    pollfd wait{fd, POLLIN, 0};
    return poll(&wait, 1, milliseconds) > 0;
  }
  void live(Descriptor stream, Descriptor syncEnd, Descriptor launchEnd) {
    try {
      Reporter launch{Channel(std::move(launchEnd))};
      Channel sync(std::move(syncEnd));
      MessageHeader header;
      auto startTls = [](std::unique_ptr<Stream> below) { return below; };
      Session session(settings_, std::make_unique<SocketStream>(std::move(stream)), startTls, launch, sync,
                      header);
      session.serve();
    } catch (const Failure& failure) {
      why_ = failure.what();
      status_ = failure.status;
    } catch (const PeerGone&) {
      why_ = "peer gone";
    } catch (const PeerViolation& violation) {
      why_ = violation.what();
      status_ = ExitStatus::internal;
    }
  }

  settings::Net settings_;
  Descriptor server_, bodies_;
  std::optional<Channel> sync_, launch_;
  RequestId id_ = 0;
  std::string why_;
  ExitStatus status_ = ExitStatus::ok;
  std::thread thread_;
};

settings::Net account() {
  settings::Net settings;
  settings.transport = settings::Transport::imaps;
  settings.host = "imap.example.test";
  settings.auth = {"PLAIN", "LOGIN"};
  settings.username = "joe";
  settings.password = Secret("sekrit");
  settings.maxMessageSize = 1000;
  return settings;
}

UidSet uids(std::string_view text) { return *UidSet::parse(text); }
const InternalDate kDate = *InternalDate::parse("17-Jul-1996 02:44:25 -0700");

request::Append append(std::initializer_list<std::string_view> texts, bool together, Descriptor& bodies) {
  request::Append request{{"INBOX"}, together, {}};
  BodyWriter writer;
  for (auto text : texts) {
    request.messages.push_back({*Flags::parse("\\Seen"), kDate, {writer.size(), text.size()}});
    writer.write(text);
  }
  bodies = writer.seal();
  return request;
}

const std::string kMeta = "(\\Seen) \"17-Jul-1996 02:44:25 -0700\" ";

}  // namespace

TEST_CASE("with SASL-IR, everything behind the greeting is one flight") {
  Script script(account());
  auto enable = script.ask(request::Enable{});
  auto list = script.ask(request::List{.reference = "", .patterns = {"*"}});
  script.say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n");
  script.hear(
      "000000 AUTHENTICATE PLAIN AGpvZQBzZWtyaXQ=\r\n000001 ENABLE QRESYNC\r\n"
      "000002 LIST \"\" * RETURN (SUBSCRIBED STATUS (MESSAGES UIDVALIDITY UIDNEXT HIGHESTMODSEQ))\r\n");
  script.say(
      "000000 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS MULTIAPPEND IDLE] "
      "in\r\n"
      "* ENABLED QRESYNC\r\n000001 OK done\r\n"
      "* LIST (\\Subscribed) \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 3 UIDNEXT 4)\r\n"
      "* LIST () \"/\" broken \r\n* LIST (\"\r\n000002 OK done\r\n");
  auto ready = script.answer<answer::Ready>(enable);
  CHECK(ready == answer::Ready{.multiAppend = true, .idle = true});
  CHECK(script.done(enable).ok());
  auto listed = script.answer<answer::Listed>(list);
  REQUIRE(listed.entries.size() == 2);
  CHECK(listed.entries[0] == answer::ListEntry{{"INBOX"}, '/', false, false, true});
  auto statuses = script.answer<answer::Statuses>(list);
  REQUIRE(statuses.entries.size() == 1);
  CHECK(statuses.entries[0].messages == 3);
  CHECK(script.done(list).text == "done");
  CHECK(script.end() == "peer gone");
  script.hear("000003 LOGOUT\r\n");
  CHECK(script.logged() == "ignoring a malformed LIST response: * LIST (\"\n");
}

TEST_CASE(
    "without SASL-IR nothing follows AUTHENTICATE, and capabilities are asked for where they are not told") {
  Script script(account());
  script.ask(request::Enable{});
  script.say("* OK hello\r\n");
  script.hear("000000 CAPABILITY\r\n");
  script.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n000000 OK\r\n");
  script.hear("000001 AUTHENTICATE PLAIN\r\n");
  script.hearNothing();
  script.say("+\r\n");
  script.hear("AGpvZQBzZWtyaXQ=\r\n");
  script.hearNothing();
  script.say("000001 OK\r\n");
  script.hear("000002 CAPABILITY\r\n");
  script.say("* CAPABILITY IMAP4rev1 ENABLE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS\r\n000002 OK\r\n");
  script.hear("000003 ENABLE QRESYNC\r\n");
}

TEST_CASE("LOGIN: quoted at once, anything else through literals and alone") {
  settings::Net settings = account();
  settings.auth = {"LOGIN"};
  SUBCASE("quoted") {
    settings.username = "joe doe";
    Script script(std::move(settings));
    script.ask(request::Enable{});
    script.say("* OK [CAPABILITY IMAP4rev1] hello\r\n");
    script.hear("000000 LOGIN \"joe doe\" sekrit\r\n000001 ENABLE QRESYNC\r\n");
  }
  SUBCASE("literal") {
    settings.password = Secret("caf\xe9");
    Script script(std::move(settings));
    script.ask(request::Enable{});
    script.say("* OK [CAPABILITY IMAP4rev1] hello\r\n");
    script.hear("000000 LOGIN joe {4}\r\n");
    script.hearNothing();
    script.say("* CAPABILITY IMAP4rev1\r\n+ go on\r\n");
    script.hear("caf\xe9\r\n");
    script.hearNothing();
  }
}

TEST_CASE("greetings and logins that come to nothing") {
  struct Case {
    std::vector<std::string> auth;
    const char* says;
    ExitStatus status;
    const char* why;
  };
  const char* kIn = "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] x\r\n";
  const std::string in = kIn;
  const std::string cases[][4] = {
      {"PLAIN", "* BYE too many connections\r\n", "69",
       "server refused the connection: BYE too many connections"},
      {"PLAIN", "hello\r\n", "76", "Unexpected response: hello"},
      {"PLAIN", "* 5 EXISTS\r\n", "76", "not a greeting: * 5 EXISTS"},
      {"PLAIN", "* OK [CAPABILITY FOO] x\r\n", "76", "Missing IMAP4rev1 CAPABILITY. Not an IMAP4 server?"},
      {"PLAIN", "* OK [CAPABILITY IMAP4rev1 AUTH=GSSAPI] x\r\n", "76",
       "Failed to choose an authentication mechanism"},
      {"GSSAPI", "* OK [CAPABILITY IMAP4rev1 AUTH=GSSAPI] x\r\n", "78",
       "Unsupported authentication mechanism: GSSAPI"},
      {"LOGIN", "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] x\r\n", "77", "Logins are disabled."},
      {"PLAIN", in + "000000 NO [AUTHENTICATIONFAILED] sorry\r\n", "77", "NO [AUTHENTICATIONFAILED] sorry"},
      {"PLAIN", in + "000000 NO [UNAVAILABLE] later\r\n", "75", "NO [UNAVAILABLE] later"},
      {"PLAIN", in + "+ more?\r\n", "76", "server asks for more than the credentials it was given"},
      {"PLAIN", in + "000007 OK\r\n", "76", "Unexpected response: 000007 OK"},
      {"PLAIN", in + "* BYE \xe9nough\r\n", "69", "server closed the connection: BYE \xe9nough"},
      {"PLAIN", in + "000000 OK [CAPABILITY IMAP4rev1 QRESYNC] in\r\n", "76",
       "Server did not advertise ENABLE (RFC 5161) capability."},
      {"PLAIN", in + "000000 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC UIDPLUS LIST-EXTENDED] in\r\n", "76",
       "Non LIST-STATUS-capable IMAP server."},
      {"PLAIN", "", "69", "0 bytes read (got EOF)"},
      {"PLAIN", "* OK hel", "69", "0 bytes read (got EOF) in the middle of a response"},
  };
  for (const auto& c : cases) {
    CAPTURE(c[1]);
    settings::Net settings = account();
    settings.auth = {c[0]};
    Script script(std::move(settings));
    // The tagged response must not overtake the command it answers.
    auto cut = c[1].find("x\r\n");
    auto first = cut == std::string::npos ? c[1] : c[1].substr(0, cut + 3);
    script.say(first);
    if (first != c[1]) {
      script.hear("000000 AUTHENTICATE PLAIN AGpvZQBzZWtyaXQ=\r\n");
      script.say(c[1].substr(first.size()));
    }
    script.hangUp();
    CHECK(script.failure() == c[3]);
    CHECK(std::to_string(static_cast<int>(script.status())) == c[2]);
  }
}

TEST_CASE("STARTTLS") {
  settings::Net settings = account();
  settings.transport = settings::Transport::imap;
  Script script(std::move(settings));
  SUBCASE("capabilities are asked for again") {
    script.say("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hello\r\n");
    script.hear("000000 STARTTLS\r\n");
    script.say("000000 OK go ahead\r\n");
    script.hear("000001 CAPABILITY\r\n");
  }
  SUBCASE("what follows the tagged OK was injected") {
    script.say("* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n");
    script.hear("000000 STARTTLS\r\n");
    script.say("000000 OK go ahead\r\n* CAPABILITY IMAP4rev1\r\n");
    CHECK(script.failure() == "Data after the STARTTLS reply: possible injection by a man in the middle");
  }
  SUBCASE("PREAUTH skips it") {
    script.say("* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n");
    CHECK(script.failure().starts_with("PREAUTH greeting on plaintext connection?"));
    CHECK(script.status() == ExitStatus::noPermission);
  }
  SUBCASE("not offered") {
    script.say("* OK [CAPABILITY IMAP4rev1] hello\r\n");
    CHECK(script.failure() == "Server did not advertise STARTTLS capability.");
  }
  SUBCASE("refused") {
    script.say("* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n");
    script.hear("000000 STARTTLS\r\n");
    script.say("000000 BAD no\r\n");
    CHECK(script.failure() == "BAD no");
  }
}

TEST_CASE("PREAUTH through a tunnel, without a capability code") {
  settings::Net settings = account();
  settings.transport = settings::Transport::tunnel;
  Script script(std::move(settings));
  script.ask(request::Enable{});
  script.say("* PREAUTH hello\r\n");
  script.hear("000000 CAPABILITY\r\n");
  script.say("* CAPABILITY IMAP4rev1 ENABLE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS\r\n000000 OK\r\n");
  script.hear("000001 ENABLE QRESYNC\r\n");
  script.say("* ENABLED CONDSTORE\r\n000001 OK\r\n");
  CHECK(script.failure() == "Couldn't ENABLE QRESYNC");
}

TEST_CASE("a password in clear is worth a warning") {
  settings::Net settings = account();
  settings.transport = settings::Transport::imap;
  settings.startTls = false;
  bool loopback = false;
  SUBCASE("over a network") {}
  SUBCASE("not on the loopback") {
    settings.host = "127.0.0.1";
    loopback = true;
  }
  Script script(std::move(settings));
  script.ready();
  CHECK(script.logged() ==
        (loopback ? "" : "Sending the password to imap.example.test without encryption\n"));
}

TEST_CASE("SELECT with QRESYNC") {
  Script script(account());
  script.ready();
  request::Known known{{67890007}, {90060115194045000}, uids("1:211"), 53, uids("41,43:46")};
  auto id = script.ask(request::Select{{"a b"}, false, known});
  script.hear("000002 SELECT \"a b\" (QRESYNC (67890007 90060115194045000 1:211 (49:53 41,43:46)))\r\n");
  script.say(
      "* OK [CLOSED]\r\n* 314 EXISTS\r\n* OK [UIDVALIDITY 67890007] x\r\n* OK [UIDNEXT 567] x\r\n"
      "* OK [HIGHESTMODSEQ 90060115205545359] x\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n"
      "* VANISHED (EARLIER) 41,43:46\r\n* 49 FETCH (UID 117 FLAGS (\\Seen) MODSEQ (90060115194045001))\r\n"
      "* VANISHED 1\r\n* 12 FETCH (FLAGS ())\r\n000002 OK [READ-ONLY] mailbox selected\r\n");
  CHECK(script.answer<answer::Vanished>(id).uids.text() == "41,43:46");
  auto messages = script.answer<answer::Messages>(id).messages;
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].uid.value() == 117);
  CHECK(messages[0].modSeq.value == 90060115194045001);
  auto selected = script.answer<answer::Selected>(id);
  CHECK(selected == answer::Selected{{67890007}, {567}, {90060115205545359}, 314, true, false, {}});
  CHECK_FALSE(selected.storable.all);
  CHECK(selected.storable.allows("newkeyword"));
  CHECK(script.done(id).code == "READ-ONLY");

  SUBCASE("what comes before CLOSED belongs to the mailbox before") {
    auto second = script.ask(request::Select{{"b"}, true, request::Known{{1}, {5}, uids("1:9"), 0, {}}});
    script.hear("000003 EXAMINE b (QRESYNC (1 5 1:9))\r\n");
    script.say(
        "* 1 FETCH (UID 1 FLAGS () MODSEQ (99))\r\n* 7 EXISTS\r\n* VANISHED 2\r\n* OK [CLOSED] x\r\n"
        "* OK [UIDVALIDITY 1]\r\n* 2 FETCH (UID 2 FLAGS () MODSEQ (6))\r\n000003 OK\r\n");
    auto changed = script.answer<answer::Messages>(second).messages;
    REQUIRE(changed.size() == 1);
    CHECK(changed[0].uid.value() == 2);
    CHECK(script.answer<answer::Selected>(second).exists == 0);
    CHECK(script.done(second).ok());
  }
  SUBCASE("without CLOSED everything counts") {
    auto second = script.ask(request::Select{{"b"}, false, request::Known{{1}, {5}, uids("1:9"), 0, {}}});
    script.hear("000003 SELECT b (QRESYNC (1 5 1:9))\r\n");
    script.say("* 1 FETCH (UID 1 FLAGS () MODSEQ (99))\r\n* OK [NOMODSEQ]\r\n000003 OK\r\n");
    CHECK(script.answer<answer::Messages>(second).messages.size() == 1);
    CHECK(script.answer<answer::Selected>(second).highestModSeq.value == 0);
    CHECK(script.done(second).ok());
  }
  SUBCASE("refused, and then no mailbox is selected") {
    auto second = script.ask(request::Select{{"c"}, false, {}});
    auto third = script.ask(request::Simple{request::Simple::Verb::unselect});
    script.hear("000003 SELECT c\r\n000004 UNSELECT\r\n");
    script.say("000003 NO [NONEXISTENT] gone\r\n000004 BAD no mailbox\r\n");
    auto done = script.done(second);
    CHECK(done.completion == answer::Done::Completion::no);
    CHECK(done.code == "NONEXISTENT");
    CHECK(done.text == "[NONEXISTENT] gone");
    CHECK(script.done(third).completion == answer::Done::Completion::bad);
    script.ask(request::Simple{request::Simple::Verb::unselect});
    script.hear("000005 NOOP\r\n");
  }
}

TEST_CASE("what an Expunge waits for is not taken from the mailbox before its own") {
  Script script(account());
  script.ready();
  auto select = script.ask(request::Select{{"a"}, false, {}});
  auto expunge = script.ask(request::Expunge{uids("4:6")});
  script.hear(
      "000002 SELECT a\r\n000003 UID STORE 4:6 +FLAGS.SILENT (\\Deleted)\r\n000004 UID EXPUNGE 4:6\r\n");
  script.say(
      "* VANISHED 4\r\n* OK [UIDVALIDITY 3]\r\n000002 OK\r\n000003 OK\r\n* VANISHED 5:9\r\n000004 OK\r\n");
  script.answer<answer::Selected>(select);
  CHECK(script.done(select).ok());
  CHECK(script.answer<answer::Vanished>(expunge).uids.text() == "5:6");
  CHECK(script.done(expunge).ok());
}

TEST_CASE("an EXPUNGE waits for a STORE before it, and only for that") {
  Script script(account());
  script.ready();
  script.ask(request::Store{uids("1"), request::Store::Change::add, *Flags::parse("new")});
  script.ask(request::Expunge{uids("4")});
  script.ask(request::Simple{});
  script.hear("000002 UID STORE 1 +FLAGS (new)\r\n");
  script.hearNothing();
  script.say("000002 OK\r\n");
  script.hear("000003 UID STORE 4 +FLAGS.SILENT (\\Deleted)\r\n000004 UID EXPUNGE 4\r\n000005 NOOP\r\n");
}

TEST_CASE("a window of bodies") {
  Script script(account());
  script.ready();
  auto id = script.ask(request::FetchBodies{uids("1:6")});
  script.hear("000002 UID FETCH 1:6 (MODSEQ FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  std::string large(1001, 'x'),
      meta = "FLAGS (\\Seen) MODSEQ (7) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\"";
  script.say("* 1 FETCH (UID 1 " + meta + " BODY[] {9}\r\nA: b\r\n\r\nc)\r\n");
  script.say("* 9 FETCH (UID 9 " + meta + " BODY[] {7}\r\nunasked)\r\n");
  script.say("* 1 FETCH (FLAGS (\\Seen) UID 1)\r\n");
  script.say("* 2 FETCH (BODY[] {1001}\r\n" + large + " UID 2)\r\n");
  script.say("* 3 FETCH (BODY[] {6}\r\nbroken UID 0)\r\n");
  script.say("* 3 FETCH (BODY[] {1}\r\nx UID 3 " + meta + ")\r\n");
  script.say("* 1 FETCH (UID 1 " + meta + " BODY[] {5}\r\nagain)\r\n");
  script.say("* 4 FETCH (UID 4 " + meta + " BODY[] NIL)\r\n");
  script.say("* 5 FETCH (UID 5 " + meta + " BODY[] \"quoted\")\r\n000002 OK done\r\n");
  auto window = script.answer<answer::Window>(id);
  REQUIRE(window.messages.size() == 4);
  CHECK(window.messages[0].uid.value() == 1);
  CHECK(window.messages[0].modSeq.value == 7);
  CHECK(window.messages[0].date == kDate);
  CHECK(script.body(window.messages[0].body) == "A: b\r\n\r\nc");
  CHECK(window.messages[1].uid.value() == 3);
  CHECK(script.body(window.messages[1].body) == "x");
  CHECK(window.messages[2].body.size == 0);
  CHECK(script.body(window.messages[3].body) == "quoted");
  REQUIRE(window.tooLarge.size() == 1);
  CHECK(window.tooLarge[0].value() == 2);
  MessageHeader header;
  header.add("A: b\n");
  CHECK(window.messages[0].header == header.digest());
  CHECK(script.done(id).ok());
  CHECK(script.logged().starts_with("ignoring a malformed FETCH response"));

  SUBCASE("two windows whose responses are mixed") {
    auto second = script.ask(request::FetchBodies{uids("1")});
    auto third = script.ask(request::FetchBodies{uids("2")});
    script.hear(
        "000003 UID FETCH 1 (MODSEQ FLAGS INTERNALDATE BODY.PEEK[])\r\n"
        "000004 UID FETCH 2 (MODSEQ FLAGS INTERNALDATE BODY.PEEK[])\r\n");
    SUBCASE("UID first") {
      script.say("* 2 FETCH (" + meta + " UID 2 BODY[] {3}\r\ntwo)\r\n* 1 FETCH (UID 1 BODY[] {3}\r\none " +
                 meta + ")\r\n000004 OK\r\n000003 OK\r\n");
      CHECK(script.body(script.answer<answer::Window>(second).messages.at(0).body) == "one");
      CHECK(script.done(second).ok());
      CHECK(script.body(script.answer<answer::Window>(third).messages.at(0).body) == "two");
      CHECK(script.done(third).ok());
    }
    SUBCASE("UID last") {
      script.say("* 2 FETCH (BODY[] {3}\r\ntwo UID 2 " + meta + ")\r\n");
      CHECK(script.failure().starts_with("server mixes the responses"));
    }
  }
  SUBCASE("a connection that ends in a literal loses nothing but itself") {
    script.ask(request::FetchBodies{uids("1")});
    script.hear("000003 UID FETCH 1 (MODSEQ FLAGS INTERNALDATE BODY.PEEK[])\r\n");
    script.say("* 1 FETCH (UID 1 BODY[] {100}\r\nabc");
    script.hangUp();
    CHECK(script.failure() == "0 bytes read (got EOF) in the middle of a response");
  }
}

TEST_CASE("identities come with the digest of a header that is not kept") {
  Script script(account());
  script.ready();
  auto id = script.ask(request::Fetch{uids("1:2"), request::Fetch::Items::identity});
  script.hear("000002 UID FETCH 1:2 (MODSEQ FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER])\r\n");
  std::string header =
      "Message-ID: <x@y>\r\nX: " + std::string(2 * limits::kLongestLiteral, 'x') + "\r\n\r\n";
  script.say(
      "* 1 FETCH (UID 1 FLAGS () MODSEQ (3) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 99 "
      "BODY[HEADER] {" +
      std::to_string(header.size()) + "}\r\n" + header +
      ")\r\n"
      "* 2 FETCH (UID 2 FLAGS (x))\r\n000002 OK\r\n");
  auto messages = script.answer<answer::Messages>(id).messages;
  REQUIRE(messages.size() == 1);
  MessageHeader expected;
  expected.add("Message-ID: <x@y>\n\n");
  REQUIRE(messages[0].header);
  CHECK(*messages[0].header == expected.digest());
  CHECK(messages[0].size == 99);
  CHECK(script.done(id).ok());
}

TEST_CASE("STORE names the difference, in sets of a length that servers take") {
  Script script(account());
  script.ready();
  UidSet many;
  for (std::uint32_t uid = 1; uid < 3000; uid += 2) many.add(*Uid::of(uid));
  auto id = script.ask(request::Store{many, request::Store::Change::remove, *Flags::parse("\\Seen work")});
  std::string expected, completions;
  unsigned tag = 2;
  for (const UidSet& piece : many.pieces(limits::kLongestSet)) {
    std::string number = std::to_string(tag++);
    number = std::string(6 - number.size(), '0') + number;
    expected += number + " UID STORE " + piece.text() + " -FLAGS (\\Seen work)\r\n";
    completions += number + (tag == 4 ? " NO [NOPERM] first\r\n" : " OK\r\n");
  }
  CHECK(tag > 3);
  script.hear(expected);
  script.say("* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n" + completions);
  auto messages = script.answer<answer::Messages>(id).messages;
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].modSeq.value == 0);
  auto done = script.done(id);
  CHECK(done.completion == answer::Done::Completion::no);
  CHECK(done.code == "NOPERM");
}

TEST_CASE("APPEND") {
  Script script(account());
  Descriptor bodies;
  auto texts = {std::string_view("one"), std::string_view("two")};
  SUBCASE("together, LITERAL+") {
    script.ready(" MULTIAPPEND LITERAL+");
    auto request = append(texts, true, bodies);
    auto id = script.ask(std::move(request), std::move(bodies));
    script.hear("000002 APPEND INBOX " + kMeta + "{3+}\r\none " + kMeta + "{3+}\r\ntwo\r\n");
    script.say("000002 OK [APPENDUID 9 8:7]\r\n");
    auto appended = script.answer<answer::Appended>(id);
    CHECK(appended.uidValidity.value == 9);
    CHECK(appended.uids == std::vector<std::optional<Uid>>{Uid::of(7), Uid::of(8)});
    CHECK(script.done(id).ok());
  }
  SUBCASE("LITERAL+ told by an untagged CAPABILITY after all") {
    script.ready();
    script.say("* CAPABILITY IMAP4rev1 LITERAL+\r\n");
    auto noop = script.ask(request::Simple{});
    script.hear("000002 NOOP\r\n");
    script.say("000002 OK\r\n");
    CHECK(script.done(noop).ok());
    auto request = append({"one"}, true, bodies);
    script.ask(std::move(request), std::move(bodies));
    script.hear("000003 APPEND INBOX " + kMeta + "{3+}\r\none\r\n");
  }
  SUBCASE("one each, synchronising: untagged data and a bare + in between, the first refused") {
    script.ready();
    auto request = append(texts, true, bodies);
    auto id = script.ask(std::move(request), std::move(bodies));
    auto noop = script.ask(request::Simple{});
    script.hear("000002 APPEND INBOX " + kMeta + "{3}\r\n");
    script.hearNothing();
    script.say("* 5 EXISTS\r\n000002 NO [OVERQUOTA] full\r\n");
    script.hear("000003 APPEND INBOX " + kMeta + "{3}\r\n");
    script.say("* 6 EXISTS\r\n+\r\n");
    script.hear("two\r\n000004 NOOP\r\n");
    script.say("000004 OK early\r\n000003 OK [APPENDUID 9 4] done\r\n");  // completed out of order
    auto appended = script.answer<answer::Appended>(id);
    CHECK(appended.uids == std::vector<std::optional<Uid>>{std::nullopt, Uid::of(4)});
    CHECK(appended.refusal == "[OVERQUOTA] full");
    auto done = script.done(id);
    CHECK(done.completion == answer::Done::Completion::no);
    CHECK(done.text == "[OVERQUOTA] full");
    CHECK(script.done(noop).text == "early");
  }
  SUBCASE("an APPENDUID of another count: stored, but where is unknown") {
    script.ready(" MULTIAPPEND LITERAL+");
    auto request = append(texts, true, bodies);
    auto id = script.ask(std::move(request), std::move(bodies));
    script.hear("000002 APPEND INBOX " + kMeta + "{3+}\r\none " + kMeta + "{3+}\r\ntwo\r\n");
    script.say("000002 OK [APPENDUID 9 8] hm\r\n");
    CHECK(script.answer<answer::Appended>(id).uids == std::vector<std::optional<Uid>>(2));
    CHECK_FALSE(script.done(id).ok());
  }
  SUBCASE("no APPENDUID at all") {
    script.ready(" LITERAL-");
    auto request = append({"one"}, false, bodies);
    auto id = script.ask(std::move(request), std::move(bodies));
    script.hear("000002 APPEND INBOX " + kMeta + "{3+}\r\none\r\n");
    script.say("000002 OK\r\n");
    CHECK(script.answer<answer::Appended>(id).uids == std::vector<std::optional<Uid>>(1));
    CHECK(script.done(id).ok());
  }
  SUBCASE("BYE in the middle") {
    script.ready();
    auto request = append({"one"}, false, bodies);
    script.ask(std::move(request), std::move(bodies));
    script.hear("000002 APPEND INBOX " + kMeta + "{3}\r\n");
    script.say("* BYE [TOOBIG] no\r\n");
    script.hangUp();
    CHECK(script.failure() == "server closed the connection: BYE [TOOBIG] no");
    CHECK(script.status() == ExitStatus::unavailable);
  }
}

TEST_CASE("bodies that do not hold are a violation") {
  Script script(account());
  script.ready();
  Descriptor bodies;
  auto request = append({"one"}, false, bodies);
  request.messages[0].body.size = 4;
  script.ask(std::move(request), std::move(bodies));
  script.failure();
  CHECK(script.status() == ExitStatus::internal);
}

TEST_CASE("COMPRESS only when there is something to transfer") {
  settings::Net settings = account();
  settings.compress = true;
  Script script(std::move(settings));
  SUBCASE("refused is no harm") {
    script.ready(" COMPRESS=DEFLATE");
    script.ask(request::Simple{});
    script.ask(request::FetchBodies{uids("1")});
    script.ask(request::Simple{});
    script.hear("000002 NOOP\r\n000003 COMPRESS DEFLATE\r\n");
    script.hearNothing();
    script.say("000002 OK\r\n000003 NO [COMPRESSIONACTIVE] twice\r\n");
    script.hear("000004 UID FETCH 1 (MODSEQ FLAGS INTERNALDATE BODY.PEEK[])\r\n000005 NOOP\r\n");
  }
  SUBCASE("only another algorithm") {
    script.ready(" COMPRESS=LZ77");
    script.ask(request::FetchBodies{uids("1")});
    script.hear("000002 UID FETCH 1 (MODSEQ FLAGS INTERNALDATE BODY.PEEK[])\r\n");
    CHECK(script.logged().starts_with("Couldn't find a suitable compression algorithm."));
  }
}

TEST_CASE("a sync that does not read makes the server wait, and misses nothing") {
  constexpr unsigned kMessages = 100000;
  Script script(account());
  script.ready();
  auto id = script.ask(request::Fetch{uids("1:" + std::to_string(kMessages)), request::Fetch::Items::flags});
  script.hear("000002 UID FETCH 1:" + std::to_string(kMessages) + " (MODSEQ FLAGS)\r\n");
  std::thread server([&] {
    std::string text;
    for (unsigned uid = 1; uid <= kMessages; ++uid)
      text += "* 1 FETCH (UID " + std::to_string(uid) + " MODSEQ (5) FLAGS (\\Seen work))\r\n";
    script.say(text + "000002 OK\r\n");
  });
  std::this_thread::sleep_for(50ms);
  unsigned last = 0;
  bool ascending = true;
  while (last < kMessages)
    for (const auto& message : script.answer<answer::Messages>(id).messages)
      ascending &= message.uid.value() == ++last;
  CHECK(ascending);
  CHECK(script.done(id).ok());
  server.join();
}

TEST_CASE("limits on what a server may say in the wrong place") {
  Script script(account());
  script.ready();
  std::string listed;
  for (std::size_t i = 0; i < (limits::kMostHeldAnswers + 1) * kMostListed; ++i)
    listed += "* LIST () NIL x\r\n";
  SUBCASE("answers to a request whose turn has not come") {
    script.ask(request::Simple{});
    script.ask(request::List{.reference = "", .patterns = {"*"}, .returnStatus = false});
    script.hear("000002 NOOP\r\n000003 LIST \"\" * RETURN (SUBSCRIBED)\r\n");
    script.say(listed);
    CHECK(script.failure() == "server answers too much out of order");
  }
  SUBCASE("before CLOSED") {
    auto id = script.ask(request::Select{{"a"}, false, {}});
    script.hear("000002 SELECT a\r\n");
    script.say("000002 OK\r\n");
    script.answer<answer::Selected>(id);
    CHECK(script.done(id).ok());
    script.ask(request::Select{{"b"}, false, request::Known{{1}, {1}, uids("1"), 0, {}}});
    script.hear("000003 SELECT b (QRESYNC (1 1 1))\r\n");
    std::string flags;
    for (std::size_t i = 0; i <= limits::kMostHeld; ++i) flags += "* 1 FETCH (UID 1 FLAGS ())\r\n";
    script.say(flags);
    CHECK(script.failure().starts_with("server says too much before"));
  }
}

TEST_CASE("mailbox commands") {
  using Verb = request::Manage::Verb;
  Script script(account());
  script.ready();
  auto first = script.ask(request::Manage{Verb::create, {"a b"}, {}});
  script.ask(request::Manage{Verb::remove, {"a"}, {}});
  script.ask(request::Manage{Verb::rename, {"a"}, {"b\"c"}});
  script.ask(request::Manage{Verb::subscribe, {"a&-b"}, {}});
  auto last = script.ask(request::Manage{Verb::unsubscribe, {"a"}, {}});
  script.hear(
      "000002 CREATE \"a b\"\r\n000003 DELETE a\r\n000004 RENAME a \"b\\\"c\"\r\n000005 SUBSCRIBE a&-b\r\n"
      "000006 UNSUBSCRIBE a\r\n");
  script.say("000002 NO [ALREADYEXISTS] there\r\n000003 OK\r\n000004 OK\r\n000005 OK\r\n000006 OK\r\n");
  CHECK(script.done(first).code == "ALREADYEXISTS");
  for (auto id = first + 1; id <= last; ++id) CHECK(script.done(id).ok());
}

TEST_CASE("LOGOUT: the end of the connection is no failure") {
  Script script(account());
  script.ready();
  auto id = script.ask(request::Simple{request::Simple::Verb::logout});
  script.hear("000002 LOGOUT\r\n");
  script.say("* BYE see you\r\n000002 OK\r\n");
  script.hangUp();
  CHECK(script.done(id).ok());
  CHECK(script.end() == "peer gone");
}

TEST_CASE("the wire log and alerts") {
  settings::Net settings = account();
  settings.debug = 1;
  Script script(std::move(settings));
  script.ready();
  auto id = script.ask(request::List{.reference = "", .patterns = {"x"}, .returnStatus = false});
  script.hear("000002 LIST \"\" x RETURN (SUBSCRIBED)\r\n");
  script.say(
      "* OK [ALERT] disk full\r\n* OK [ALERT] disk full\r\n* LIST () \"/\" {1}\r\nx (y)\r\n000002 OK "
      "fine\r\n");
  script.answer<answer::Listed>(id);
  CHECK(script.done(id).ok());
  CHECK(script.logged() ==
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\n"
        "C: 000000 AUTHENTICATE PLAIN [REDACTED]\nS: 000000 OK\nC: 000001 ENABLE QRESYNC\nS: * ENABLED "
        "QRESYNC\n"
        "S: 000001 OK\nC: 000002 LIST \"\" x RETURN (SUBSCRIBED)\nS: * OK [ALERT] disk full\n[ALERT] disk "
        "full\n"
        "S: * OK [ALERT] disk full\nS: * LIST () \"/\" {1}\nS: [...] (y)\nS: 000002 OK fine\n");
}
