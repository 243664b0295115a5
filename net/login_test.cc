// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "ipc/hang_up.h"
#include "net/script_test.h"
#include "transport/sasl.h"

using namespace interimap;

TEST_CASE("with SASL-IR, everything behind the greeting is one flight") {
  Script script(account());
  auto enable = script.ask(request::Enable{});
  auto list = script.ask(request::List{.reference = "", .patterns = {"*"}});
  script.say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] Dovecot (Debian) ready.\r\n");
  script.hear(
      "000000 AUTHENTICATE PLAIN AGpvZQBzZWtyaXQ=\r\n000001 ENABLE QRESYNC\r\n"
      "000002 LIST \"\" * RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDVALIDITY UIDNEXT "
      "HIGHESTMODSEQ))\r\n");
  script.say(
      "000000 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS SPECIAL-USE "
      "MULTIAPPEND IDLE] in\r\n"
      "* ENABLED QRESYNC\r\n000001 OK done\r\n"
      "* LIST (\\Subscribed) \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 3 UIDNEXT 4)\r\n"
      "* LIST () \"/\" broken \r\n* LIST (\"\r\n000002 OK done\r\n");
  auto ready = script.answer<answer::Ready>(enable);
  CHECK(ready.extensions == ExtensionSet{Extension::enable, Extension::qresync, Extension::uidPlus,
                                         Extension::listExtended, Extension::listStatus,
                                         Extension::multiAppend, Extension::idle, Extension::condstore});
  CHECK(ready.qresync);
  CHECK(script.done(enable).ok());
  auto listed = script.answer<answer::Listed>(list);
  REQUIRE(listed.entries.size() == 2);
  CHECK(listed.entries[0] == answer::ListEntry{{"INBOX"}, '/', false, false, true});
  auto statuses = script.answer<answer::Statuses>(list);
  REQUIRE(statuses.entries.size() == 1);
  CHECK(statuses.entries[0].messages == 3);
  CHECK(script.done(list).code == answer::kUnreadable);  // one line is lost
  CHECK(script.end() == "peer gone");
  script.hear("000003 LOGOUT\r\n");
  CHECK(script.logged() == "ignoring a malformed LIST response: * LIST (\"\n");
}

namespace {

constexpr const char* kDovecot = "[CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] Dovecot (Debian) ready.";
constexpr const char* kAuthenticate = "000000 AUTHENTICATE PLAIN AGpvZQBzZWtyaXQ=\r\n";
constexpr const char* kLoggedIn = "000000 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC] in\r\n";

request::Enable foreseeing(const std::string& greeting) { return {true, false, greeting}; }

}  // namespace

TEST_CASE("a login that was one flight the last time goes ahead of the greeting") {
  Script script(account());
  auto enable = script.ask(foreseeing(kDovecot));
  script.hear(std::string(kAuthenticate) + "000001 ENABLE QRESYNC\r\n");
  SUBCASE("which is as it was") {
    script.say("* OK " + std::string(kDovecot) + "\r\n" + kLoggedIn + "* ENABLED QRESYNC\r\n000001 OK\r\n");
    auto ready = script.answer<answer::Ready>(enable);
    CHECK(ready.greeting == kDovecot);
    CHECK(ready.extensions.has(Extension::qresync));
  }
  SUBCASE("behind an alert") {
    script.say("* OK [ALERT] short of something\r\n");
    script.say("* OK " + std::string(kDovecot) + "\r\n" + kLoggedIn + "* ENABLED QRESYNC\r\n000001 OK\r\n");
    CHECK(script.answer<answer::Ready>(enable).greeting == kDovecot);
  }
  SUBCASE("which is another one, of a server that can still do it") {
    script.say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-1 AUTH=PLAIN] Dovecot ready\r\n" +
               std::string(kLoggedIn) + "* ENABLED QRESYNC\r\n000001 OK\r\n");
    CHECK(script.answer<answer::Ready>(enable).greeting ==
          "[CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-1 AUTH=PLAIN] Dovecot ready");
  }
  SUBCASE("what the greeting says is not what the server can do afterwards") {
    script.say("* OK " + std::string(kDovecot) + "\r\n000000 OK in\r\n* ENABLED QRESYNC\r\n000001 OK\r\n");
    script.hear("000002 CAPABILITY\r\n");
    script.say("* CAPABILITY IMAP4rev1 ENABLE QRESYNC IDLE\r\n000002 OK\r\n");
    CHECK(script.answer<answer::Ready>(enable).extensions.has(Extension::idle));
  }
}

TEST_CASE("a login that went ahead of the greeting and comes to nothing") {
  const struct {
    const char* said;
    bool inVain;  // and the next one waits
    ExitStatus status;
    std::string why;
  } table[] = {
      {"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] Dovecot (Debian) ready.\r\n"
       "000000 NO [AUTHENTICATIONFAILED] no\r\n",
       false, ExitStatus::noPermission,
       "NO [AUTHENTICATIONFAILED] no: imap.example.test:993 refused the login of joe (PLAIN). See username "
       "and "
       "password"},
      {"* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-1] Dovecot (Debian) ready.\r\n000000 NO no\r\n", true,
       ExitStatus::tryAgain,
       "NO no: the login went ahead of the greeting, OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-1] Dovecot "
       "(Debian) ready.. The next one waits for it"},
      {"* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n000000 BAD no\r\n", true, ExitStatus::tryAgain,
       "BAD no: the login went ahead of the greeting, PREAUTH [CAPABILITY IMAP4rev1] hello. The next one "
       "waits "
       "for it"},
      {"* BYE not so fast\r\n", true, ExitStatus::unavailable,
       "server refused the connection: BYE not so fast"},
      {"000000 OK hello\r\n", true, ExitStatus::protocol, "not a greeting: 000000 OK hello"},
  };
  for (const auto& row : table) {
    CAPTURE(row.said);
    Script script(account());
    auto enable = script.ask(foreseeing(kDovecot));
    script.hear(std::string(kAuthenticate) + "000001 ENABLE QRESYNC\r\n");
    script.say(row.said);
    if (row.inVain) CHECK(script.done(enable).code == answer::kAhead);
    CHECK(script.failure() == row.why);
    CHECK(script.status() == row.status);
  }
}

TEST_CASE("the greeting is awaited if it is not known, or if more would be awaited than that") {
  settings::Net clear = account(), strong = account(), check = account();
  clear.transport = settings::Transport::imap;
  clear.startTls = false;
  strong.least = settings::Least::scram;
  strong.auth.clear();
  check.check = true;
  const struct {
    settings::Net& settings;
    std::string greeting;
  } table[] = {
      {clear, kDovecot},
      {strong, kDovecot},
      {check, kDovecot},
  };
  for (const auto& row : table) {
    CAPTURE(row.greeting);
    Script script(copyOf(row.settings));
    script.ask(foreseeing(row.greeting));
    script.hearNothing();
  }
  for (const char* greeting :
       {"", "Dovecot ready", "[CAPABILITY IMAP4rev1 AUTH=PLAIN] Dovecot ready",
        "[CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] Cyrus", "[CAPABILITY SASL-IR AUTH=PLAIN] Dovecot",
        "[CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN LOGINDISABLED] Dovecot"}) {
    CAPTURE(greeting);
    settings::Net plain = account();
    plain.auth = {"PLAIN"};
    Script script(std::move(plain));
    script.ask(foreseeing(greeting));
    script.hearNothing();
  }
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

TEST_CASE("behind AUTHENTICATE nothing is sent to a server that may drop it") {
  for (const char* greeting : {"Cyrus IMAP 3.6.1-4+deb12u3 Cyrus server ready", "hello", ""}) {
    CAPTURE(greeting);
    Script script(account());
    script.ask(request::Enable{});
    script.ask(request::List{.reference = "", .patterns = {"*"}, .returnStatus = false});
    script.say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] " + std::string(greeting) + "\r\n");
    script.hear("000000 AUTHENTICATE PLAIN AGpvZQBzZWtyaXQ=\r\n");
    script.hearNothing();
    script.say("000000 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS] in\r\n");
    script.hear("000001 ENABLE QRESYNC\r\n000002 LIST \"\" * RETURN (SUBSCRIBED)\r\n");
  }
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
      {"PLAIN", "+ OK hello\r\n", "76", "not a greeting: a continuation"},
      {"PLAIN", "* OK [CAPABILITY FOO] x\r\n", "76", "Missing IMAP4rev1 CAPABILITY. Not an IMAP4 server?"},
      {"PLAIN", "* OK [CAPABILITY IMAP4rev1 AUTH=GSSAPI] x\r\n", "76",
       "Failed to choose an authentication mechanism: the server offers GSSAPI LOGIN, of which none is among "
       "PLAIN. See auth"},
      {"LOGIN", "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] x\r\n", "77", "Logins are disabled."},
      {"PLAIN", in + "000000 NO [AUTHENTICATIONFAILED] sorry\r\n", "77",
       "NO [AUTHENTICATIONFAILED] sorry: imap.example.test:993 refused the login of joe (PLAIN). See "
       "username and password"},
      {"PLAIN", in + "000000 NO [UNAVAILABLE] later\r\n", "75",
       "NO [UNAVAILABLE] later: imap.example.test:993 refused the login of joe (PLAIN) for now"},
      {"PLAIN", in + "+ more?\r\n", "76", "server asks for more than the credentials it was given"},
      {"PLAIN", in + "000007 OK\r\n", "76", "Unexpected response: 000007 OK"},
      {"PLAIN", in + "* BYE \xe9nough\r\n", "69", "server closed the connection: BYE \xe9nough"},
      {"PLAIN", "", "69",
       "0 bytes read (got EOF): The server closed the connection while its greeting was awaited"},
      {"PLAIN", "* OK hel", "69",
       "0 bytes read (got EOF): The server closed the connection while its greeting was awaited, in the "
       "middle "
       "of a response"},
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

TEST_CASE("field 17: a login that is refused for now is not refused for good") {
  const struct {
    const char* says;
    bool temporary;
  } table[] = {
      {"NO [UNAVAILABLE] x", true},
      {"NO [LIMIT] x", true},
      {"NO [INUSE] x", true},
      {"NO [ALERT] Too many simultaneous connections. (Failure)", true},
      {"NO Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)", true},
      {"NO Temporary authentication failure. [host:2026]", true},
      {"NO Server busy, please try again later", true},
      {"BAD too many concurrent logins", true},
      {"NO connection limit reached", true},
      {"NO User session limit reached", true},
      {"NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", false},
      {"NO [AUTHENTICATIONFAILED] try again later with the right password", false},
      {"NO LOGIN failed.", false},
      {"NO Authentication failed", false},
      {"NO [EXPIRED] password expired", false},
      {"NO", false},
      {"BAD what?", false},
  };
  for (const auto& row : table) {
    const char* says = row.says;
    bool temporary = row.temporary;
    CAPTURE(says);
    Script script(account());
    script.say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] x\r\n");
    script.hear("000000 AUTHENTICATE PLAIN AGpvZQBzZWtyaXQ=\r\n");
    script.say(std::string("000000 ") + says + "\r\n");
    CHECK(script.failure().starts_with(says));
    CHECK(script.status() == (temporary ? ExitStatus::tryAgain : ExitStatus::noPermission));
  }
}

TEST_CASE("field 36: an [ALERT] in front of the greeting is not the greeting") {
  settings::Net settings = account();
  settings.transport = settings::Transport::tunnel;
  Script script(std::move(settings), Deadlines{.afterAlert = std::chrono::milliseconds(300)});
  const char* alert = "* OK [ALERT] Filesystem notification initialization error\r\n";
  SUBCASE("PREAUTH behind it: nothing is sent, least of all a password") {
    script.say(alert);
    SUBCASE("twice") { script.say("* OK [ALERT] and another\r\n"); }
    SUBCASE("later") { std::this_thread::sleep_for(std::chrono::milliseconds(100)); }
    script.say("* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n");
    script.ask(request::Simple{});
    script.hear("000000 NOOP\r\n");
  }
  SUBCASE("OK behind it") {
    script.say(alert);
    script.say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n");
    script.hear("000000 AUTHENTICATE PLAIN AGpvZQBzZWtyaXQ=\r\n");
  }
  SUBCASE("nothing behind it: it was the greeting") {
    script.say("* OK [ALERT] down on Sunday\r\n");
    script.hear("000000 CAPABILITY\r\n");
  }
  SUBCASE("BYE behind it") {
    script.say(alert);
    script.say("* BYE no\r\n");
    CHECK(script.failure() == "server refused the connection: BYE no");
  }
}

TEST_CASE("a server that greets behind an [ALERT] and then falls silent is given up") {
  Script script(account(), Deadlines{.command = std::chrono::milliseconds(50)});
  script.say("* OK [ALERT] Filesystem notification initialization error\r\n* OK hello\r\n");
  script.hear("000000 CAPABILITY\r\n");
  CHECK(script.failure() == "no answer from the server for 0 seconds to CAPABILITY");
}

TEST_CASE("field 34: a connection that is closed is told with what it was closed in") {
  Script script(account());
  SUBCASE("the login") {
    script.say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] x\r\n");
    script.hear("000000 AUTHENTICATE PLAIN AGpvZQBzZWtyaXQ=\r\n");
    script.hangUp();
    CHECK(script.failure() ==
          "0 bytes read (got EOF): The server closed the connection while AUTHENTICATE was to be answered");
  }
  SUBCASE("a command") {
    script.ready();
    script.ask(request::Select{{"a"}, false, {}});
    script.hear("000002 SELECT a\r\n");
    script.hangUp();
    CHECK(script.failure() ==
          "0 bytes read (got EOF): The server closed the connection while SELECT was to be answered");
  }
  SUBCASE("nothing") {
    script.ready();
    script.hangUp();
    CHECK(script.failure() ==
          "0 bytes read (got EOF): The server closed the connection while nothing was asked of it");
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
  auto id = script.ask(request::Enable{});
  script.say("* PREAUTH hello\r\n");
  script.hear("000000 CAPABILITY\r\n");
  script.say("* CAPABILITY IMAP4rev1 ENABLE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS\r\n000000 OK\r\n");
  script.hear("000001 ENABLE QRESYNC\r\n");
  script.say("* ENABLED CONDSTORE\r\n000001 OK\r\n");
  CHECK_FALSE(script.answer<answer::Ready>(id).qresync);
  CHECK(script.done(id).ok());
}

TEST_CASE("field 12: what a server has is told as it is, and only asked for if sync wants it") {
  struct {
    const char* capabilities;
    bool wanted;
    const char* says;  // to ENABLE; empty: it is not sent
    ExtensionSet has;
    bool enabled;
    const char* refusal;
  } table[] = {
      {"ENABLE QRESYNC",
       true,
       "* ENABLED QRESYNC\r\n000001 OK\r\n",
       {Extension::enable, Extension::qresync, Extension::condstore},
       true,
       ""},
      {"ENABLE QRESYNC",
       true,
       "000001 NO not now\r\n",
       {Extension::enable, Extension::qresync, Extension::condstore},
       false,
       "not now"},
      {"ENABLE QRESYNC", false, "", {Extension::enable, Extension::qresync, Extension::condstore}, false, ""},
      {"QRESYNC", true, "", {Extension::qresync, Extension::condstore}, false, ""},
      {"ENABLE QRESYNC",
       true,
       "* ENABLED QRESYNC\r\n* CAPABILITY IMAP4rev1 X\r\n000001 OK\r\n",
       {Extension::enable, Extension::qresync, Extension::condstore},
       true,
       ""},
      {"NOTIFY IDLE", true, "", {Extension::notify, Extension::idle}, false, ""},
      {"IMAP4rev2 LITERAL+",
       false,
       "",
       {Extension::enable, Extension::uidPlus, Extension::listExtended, Extension::listStatus,
        Extension::unselect, Extension::idle, Extension::esearch, Extension::saslIr, Extension::literalMinus,
        Extension::literalPlus, Extension::move},
       false,
       ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.capabilities);
    Script script(plainAccount());
    script.say("* OK [CAPABILITY IMAP4rev1] hello\r\n");
    script.hear("000000 LOGIN joe sekrit\r\n");
    script.say("000000 OK [CAPABILITY IMAP4rev1 " + std::string(row.capabilities) + "] in\r\n");
    auto id = script.ask(request::Enable{row.wanted});
    if (*row.says != '\0') {
      script.hear("000001 ENABLE QRESYNC\r\n");
      script.say(row.says);
    }
    auto ready = script.answer<answer::Ready>(id);
    CHECK(ready.extensions == row.has);
    CHECK(ready.qresync == row.enabled);
    CHECK(ready.refusal == row.refusal);
  }
}

namespace {

// The server's part of SCRAM-SHA-256 for "sekrit", with the salt "salt" and 4096 iterations.
struct ScramServer {
  explicit ScramServer(const std::string& initial, const std::string& gs2 = "n,,") {
    std::string first = *sasl::unbase64(initial);
    CHECK(first.starts_with(gs2));
    bare = first.substr(gs2.size());
    nonce = bare.substr(bare.find("r=") + 2) + "server";
  }
  std::string challenge() const { return "r=" + nonce + ",s=c2FsdA==,i=4096"; }
  // What it says to the right proof; "" to a wrong one.
  std::string verifier(const std::string& response) const {
    std::string final = *sasl::unbase64(response), unproven = final.substr(0, final.find(",p="));
    std::string message = bare + "," + challenge() + "," + unproven;
    unsigned char salted[32], stored[32];
    PKCS5_PBKDF2_HMAC("sekrit", 6, reinterpret_cast<const unsigned char*>("salt"), 4, 4096, EVP_sha256(), 32,
                      salted);
    std::string key(reinterpret_cast<char*>(salted), 32), client = hmac(key, "Client Key");
    EVP_Digest(client.data(), 32, stored, nullptr, EVP_sha256(), nullptr);
    std::string proof = hmac({reinterpret_cast<char*>(stored), 32}, message);
    for (std::size_t i = 0; i < 32; ++i) proof[i] = static_cast<char>(proof[i] ^ client[i]);
    CHECK(final == unproven + ",p=" + std::string(sasl::base64(proof).reveal()));
    return "v=" + std::string(sasl::base64(hmac(hmac(key, "Server Key"), message)).reveal());
  }
  static std::string hmac(const std::string& key, const std::string& text) {
    std::string result(32, '\0');
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(result.data()), nullptr);
    return result;
  }
  std::string bare, nonce;
};

std::string line(const std::string& challenge) {
  return "+ " + std::string(sasl::base64(challenge).reveal()) + "\r\n";
}

}  // namespace

TEST_CASE("SCRAM is the default where it is offered: three flights, and the requests with the last") {
  const struct { bool saslIr, mayFollow; } table[] = {{true, true}, {false, true}, {true, false}};
  for (const auto& row : table) {
    CAPTURE(row.saslIr);
    CAPTURE(row.mayFollow);
    settings::Net settings = account();
    settings.auth = {};
    settings.debug = 1;
    Script script(std::move(settings));
    script.ask(request::Enable{});
    script.say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256" +
               std::string(row.saslIr ? " SASL-IR" : "") +
               (row.mayFollow ? "] Dovecot ready.\r\n" : "] hi\r\n"));
    script.hear("000000 AUTHENTICATE SCRAM-SHA-256" + std::string(row.saslIr ? " " : "\r\n"));
    if (!row.saslIr) script.hearNothing();
    if (!row.saslIr) script.say("+ \r\n");
    ScramServer server(script.hearLine());
    script.hearNothing();
    script.say(line(server.challenge()));
    std::string verifier = server.verifier(script.hearLine());
    script.hearNothing();
    script.say(line(verifier));
    script.hear(row.mayFollow ? "\r\n000001 ENABLE QRESYNC\r\n" : "\r\n");
    script.say("000000 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS] in\r\n");
    if (!row.mayFollow) script.hear("000001 ENABLE QRESYNC\r\n");
    script.hangUp();
    script.failure();
    std::string log = script.logged();
    CAPTURE(log);
    for (const std::string& hidden :
         {server.nonce, std::string("cj"), verifier.substr(2), std::string("sekrit")})
      CHECK(log.find(hidden) == std::string::npos);
  }
}

TEST_CASE("SCRAM: a server that does not prove itself is not taken for logged in to") {
  const struct {
    const char *says, *why;
  } table[] = {
      {"000000 OK in\r\n",
       "SCRAM-SHA-256: the server ends the login without proof that it knows the password"},
      {"+ dj1BQUFB\r\n",
       "SCRAM-SHA-256: the server does not know the password; is it the one that it should be?"},
      {"+ ZT1vdGhlci1lcnJvcg==\r\n", ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.says);
    settings::Net settings = account();
    settings.auth = {};
    Script script(std::move(settings));
    script.ask(request::Enable{});
    script.say("* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 SASL-IR] Dovecot ready.\r\n");
    script.hear("000000 AUTHENTICATE SCRAM-SHA-256 ");
    ScramServer server(script.hearLine());
    script.say(line(server.challenge()));
    server.verifier(script.hearLine());
    script.say(row.says);
    if (*row.why == '\0') {
      script.hear("\r\n");
      script.hearNothing();
      script.say("000000 NO [AUTHENTICATIONFAILED] sorry\r\n");
      CHECK(script.failure() ==
            "NO [AUTHENTICATIONFAILED] sorry (other-error): imap.example.test:993 refused the login of joe "
            "(SCRAM-SHA-256). See username and password");
    } else {
      CHECK(script.failure() == row.why);
    }
    CHECK(script.status() == ExitStatus::noPermission);
  }
}

TEST_CASE("a login that is disabled, or would show the password, leaves those that do not") {
  const struct {
    std::vector<std::string> auth;
    const char *capabilities, *command, *why;
  } table[] = {
      {{}, "LOGINDISABLED AUTH=SCRAM-SHA-1 AUTH=PLAIN", "000000 AUTHENTICATE SCRAM-SHA-1\r\n", ""},
      {{}, "LOGINDISABLED AUTH=PLAIN", "", "Logins are disabled."},
      {{}, "AUTH=SCRAM-SHA-1 AUTH=PLAIN", "000000 AUTHENTICATE SCRAM-SHA-1\r\n", ""},
      {{},
       "AUTH=PLAIN",
       "",
       "Failed to choose an authentication mechanism: the server offers PLAIN LOGIN, of which none is among "
       "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1. To send the password without "
       "encryption, set auth = PLAIN LOGIN"},
      {{"LOGIN"}, "AUTH=PLAIN", "000000 LOGIN joe sekrit\r\n", ""},
  };
  for (const auto& row : table) {
    CAPTURE(row.capabilities);
    settings::Net settings = account();
    settings.transport = settings::Transport::imap;
    settings.startTls = false;
    settings.auth = row.auth;
    Script script(std::move(settings));
    script.say("* OK [CAPABILITY IMAP4rev1 " + std::string(row.capabilities) + "] hi\r\n");
    script.hear(row.command);
    if (*row.why == '\0') continue;
    CHECK(script.failure() == row.why);
    CHECK(script.status() == ExitStatus::noPermission);
  }
}

TEST_CASE("a mechanism that is offered and refused before the server answers to it leaves the next kind") {
  struct {
    std::vector<std::string> auth;
    bool fallsBack;
    const char* refusal;
  } table[] = {{{}, true, "NO no secret for that"},
               {{}, true, "NO [AUTHENTICATIONFAILED] unknown"},
               {{}, false, "NO [UNAVAILABLE] later"},
               {{"SCRAM-SHA-256", "PLAIN"}, false, "NO no secret for that"}};
  for (const auto& row : table) {
    CAPTURE(row.refusal);
    settings::Net settings = account();
    settings.auth = row.auth;
    Script script(std::move(settings));
    script.ask(request::Enable{});
    script.say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256 AUTH=PLAIN] hi\r\n");
    CHECK(script.hearLine().starts_with("000000 AUTHENTICATE SCRAM-SHA-256 "));
    script.say("000000 " + std::string(row.refusal) + "\r\n");
    if (row.fallsBack)
      script.hear("000001 AUTHENTICATE PLAIN AGpvZQBzZWtyaXQ=\r\n");
    else
      CHECK(script.failure().find("refused the login of joe (SCRAM-SHA-256)") != std::string::npos);
  }
  SUBCASE("a wrong password is not sent anywhere else") {
    settings::Net settings = account();
    settings.auth = {};
    Script script(std::move(settings));
    script.say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256 AUTH=PLAIN] hi\r\n");
    script.hear("000000 AUTHENTICATE SCRAM-SHA-256 ");
    ScramServer server(script.hearLine());
    script.say(line(server.challenge()));
    script.hearLine();
    script.say("000000 NO wrong\r\n");
    CHECK(script.failure().find("refused the login of joe (SCRAM-SHA-256)") != std::string::npos);
  }
}

TEST_CASE("a password in clear is worth a warning") {
  settings::Net settings = account();
  settings.transport = settings::Transport::imap;
  settings.startTls = false;
  bool loopback = false;
  SUBCASE("over a network") {}
  SUBCASE("to a proxy, whatever it calls localhost") {
    settings.host = "localhost";
    settings.proxy = "socks5h://127.0.0.1";
  }
  SUBCASE("not on the loopback") {
    settings.host = "127.0.0.1";
    loopback = true;
  }
  std::string warning = "Sending the password to " + settings.host + " without encryption\n";
  Script script(std::move(settings));
  script.ready();
  CHECK(script.logged() == (loopback ? "" : warning));
}
