// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// TLS and AUTH, against a scripted server that means TLS.
#include <doctest/doctest.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "delivery/script_test.h"
#include "delivery/service.h"
#include "ipc/failure.h"
#include "transport/endpoint.h"
#include "transport/socket.h"
#include "transport/tls_server_test.h"

using namespace interimap;
using namespace interimap::test;
using Security = settings::Delivery::Security;

namespace {

const Identified& localhost() {
  static const Identified identified = issue({.alternativeNames = "DNS:localhost"});
  return identified;
}

settings::Delivery settingsFor(Security security, std::uint8_t debug = 1) {
  settings::Delivery settings;
  settings.host = "localhost";
  settings.port = "25";
  settings.ehlo = "me.example";
  settings.security = security;
  settings.debug = debug;
  settings.tls.verify = false;
  settings.tls.fingerprints = {keyDigest(localhost(), "sha256")};
  return settings;
}

// One message to a server that follows the scripts, first in clear, then with TLS if there is anything to be
// said there.
class Story {
 public:
  Story(settings::Delivery settings, Script inClear, Script encrypted) {
    auto syncs = Channel::pair(), launches = Channel::pair();
    Channel sync(std::move(syncs.first)), launch(std::move(launches.first));
    bool tls = !encrypted.empty();
    TlsServer server(
        localhost(), {}, [&](SSL* ssl) { followed_ = follow(encrypted, ssl); },
        [&](int fd) {
          followed_ = follow(inClear, fd);
          return followed_ && tls;
        });
    ask(sync);
    Reporter reporter{Channel(std::move(launches.second))};
    serve(settings, reporter, Channel(std::move(syncs.second)), server.client());
    server.join();
    password = std::string(settings.password.reveal());
    hear(sync);
    while (auto packet = launch.receive())
      log += std::get<LogLine>(readReport(std::move(*packet)).what).text + "\n";
  }

  bool delivered = false;
  deliver::Closed closed;
  std::string log, password;
  bool followed() const { return followed_; }  // the server, all of its script

 private:
  static void ask(Channel& sync) {
    BodyWriter writer;
    writer.write("secret body");
    deliver::Window window{{*ForwardPath::parse("bob")},
                           {{*ReversePath::parse("alice@example"), {0, writer.size()}}}};
    sync.send(pack(DeliveryRequest{1, std::move(window), writer.seal()}));
    sync.send(pack(DeliveryRequest{2, deliver::Quit{}, {}}));
  }
  static void serve(settings::Delivery& settings, Reporter& reporter, Channel sync, Descriptor socket) {
    Log log = [&](LogLevel level, const std::string& text) { reporter.log(level, text); };
    Service service(settings, reporter, std::move(sync));
    try {
      Endpoint endpoint(std::make_unique<SocketStream>(std::move(socket)),
                        settings.security == Security::none
                            ? nullptr
                            : std::make_unique<TlsContext>(settings.tls, settings.host, log),
                        settings.security == Security::implicit);
      service.serve(endpoint.greet(),
                    [&](std::unique_ptr<Stream> stream) { return endpoint.startTls(std::move(stream)); });
    } catch (const Failure& failure) {
      service.abandon(failure.what(), failure.status);
    }
  }
  void hear(Channel& sync) {
    while (auto packet = sync.receive()) {
      DeliveryAnswer answer = readDeliveryAnswer(std::move(*packet));
      if (auto* settled = std::get_if<deliver::Settled>(&answer.what))
        delivered = settled->outcomes[0].kind == deliver::Outcome::Kind::delivered;
      if (auto* last = std::get_if<deliver::Closed>(&answer.what)) {
        closed = *last;
        return;
      }
    }
  }

  bool followed_ = false;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void checkDelivered(const Story& story) {
  CHECK(story.closed.reason == "");
  CHECK(story.closed.status == ExitStatus::ok);
  CHECK(story.delivered);
  CHECK(story.followed());
  CHECK_FALSE(contains(story.log, "secret body"));
}

void checkClosed(const Story& story, ExitStatus status, const std::string& reason) {
  CHECK(story.closed.status == status);
  CAPTURE(story.closed.reason);
  CHECK(contains(story.closed.reason, reason));
  CHECK_FALSE(story.delivered);
}

}  // namespace

TEST_CASE("STARTTLS: what was learnt before is forgotten") {
  for (Security security : {Security::startTls, Security::required}) {
    Story story(settingsFor(security), kGo, kHelloAgain + kMailAndQuit);
    checkDelivered(story);
    CHECK(contains(story.log, "C: STARTTLS\nS: 220 go\n"));
    CHECK(contains(story.log, "SSL protocol: "));
    CHECK(contains(story.log, "C: DATA\nS: 354 go\nC: [...]\nS: 250 ok\n"));
  }
}

TEST_CASE("TLS from the first octet on") {
  checkDelivered(Story(settingsFor(Security::implicit), {}, kGreeting + kMailAndQuit));
}

TEST_CASE("STARTTLS is offered, and not asked for") {
  Script script = kGreeting + kMailAndQuit;
  script[1].says = "250-mx\r\n250 STARTTLS\r\n";
  checkDelivered(Story(settingsFor(Security::none), script, {}));
}

TEST_CASE("STARTTLS is not offered") {
  Story story(settingsFor(Security::startTls), kGreeting + kMailAndQuit, {});
  checkDelivered(story);
  CHECK(contains(story.log, "does not offer STARTTLS: going on in clear"));
  checkClosed(Story(settingsFor(Security::required), kGreeting + Script{{"250 mx\r\n", ""}}, {}),
              ExitStatus::noPermission, "does not offer STARTTLS");
  Script ancient = kGreeting + Script{{"500 what\r\n", "HELO me.example\r\n"}, {"250 mx\r\n", ""}};
  checkClosed(Story(settingsFor(Security::required), ancient, {}), ExitStatus::noPermission,
              "does not offer STARTTLS");
}

TEST_CASE("STARTTLS is offered and fails: never in clear") {
  struct {
    const char* reply;
    ExitStatus status;
    const char* reason;
  } const table[] = {
      {"502 5.5.1 no\r\n", ExitStatus::noPermission, "The server refuses STARTTLS: 502 5.5.1 no"},
      {"454 4.7.0 later\r\n", ExitStatus::unavailable, "The server refuses STARTTLS: 454 4.7.0 later"},
      {"421 bye\r\n", ExitStatus::unavailable, "The server refuses STARTTLS: 421 bye"},
      {"354 go\r\n", ExitStatus::protocol, "makes no sense"},
      {"220 go\r\n", ExitStatus::unavailable, "Can't initiate TLS/SSL handshake: "},
      {"220 go\r\n250 mx\r\n", ExitStatus::protocol, "possible injection"},
      {"220 go\r\n2", ExitStatus::protocol, "possible injection"},
      {"", ExitStatus::unavailable, "closed the connection instead of sending its reply to STARTTLS"},
  };
  for (const auto& row : table)
    for (Security security : {Security::startTls, Security::required}) {
      CAPTURE(row.reply);
      checkClosed(Story(settingsFor(security), kStartTls + Script{{row.reply, ""}}, {}), row.status,
                  row.reason);
    }
}

TEST_CASE("a reply to STARTTLS that came before STARTTLS is no reply") {
  Script script = kGreeting + Script{{"250-mx\r\n250 STARTTLS\r\n220 go\r\n", ""}};
  checkClosed(Story(settingsFor(Security::startTls), script, {}), ExitStatus::protocol, "before it was sent");
}

TEST_CASE("plaintext that arrives instead of the handshake") {
  Script script = kGo + Script{{"250-mx\r\n250 AUTH PLAIN\r\n", ""}};
  Story story(settingsFor(Security::startTls), script, {});
  CHECK_FALSE(story.delivered);
  CHECK(story.closed.status != ExitStatus::ok);
}

TEST_CASE("certificates and pins are looked at") {
  struct {
    bool verify, pinned;
    const char* reason;
  } const table[] = {{true, true, "self-signed certificate"}, {false, false, "ingerprint"}};
  for (const auto& row : table)
    for (Security security : {Security::startTls, Security::required, Security::implicit}) {
      auto settings = settingsFor(security);
      settings.tls.verify = row.verify;
      if (!row.pinned) settings.tls.fingerprints = {std::string(64, '0')};
      bool implicit = security == Security::implicit;
      checkClosed(Story(std::move(settings), implicit ? Script() : kGo, {{"", "EHLO me.example\r\n"}}),
                  ExitStatus::noPermission, row.reason);
    }
}

namespace {

settings::Delivery withLogin(Security security, std::uint8_t debug = 1) {
  settings::Delivery settings = settingsFor(security, debug);
  settings.username = "alice";
  settings.password = Secret("open sesame");
  return settings;
}

const std::string kPlain = "AGFsaWNlAG9wZW4gc2VzYW1l", kPassword = "b3BlbiBzZXNhbWU=";
// In the place of the reply to EHLO.
const Script kMailAfterLogin = [] {
  Script script = kMailAndQuit;
  script.front().says = "235 2.7.0 welcome\r\n";
  return script;
}();
const Script kByPlain = {{"250-mx\r\n250 AUTH LOGIN PLAIN\r\n", "AUTH PLAIN " + kPlain + "\r\n"}};
const Script kByLogin = {{"250-mx\r\n250 AUTH XOAUTH2 LOGIN\r\n", "AUTH LOGIN\r\n"},
                         {"334 VXNlcm5hbWU6\r\n", "YWxpY2U=\r\n"},
                         {"334 UGFzc3dvcmQ6\r\n", kPassword + "\r\n"}};

void checkSecrets(const Story& story, bool shown) {
  bool plain = contains(story.log, kPlain), password = contains(story.log, kPassword);
  CHECK((plain || password) == shown);
  CHECK_FALSE(contains(story.log, "open sesame"));
  CHECK(story.password == "");
}

}  // namespace

TEST_CASE("AUTH: PLAIN before LOGIN, the secret is shown to nobody and wiped") {
  for (const Script& script : {kByPlain, kByLogin})
    for (std::uint8_t debug : {0, 1, 2}) {
      CAPTURE(debug);
      Story implicit(withLogin(Security::implicit, debug), {}, kGreeting + script + kMailAfterLogin);
      checkDelivered(implicit);
      checkSecrets(implicit, debug == 2);
      Story started(withLogin(Security::startTls, debug), kGo, kHelloAgain + script + kMailAfterLogin);
      checkDelivered(started);
      checkSecrets(started, debug == 2);
      if (debug == 1) CHECK(contains(started.log, "[REDACTED]\nS: "));
    }
}

TEST_CASE("AUTH in LMTP") {
  auto settings = withLogin(Security::required);
  settings.lmtp = true;
  Script clear = kGo, encrypted = kHelloAgain + kByPlain + kMailAfterLogin;
  clear[0].hears = encrypted[0].hears = "LHLO me.example\r\n";
  checkDelivered(Story(std::move(settings), clear, encrypted));
}

TEST_CASE("AUTH PLAIN without initial response if the command were too long") {
  auto settings = withLogin(Security::implicit);
  settings.username = std::string(399, 'a');
  settings.password = Secret("b");
  std::string message = "AGFh";
  for (int i = 0; i < 132; ++i) message += "YWFh";
  message += "YQBi";
  Script script = {{"250-mx\r\n250 AUTH PLAIN\r\n", "AUTH PLAIN\r\n"}, {"334 \r\n", message + "\r\n"}};
  checkDelivered(Story(std::move(settings), {}, kGreeting + script + kMailAfterLogin));
}

TEST_CASE("AUTH is refused") {
  struct {
    std::string reply;
    ExitStatus status;
    const char* reason;
  } const table[] = {
      {"535 5.7.8 no such luck\r\n", ExitStatus::noPermission, "the login of alice: 535 5.7.8 no such luck"},
      {"534 5.7.9 too weak\r\n", ExitStatus::noPermission, "534 5.7.9 too weak"},
      {"454 4.7.0 later\r\n", ExitStatus::unavailable, "454 4.7.0 later"},
      {"421 bye\r\n", ExitStatus::unavailable, "421 bye"},
      {"334 more\r\n", ExitStatus::protocol, "asks on"},
      {"500 what is AUTH PLAIN " + kPlain + "?\r\n", ExitStatus::noPermission, "AUTH PLAIN [REDACTED]?"},
      {"535 open sesame is wrong\r\n", ExitStatus::noPermission, "535 [REDACTED] is wrong"},
      {"", ExitStatus::unavailable, "closed the connection instead of sending its reply to AUTH"},
  };
  for (const auto& row : table) {
    CAPTURE(row.reply);
    Story story(withLogin(Security::implicit), {}, kGreeting + kByPlain + Script{{row.reply, ""}});
    checkClosed(story, row.status, row.reason);
    checkSecrets(story, false);
  }
}

TEST_CASE("AUTH cannot be done") {
  for (const char* offer : {"250 mx\r\n", "250-mx\r\n250 AUTH XOAUTH2 CRAM-MD5\r\n"}) {
    Story story(withLogin(Security::implicit), {}, kGreeting + Script{{offer, ""}});
    checkClosed(story, ExitStatus::noPermission, "deliver-username is set, but the server offers ");
  }
  // Offered in clear it is not taken, and without STARTTLS there is no other way.
  Script clear = kGreeting + Script{{"250-mx\r\n250 AUTH PLAIN\r\n", ""}};
  checkClosed(Story(withLogin(Security::startTls), clear, {}), ExitStatus::noPermission,
              "the password is not sent in clear");
}
