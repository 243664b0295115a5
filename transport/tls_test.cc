#include "transport/tls.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "ipc/failure.h"
#include "transport/socket.h"
#include "transport/tls_server_test.h"

using namespace interimap;
using namespace interimap::test;

namespace {

struct Lines {
  std::vector<std::pair<LogLevel, std::string>> all;
  Log log() {
    return [this](LogLevel level, const std::string& text) { all.emplace_back(level, text); };
  }
  bool has(LogLevel level, const std::string& part) const {
    return std::any_of(all.begin(), all.end(), [&](const auto& line) {
      return line.first == level && line.second.find(part) != std::string::npos;
    });
  }
};

// One authority that is trusted, made once.
struct Bed {
  Identified authority = issue({.commonName = "Test CA", .authority = true});
  Identified good =
      issue({.alternativeNames = "DNS:localhost,DNS:*.example.test,IP:127.0.0.1,IP:::1"}, &authority);
  Directory directory;
  std::string caFile = directory.write("ca.pem", pem(authority));
  settings::Tls trusting() const {
    settings::Tls tls;
    tls.caFile = caFile;
    return tls;
  }
};
Bed& bed() {
  static Bed made;
  return made;
}

struct Outcome {
  std::optional<ExitStatus> failed;
  std::string text;     // why
  std::string version;  // as logged
  Lines lines;
  bool serverShookHands = false;
  std::string serverName;
};

Outcome connect(const settings::Tls& tls, const Identified& server, const std::string& host = "localhost",
                std::function<void(SSL_CTX*)> setUp = nullptr) {
  Outcome outcome;
  TlsServer peer(server, std::move(setUp), [](SSL* ssl) { SSL_write(ssl, "* OK\r\n", 6); });
  try {
    TlsContext context(tls, host, outcome.lines.log());
    auto stream = context.start(std::make_unique<SocketStream>(peer.client()), std::chrono::seconds(10));
    Patience patience(std::chrono::seconds(10), std::chrono::seconds(10));
    std::array<char, 100> buffer;
    Stream::Result result = stream->read(buffer);
    while (result.state == Stream::State::again && patience.await(*stream)) result = stream->read(buffer);
    CHECK(std::string(buffer.data(), result.size) == "* OK\r\n");
  } catch (const Failure& failure) {
    outcome.failed = failure.status;
    outcome.text = failure.what();
  }
  peer.join();
  outcome.serverShookHands = peer.shookHands();
  outcome.serverName = peer.serverName();
  return outcome;
}

void checkRefused(const Outcome& outcome, ExitStatus status, const std::string& part) {
  CAPTURE(outcome.text);
  REQUIRE(outcome.failed);
  CHECK(*outcome.failed == status);
  CHECK(outcome.text.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("TLS: a trusted certificate for the host is accepted") {
  for (auto host :
       {"localhost", "LOCALHOST", "localhost.", "imap.example.test", "127.0.0.1", "::1", "[::1]"}) {
    CAPTURE(host);
    Outcome outcome = connect(bed().trusting(), bed().good, host);
    CAPTURE(outcome.text);
    CHECK_FALSE(outcome.failed);
    CHECK(outcome.lines.has(LogLevel::debug, "SSL protocol: TLSv1.3"));
    CHECK(outcome.lines.has(LogLevel::debug, "sha256$" + keyDigest(bed().good, "sha256")));
  }
}

TEST_CASE("TLS: every certificate that is not good enough is refused, with the reason") {
  Bed& b = bed();
  Identified stranger = issue({.commonName = "Stranger CA", .authority = true});
  struct Row {
    Wanted wanted;
    const Identified* issuer;
    const char* host;
    std::string reason;
  };
  const Row rows[] = {
      {{.alternativeNames = "DNS:localhost", .fromDay = -9, .toDay = -2},
       &b.authority,
       "localhost",
       "certificate has expired (depth 0, CN=localhost)"},
      {{.alternativeNames = "DNS:localhost", .fromDay = 2}, &b.authority, "localhost", "not yet valid"},
      {{.alternativeNames = "DNS:other.example.test"},
       &b.authority,
       "localhost",
       "hostname mismatch (the certificate is for other.example.test, not for localhost)"},
      {{.alternativeNames = "DNS:*.example.test"}, &b.authority, "a.b.example.test", "hostname mismatch"},
      {{.alternativeNames = "DNS:a*.example.test"}, &b.authority, "ab.example.test", "hostname mismatch"},
      // The CN counts only without a DNS name, and never for an address.
      {{.alternativeNames = "DNS:other.example.test,IP:127.0.0.2"},
       &b.authority,
       "localhost",
       "other.example.test, 127.0.0.2"},
      {{.commonName = "127.0.0.1"}, &b.authority, "127.0.0.1", "IP address mismatch"},
      {{.alternativeNames = "DNS:127.0.0.1"}, &b.authority, "127.0.0.1", "IP address mismatch"},
      {{.alternativeNames = "IP:127.0.0.1"}, &b.authority, "127.0.0.2", "127.0.0.1, not for 127.0.0.2"},
      {{.alternativeNames = "DNS:localhost"},
       &stranger,
       "localhost",
       "unable to get local issuer certificate"},
      {{.alternativeNames = "DNS:localhost"}, nullptr, "localhost", "self-signed certificate"},
      {{.commonName = "below a leaf", .alternativeNames = "DNS:localhost"},
       &b.good,
       "localhost",
       "unable to get local issuer"},
      {{.alternativeNames = "DNS:localhost", .purpose = "clientAuth"}, &b.authority, "localhost", "purpose"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    Outcome outcome = connect(b.trusting(), issue(row.wanted, row.issuer), row.host);
    checkRefused(outcome, ExitStatus::noPermission, row.reason);
    CHECK(outcome.text.starts_with("Can't initiate TLS/SSL handshake: "));
    // With SSL_verify=NO it is good enough.
    settings::Tls lax;
    lax.verify = false;
    CHECK_FALSE(connect(lax, issue(row.wanted, row.issuer), row.host).failed);
  }
}

TEST_CASE("TLS: what else is good enough") {
  Bed& b = bed();
  const std::pair<Wanted, const char*> rows[] = {
      {{.commonName = "localhost"}, "localhost"},                                      // CN only
      {{.commonName = "localhost", .alternativeNames = "IP:127.0.0.9"}, "localhost"},  // no DNS name
      {{.alternativeNames = "DNS:localhost", .purpose = "serverAuth,clientAuth"}, "localhost"},
  };
  for (const auto& [wanted, host] : rows) {
    Outcome outcome = connect(b.trusting(), issue(wanted, &b.authority), host);
    CAPTURE(outcome.text);
    CHECK_FALSE(outcome.failed);
  }
}

TEST_CASE("TLS: an intermediate authority that the server sends, or that is trusted") {
  Bed& b = bed();
  Identified middle = issue({.commonName = "Middle CA", .authority = true}, &b.authority);
  Identified leaf = issue({.alternativeNames = "DNS:localhost"}, &middle);
  CHECK(connect(b.trusting(), leaf).failed);
  CHECK_FALSE(connect(b.trusting(), leaf, "localhost", [&](SSL_CTX* context) {
                SSL_CTX_add1_chain_cert(context, middle.certificate.get());
              }).failed);
  settings::Tls both;
  both.caFile = b.directory.write("both.pem", pem(middle) + pem(b.authority));
  CHECK_FALSE(connect(both, leaf).failed);
}

TEST_CASE("TLS: pins and the chain are independent of each other") {
  Bed& b = bed();
  Identified untrusted = issue({.alternativeNames = "DNS:localhost"});
  std::string sha256 = keyDigest(b.good, "sha256"), upper = sha256;
  std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);
  std::string wrong = keyDigest(untrusted, "sha256");
  struct Row {
    bool verify;
    const Identified* server;
    std::vector<std::string> pins;
    const char* refused;  // null: it is not
  };
  const char* mismatch = "is none of SSL_fingerprint";
  const Row rows[] = {
      {true, &b.good, {sha256}, nullptr},
      {true, &b.good, {"sha256$" + sha256}, nullptr},
      {true, &b.good, {"SHA256$" + upper}, nullptr},
      {true, &b.good, {"sha1$" + keyDigest(b.good, "sha1")}, nullptr},
      {true, &b.good, {"sha512$" + keyDigest(b.good, "sha512")}, nullptr},
      {true, &b.good, {wrong, "sha256$" + sha256}, nullptr},
      {true, &b.good, {wrong}, mismatch},
      {true, &b.good, {"sha1$" + sha256}, mismatch},
      {true, &b.good, {sha256.substr(0, 62)}, mismatch},
      {true, &b.good, {certificateDigest(b.good)}, mismatch},
      {true, &untrusted, {wrong}, "self-signed certificate"},
      {false, &untrusted, {wrong}, nullptr},
      {false, &untrusted, {sha256}, mismatch},
  };
  for (const Row& row : rows) {
    settings::Tls tls = b.trusting();
    tls.verify = row.verify;
    tls.fingerprints = row.pins;
    CAPTURE(row.pins.front());
    Outcome outcome = connect(tls, *row.server);
    CAPTURE(outcome.text);
    CHECK(outcome.failed.has_value() == (row.refused != nullptr));
    if (row.refused) checkRefused(outcome, ExitStatus::noPermission, row.refused);
    bool warned = outcome.lines.has(LogLevel::warning, "Fingerprint doesn't match! MiTM in action?");
    CHECK(warned == (row.refused == mismatch));
  }
}

TEST_CASE("TLS: authorities from a directory, from the environment") {
  Bed& b = bed();
  Directory directory;
  settings::Tls tls;
  tls.caPath = directory.path();
  directory.write("ca.pem", pem(b.authority));
  Outcome outcome = connect(tls, b.good);
  CHECK(outcome.failed);
  CHECK(outcome.lines.has(LogLevel::warning, "openssl rehash"));
  char name[16];
  snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(b.authority.certificate.get()));
  directory.write(name, pem(b.authority));
  CHECK_FALSE(connect(tls, b.good).failed);

  setenv("SSL_CERT_FILE", b.caFile.c_str(), 1);
  setenv("SSL_CERT_DIR", "/nonexistent", 1);
  CHECK_FALSE(connect({}, b.good).failed);
  setenv("SSL_CERT_FILE", "/nonexistent", 1);
  CHECK(connect({}, b.good).failed);
  setenv("SSL_CERT_DIR", ("/nonexistent:" + directory.path()).c_str(), 1);
  CHECK_FALSE(connect({}, b.good).failed);
  unsetenv("SSL_CERT_FILE");
  unsetenv("SSL_CERT_DIR");
  CHECK(connect({}, b.good).failed);
}

TEST_CASE("TLS: settings that cannot be met") {
  Directory directory;
  std::string empty = directory.write("empty.pem", "nothing\n");
  std::string broken =
      directory.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  std::string cut = directory.write("cut.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
  auto with = [](auto set) {
    settings::Tls tls;
    tls.verify = false;
    set(tls);
    return tls;
  };
  auto caFile = [&](const std::string& path) {
    return with([&](settings::Tls& tls) { tls.verify = true, tls.caFile = path; });
  };
  const std::pair<settings::Tls, std::string> rows[] = {
      {with([](auto& tls) { tls.fingerprints = {"md99$00"}; }), "Can't find MD value for name 'md99'"},
      {with([](auto& tls) { tls.fingerprints = {"sha256$"}; }), "Invalid SSL_fingerprint"},
      {with([](auto& tls) { tls.fingerprints = {"00:11"}; }), "Invalid SSL_fingerprint"},
      {with([](auto& tls) { tls.protocolMin = "TLSv1.4"; }), "Unknown protocol version: TLSv1.4"},
      {with([](auto& tls) { tls.protocolMax = "tlsv1.2"; }), "Unknown protocol version: tlsv1.2"},
      {with([](auto& tls) { tls.protocols = {"TLSv2"}; }), "Unknown SSL protocol: TLSv2"},
      {with([](auto& tls) { tls.cipherList = "NOSUCH"; }),
       "SSL_CTX_set_cipher_list(NOSUCH): no cipher match"},
      {with([](auto& tls) { tls.cipherSuites = "NO:SUCH"; }), "SSL_CTX_set_ciphersuites(NO:SUCH): "},
      {caFile("/nonexistent"), "SSL_CTX_load_verify_locations(/nonexistent): No such file or directory"},
      {caFile(directory.path()), directory.path()},
      {caFile(empty), "empty.pem): no certificate found"},
      {caFile(broken), "broken.pem): not a certificate"},
      {caFile(cut), "cut.pem): "},
      {with([](auto& tls) { tls.verify = true, tls.caPath = "/nonexistent"; }),
       "/nonexistent): No such file"},
  };
  for (const auto& [tls, part] : rows) {
    CAPTURE(part);
    try {
      TlsContext context(tls, "localhost", [](LogLevel, const std::string&) {});
      FAIL("accepted");
    } catch (const Failure& failure) {
      CAPTURE(failure.what());
      CHECK(failure.status == ExitStatus::config);
      CHECK(std::string(failure.what()).find(part) != std::string::npos);
    }
  }
}

TEST_CASE("TLS: protocol versions and ciphers") {
  Bed& b = bed();
  auto only = [](int version) {
    return [version](SSL_CTX* context) {
      SSL_CTX_set_min_proto_version(context, version);
      SSL_CTX_set_max_proto_version(context, version);
    };
  };
  struct Row {
    const char *least, *most;
    std::vector<std::string> protocols;
    int server;
    bool accepted;
  };
  const Row rows[] = {
      {"", "", {}, TLS1_2_VERSION, true},
      {"TLSv1.2", "", {}, TLS1_2_VERSION, true},
      {"TLSv1.3", "", {}, TLS1_2_VERSION, false},
      {"", "TLSv1.2", {}, TLS1_3_VERSION, false},
      {"TLSv1.2", "TLSv1.2", {}, TLS1_2_VERSION, true},
      {"", "", {"!TLSv1.2"}, TLS1_2_VERSION, false},
      {"", "", {"!SSLv2", "!SSLv3", "!TLSv1.0"}, TLS1_2_VERSION, true},
      {"", "", {"TLSv1.3"}, TLS1_2_VERSION, false},
      {"", "", {"TLSv1.3"}, TLS1_3_VERSION, true},
      {"", "", {"TLSv1.2", "TLSv1.3"}, TLS1_2_VERSION, true},
      {"TLSv1.2", "", {"!TLSv1.2"}, TLS1_2_VERSION, true},  // ignored beside a bound
  };
  for (const Row& row : rows) {
    CAPTURE(row.least);
    CAPTURE(row.most);
    CAPTURE(row.server);
    settings::Tls tls = b.trusting();
    tls.protocolMin = row.least;
    tls.protocolMax = row.most;
    tls.protocols = row.protocols;
    Outcome outcome = connect(tls, b.good, "localhost", only(row.server));
    CAPTURE(outcome.text);
    CHECK(outcome.failed.has_value() == !row.accepted);
    if (!row.accepted) checkRefused(outcome, ExitStatus::unavailable, "Can't initiate TLS/SSL handshake: ");
    bool deprecated = !row.protocols.empty() && !*row.least && !*row.most;
    CHECK(outcome.lines.has(LogLevel::warning, "SSL_protocols is deprecated") == deprecated);
  }
  settings::Tls tls = b.trusting();
  tls.cipherList = "ECDHE-ECDSA-AES256-GCM-SHA384";
  CHECK(connect(tls, b.good, "localhost", only(TLS1_2_VERSION))
            .lines.has(LogLevel::debug, "SSL cipher: ECDHE-ECDSA-AES256-GCM-SHA384 (256 bits)"));
  tls = b.trusting();
  tls.cipherSuites = "TLS_CHACHA20_POLY1305_SHA256";
  CHECK(connect(tls, b.good).lines.has(LogLevel::debug, "SSL cipher: TLS_CHACHA20_POLY1305_SHA256"));
  tls.cipherSuites = "";  // none
  CHECK(connect(tls, b.good, "localhost", only(TLS1_3_VERSION)).failed);
}

TEST_CASE("TLS: a cipher without certificates proves nothing") {
  settings::Tls tls = bed().trusting();
  tls.cipherList = "aNULL@SECLEVEL=0";
  tls.protocolMax = "TLSv1.2";
  for (bool verify : {true, false}) {
    tls.verify = verify;
    Outcome outcome = connect(tls, bed().good, "localhost", [](SSL_CTX* context) {
      SSL_CTX_set_cipher_list(context, "aNULL@SECLEVEL=0");
      SSL_CTX_set_dh_auto(context, 1);
    });
    CHECK(outcome.serverShookHands);
    checkRefused(outcome, ExitStatus::noPermission, "the server showed no certificate");
  }
}

TEST_CASE("TLS: the server name indication") {
  struct Row {
    const char* host;
    std::optional<std::string> hostname;
    const char* sent;
    bool accepted;
  };
  const Row rows[] = {
      {"localhost", std::nullopt, "localhost", true},
      {"localhost.", std::nullopt, "localhost", true},
      {"127.0.0.1", std::nullopt, "", true},
      {"[::1]", std::nullopt, "", true},
      {"localhost", "other.example.org", "other.example.org", true},  // the name is checked against host
      {"127.0.0.1", "localhost", "localhost", true},
      {"localhost", "", "", true},
      {"other.example.org", "localhost", "localhost", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.host);
    settings::Tls tls = bed().trusting();
    tls.hostname = row.hostname;
    Outcome outcome = connect(tls, bed().good, row.host);
    CAPTURE(outcome.text);
    CHECK(outcome.failed.has_value() == !row.accepted);
    CHECK(outcome.serverName == row.sent);
  }
}

namespace {

struct Wire {  // a client on one end of a socket pair, the test on the other
  Descriptor peer;
  std::unique_ptr<Stream> ours;
  Wire() {
    int pair[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    peer = Descriptor(pair[0]);
    ours = std::make_unique<SocketStream>(Descriptor(pair[1]));
  }
};

std::string failureOf(std::unique_ptr<Stream> below, std::chrono::milliseconds deadline) {
  TlsContext context(bed().trusting(), "localhost", [](LogLevel, const std::string&) {});
  try {
    context.start(std::move(below), deadline);
  } catch (const Failure& failure) {
    CHECK(failure.status == ExitStatus::unavailable);
    return failure.what();
  }
  return {};
}

void pump(Stream& stream, std::string_view out, std::string& in, std::size_t expected) {
  Patience patience(std::chrono::seconds(10), std::chrono::seconds(30));
  std::vector<char> buffer(65536);
  while (!out.empty() || !stream.flush() || in.size() < expected) {
    Stream::Result written = stream.write(out);
    out.remove_prefix(written.size);
    stream.flush();
    Stream::Result got = stream.read(buffer);
    if (got.state == Stream::State::end) return;
    in.append(buffer.data(), got.size);
    if (written.size == 0 && got.size == 0 && !patience.await(stream)) FAIL("no progress");
  }
}

}  // namespace

TEST_CASE("TLS: servers that do not play along") {
  SUBCASE("silence") {
    Wire wire;
    CHECK(failureOf(std::move(wire.ours), std::chrono::milliseconds(50)) ==
          "Can't initiate TLS/SSL handshake: the server does not answer");
  }
  SUBCASE("the end") {
    Wire wire;
    shutdown(wire.peer.get(), SHUT_WR);
    CHECK(failureOf(std::move(wire.ours), std::chrono::seconds(5)) ==
          "Can't initiate TLS/SSL handshake: the server closed the connection");
  }
  SUBCASE("gone") {
    Wire wire;
    wire.peer = Descriptor();
    CHECK(failureOf(std::move(wire.ours), std::chrono::seconds(5)) ==
          "Can't initiate TLS/SSL handshake: write: Broken pipe");
  }
  SUBCASE("IMAP in the clear") {
    Wire wire;
    REQUIRE(write(wire.peer.get(), "* OK ready\r\n", 12) == 12);
    CHECK(failureOf(std::move(wire.ours), std::chrono::seconds(5)) ==
          "Can't initiate TLS/SSL handshake: wrong version number");
  }
}

TEST_CASE("TLS: octets in both directions, more than fits anywhere") {
  std::string big(3'000'000, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 2654435761U >> 11);
  TlsServer server(bed().good, nullptr, [&](SSL* ssl) {
    for (std::size_t at = 0; at < big.size(); at += 50000) {
      std::string piece = readAll(ssl, 50000);
      if (at == 1'000'000) SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
      SSL_write(ssl, piece.data(), static_cast<int>(piece.size()));
    }
    SSL_shutdown(ssl);
  });
  TlsContext context(bed().trusting(), "localhost", [](LogLevel, const std::string&) {});
  auto stream = context.start(std::make_unique<SocketStream>(server.client()));
  std::string back;
  pump(*stream, big, back, big.size());
  CHECK((back == big));
  pump(*stream, {}, back, back.size() + 1);  // until the end
  std::array<char, 10> buffer;
  CHECK(stream->read(buffer).state == Stream::State::end);
  CHECK(stream->read(buffer).state == Stream::State::end);
  CHECK_FALSE(stream->pending());
}

TEST_CASE("TLS: an end without close_notify is an end, after what came before it") {
  TlsServer server(bed().good, nullptr, [&](SSL* ssl) { SSL_write(ssl, "* BYE\r\n", 7); });
  TlsContext context(bed().trusting(), "localhost", [](LogLevel, const std::string&) {});
  auto stream = context.start(std::make_unique<SocketStream>(server.client()));
  std::string got;
  pump(*stream, {}, got, 1000);
  CHECK(got == "* BYE\r\n");
}

TEST_CASE("TLS: a small buffer sees everything, and pending() says so") {
  TlsServer server(bed().good, nullptr, [&](SSL* ssl) {
    SSL_write(ssl, "0123456789", 10);
    readAll(ssl, 1);
  });
  TlsContext context(bed().trusting(), "localhost", [](LogLevel, const std::string&) {});
  auto stream = context.start(std::make_unique<SocketStream>(server.client()));
  Patience patience(std::chrono::seconds(10), std::chrono::seconds(10));
  std::string got;
  char octet;
  while (got.size() < 10) {
    Stream::Result result = stream->read(std::span(&octet, 1));
    if (result.state == Stream::State::ok) got += octet;
    if (got.size() > 0 && got.size() < 10) CHECK(stream->pending());
    if (result.state == Stream::State::again) REQUIRE(patience.await(*stream));
  }
  CHECK(got == "0123456789");
  CHECK(stream->read(std::span(&octet, 1)).state == Stream::State::again);
  CHECK_FALSE(stream->pending());
  CHECK(stream->wantsRead());
}

TEST_CASE("TLS: a record that was tampered with ends the connection") {
  Bed& b = bed();
  int serverSocket = -1;
  TlsServer server(b.good, nullptr, [&](SSL* ssl) {
    serverSocket = SSL_get_fd(ssl);
    const char forged[] =
        "\x17\x03\x03\x00\x20"
        "0123456789abcdef0123456789abcdef";
    CHECK(write(serverSocket, forged, 37) == 37);
    readAll(ssl, 1);
  });
  TlsContext context(b.trusting(), "localhost", [](LogLevel, const std::string&) {});
  auto stream = context.start(std::make_unique<SocketStream>(server.client()));
  std::string got;
  CHECK_THROWS_WITH_AS(pump(*stream, {}, got, 1), doctest::Contains("TLS: "), Failure);
  stream.reset();
}
