// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// pullimap to mail servers as they are: an odd corpus, and what arrived of it.

#include "tests/e2e/mta.h"

#include "tests/e2e/port.h"
#include "tests/e2e/pull_scripted.h"
#include "tests/e2e/submission.h"

using namespace interimap::bed;
using namespace std::chrono_literals;

namespace {

// Their subjects are odd1, odd2 ...
std::vector<std::string> oddCorpus() {
  const std::string bodies[] = {
      "words\r\n",
      "",
      "\r\n\r\n",
      "no line end",
      ".\r\n..\r\n.dot\r\n.\r\n",
      "bare\nline\nfeeds\n.\nMAIL FROM:<evil@example.net>\nend\n",
      "bare\rcarriage\r.\r\nreturns\r\r\n.\r\n",
      "caf\xc3\xa9 \xe9\xff\r\n",
      std::string(3'000, 'l') + "\r\n",
      std::string(900, 'x') + "\r\n.\r\n" + std::string(950, '.') + "\r\n",
      [] {
        std::string text;
        while (text.size() < 700'000) text += "A line like many others, with a dot at its end.\r\n.\r\n";
        return text;
      }(),
      "last\r\n",
  };
  std::vector<std::string> texts;
  for (const std::string& body : bodies) {
    texts.push_back(
        "From: bob@example.net\r\nTo: alice@example.test\r\nSubject: odd" + std::to_string(texts.size() + 1) +
        "\r\nDate: Mon, 01 Feb 2021 03:04:05 +0000\r\nMessage-ID: <" + std::to_string(texts.size() + 1) +
        "@example.net>\r\nMIME-Version: 1.0\r\n" +
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body);
  }
  return texts;
}

struct MtaBed {
  MtaBed() : certificates(directory / "certificates"), texts(oddCorpus()) {
    server.access([&](auto& mailboxes) {
      for (const std::string& text : texts) {
        mailboxes["INBOX"].add(text);
        mailboxes["INBOX"].messages.back().envelope =
            R"((NIL "s" ((NIL NIL "bob" "example.net")) ((NIL NIL "bob" "example.net")) NIL NIL NIL NIL NIL NIL))";
      }
    });
  }

  // A state of its own for each, so that everything is delivered every time.
  Run pull(const std::string& method, std::vector<std::string> keys = {}) {
    keys.insert(keys.begin(), {"deliver-method = " + method, "deliver-rcpt = alice@example.test"});
    Pullimap program(directory.path() / ("program" + std::to_string(++programs)),
                     {{"work", cleartext(server.port(), "bob")}}, keys);
    return program.run();
  }
  std::string trust() const { return "deliver-SSL_CAfile = " + certificates.authority().string(); }

  // Every message is there once, with fields of the servers it came through before it, and otherwise octet by
  // octet; `normal`: what this kind of storage does to line ends.
  void checkArrived(const std::vector<std::string>& got,
                    const std::function<std::string(const std::string&)>& normal) const {
    CHECK(got.size() == texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string subject = "odd" + std::to_string(i + 1);
      CAPTURE(subject);
      std::size_t found = 0;
      for (const std::string& text : got) {
        if (headerField(text, "Subject") != subject) continue;
        ++found;
        std::string wanted = normal(withCrLf(texts[i]));
        bool ends = text.ends_with(wanted);
        if (!ends) MESSAGE("got ", text.substr(0, 1500), "\nwanted ", wanted.substr(0, 1000));
        CHECK(ends);
      }
      CHECK(found == 1);
    }
  }

  Directory directory;
  Certificates certificates;
  std::vector<std::string> texts;
  FakeServer server;
  int programs = 0;
};

std::string asIs(const std::string& text) { return text; }
std::string bareLf(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c != '\r') result += c;
  }
  return result;
}

std::vector<std::string> textsOf(const std::vector<SinkMessage>& messages) {
  std::vector<std::string> texts;
  for (const SinkMessage& message : messages) texts.push_back(message.text);
  return texts;
}

}  // namespace

TEST_CASE_FIXTURE(MtaBed, "smtp-sink takes the odd corpus over SMTP and LMTP, pipelined and stepwise") {
  std::optional<fs::path> program = SmtpSink::program();
  if (!program) {
    MESSAGE("skipped: no smtp-sink");
    return;
  }
  int i = 0;
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{}, {"-L"}, {"-p"}, {"-8"}, {"-E"}, {"-e"}, {"-W", "data:1:30"}}) {
    CAPTURE(options.size());
    SmtpSink sink(*program, directory / ("sink" + std::to_string(++i)), options);
    requireDone(pull(sink.method()));
    checkArrived(sink.messages(), bareLf);
  }
}

TEST_CASE_FIXTURE(MtaBed, "smtp-sink with its faults: nothing is lost, and nothing is taken for delivered") {
  std::optional<fs::path> program = SmtpSink::program();
  if (!program) {
    MESSAGE("skipped: no smtp-sink");
    return;
  }
  struct Row {
    std::vector<std::string> options;
    int status;
    bool inDoubt = false;
  };
  const Row rows[] = {
      {{"-r", "rcpt"}, 75},
      {{"-f", "data"}, 75},  // "500": the command is not known
      {{"-B", "550 5.7.1 no", "-f", "data"}, 65},
      {{"-B", "550 5.7.1 no", "-f", "rcpt"}, 65},
      {{"-B", "550 5.7.1 no", "-f", "mail"}, 65},
      {{"-r", "."}, 75},
      {{"-f", "."}, 65},
      {{"-q", "data"}, 75},
      {{"-Q", "mail"}, 75},
      {{"-q", "."}, 75, true},
  };
  int i = 0;
  for (const Row& row : rows) {
    CAPTURE(row.options[0] + " " + row.options[1]);
    CAPTURE(row.options.back());
    SmtpSink sink(*program, directory / ("sink" + std::to_string(++i)), row.options);
    Pullimap pullimap(directory.path() / ("fault" + std::to_string(i)),
                      {{"work", cleartext(server.port(), "bob")}},
                      {"deliver-method = " + sink.method(), "deliver-rcpt = alice@example.test"});
    Run run = pullimap.run();
    INFO(run.log());
    CHECK(run.exitStatus == row.status);
    CHECK(run.says(kInDoubt) == row.inDoubt);
    sink.restart({});
    sink.clear();
    requireDone(pullimap.run({"--debug", "--retry-refused", "work"}));
    checkArrived(sink.messages(), bareLf);
  }
}

TEST_CASE_FIXTURE(MtaBed,
                  "Postfix: in clear and stepwise, STARTTLS with AUTH, TLS from the start; refusals") {
  std::optional<fs::path> root = Postfix::programs();
  if (!root) {
    MESSAGE("skipped: no Postfix");
    return;
  }
  std::uint16_t authPort = freePort();
  Dovecot users(directory / "users",
                {.extra = "service auth {\n inet_listener postfix {\n  " +
                          std::string(dovecotIs24() ? "listen" : "address") +
                          " = 127.0.0.1\n  port = " + std::to_string(authPort) + "\n }\n}\n"});
  Sink sink({.lmtp = true});
  Postfix postfix(*root, directory / "postfix", certificates, authPort, sink);
  INFO(postfix.log());
  auto at = [](std::uint16_t port) { return "smtp:localhost:" + std::to_string(port); };
  const std::vector<std::string> login = {"deliver-username = alice",
                                          std::string("deliver-password = ") + kPassword, trust()};
  struct Row {
    const char* what;
    std::uint16_t port;
    std::vector<std::string> keys;
  };
  Row rows[] = {{"smtp", postfix.smtp(), {}},
                {"bare", postfix.bare(), {}},
                {"starttls", postfix.smtp(), {"deliver-tls = starttls", trust()}},
                {"submission", postfix.submission(), {"deliver-tls = required"}},
                {"submissions", postfix.submissions(), {"deliver-tls = implicit"}}};
  for (Row& row : rows) {
    CAPTURE(row.what);
    if (row.keys.size() == 1) row.keys.insert(row.keys.end(), login.begin(), login.end());
    Run run = pull(at(row.port), row.keys);
    INFO(run.log());
    REQUIRE(run.exitStatus == 0);
    REQUIRE(eventually([&] { return sink.messages().size() >= texts.size(); }));
    checkArrived(textsOf(sink.messages()), asIs);
    for (const SinkMessage& message : sink.messages()) CHECK(message.reversePath == "bob@example.net");
    sink.clear();
  }
  Run run = pull(at(postfix.smtp()),
                 {"deliver-rcpt = reject@example.test tempfail@example.test alice@example.test"});
  checkStatus(run, 65);
  checkSays(run, {"UID 1 was refused for <reject@example.test>: 55",
                  "UID 12 was refused for <reject@example.test>: 5",
                  "UID 1 is deferred for <tempfail@example.test>: 450 4.2.1"});
  CHECK(eventually([&] { return sink.messages().size() >= texts.size(); }));
  checkArrived(textsOf(sink.messages()), asIs);
  CHECK(pull(at(postfix.submission()),
             {"deliver-tls = required", trust(), "deliver-username = alice", "deliver-password = wrong"})
            .exitStatus == 77);
}

TEST_CASE_FIXTURE(MtaBed, "Dovecot's LMTP and submission servers take the odd corpus") {
  std::optional<fs::path> programs = Submission::programs();
  if (!programs) {
    MESSAGE("skipped: no Dovecot LMTP");
    return;
  }
  Sink relay;
  Submission submission;
  Dovecot dovecot(directory / "dovecot", {.certificate = certificates.server(),
                                          .key = certificates.key(),
                                          .extra = "auth_mechanisms = plain login scram-sha-256\n" +
                                                   submission.configuration(*programs, relay.port())});
  const std::string submissionPort = std::to_string(submission.starttls);
  const std::string socket = "lmtp:" + (directory / "dovecot/run/lmtp").string();
  auto arrived = [&](const std::string& user) {
    std::vector<std::string> all;
    ImapClient client = dovecot.client(user);
    if (client.select("INBOX") == 0) return all;
    for (const std::string& response : client.command("UID FETCH 1:* (BODY.PEEK[])").responses) {
      std::vector<Value> values = parseValues(response);
      if (values.size() > 2 && values[1].text == "FETCH") all.push_back(values[2].after("BODY[]").text);
    }
    return all;
  };
  Run run = pull("lmtp:[127.0.0.1]:" + std::to_string(submission.lmtp), {"deliver-rcpt = carol dan"});
  INFO(dovecot.log());
  requireDone(run);
  for (const char* user : {"carol", "dan"}) checkArrived(arrived(user), asIs);
  requireDone(pull(socket, {"deliver-rcpt = erin"}));
  checkArrived(arrived("erin"), asIs);

  requireDone(
      pull("smtp:localhost:" + submissionPort, {"deliver-tls = required", trust(), "deliver-username = alice",
                                                std::string("deliver-password = ") + kPassword}));
  checkArrived(textsOf(relay.messages()), asIs);

  relay.clear();
  Run scram = pull("smtp:localhost:" + submissionPort,
                   {"deliver-tls = required", trust(), "deliver-username = alice",
                    std::string("deliver-password = ") + kPassword, "deliver-auth-min = scram"});
  requireDone(scram);
  CHECK(scram.says("C: AUTH SCRAM-SHA-256 [REDACTED]"));
  CHECK_FALSE(scram.says(kPassword));
  checkArrived(textsOf(relay.messages()), asIs);
}

TEST_CASE_FIXTURE(MtaBed, "OpenSMTPD, which hangs up on who pipelines, and Exim take the odd corpus") {
  std::optional<Debian13> debian = debianForMta();
  if (!debian) {
    MESSAGE("skipped: no OpenSMTPD and Exim");
    return;
  }
  Directory servers(debian->servers());
  fs::permissions(servers.path(), fs::perms(0711));
  Sink sink({.lmtp = true});
  auto check = [&](std::uint16_t port, const std::function<std::string()>& log) {
    Run run = pull("smtp:[127.0.0.1]:" + std::to_string(port));
    INFO(run.log());
    INFO(log());
    REQUIRE(run.exitStatus == 0);
    REQUIRE(eventually([&] { return sink.messages().size() >= texts.size(); }));
    checkArrived(textsOf(sink.messages()), asIs);
    sink.clear();
  };
  SUBCASE("OpenSMTPD") {
    OpenSmtpd smtpd(*debian, servers / "opensmtpd", sink);
    check(smtpd.port(), [&] { return smtpd.log(); });
  }
  SUBCASE("Exim") {
    Exim exim(*debian, servers / "exim", sink);
    check(exim.port(), [&] { return exim.log(); });
  }
}
