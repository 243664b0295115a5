// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What is asked of a handshake, and the stream that it makes.
#include "transport/tls.h"

#include <doctest/doctest.h>
#include <poll.h>

#include "transport/handshake_test.h"

using namespace interimap;
using namespace interimap::test;

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
  for (const auto& row : rows) {
    CAPTURE(row.second);
    try {
      TlsContext context(row.first, "localhost", [](LogLevel, const std::string&) {});
      FAIL("accepted");
    } catch (const Failure& failure) {
      CAPTURE(failure.what());
      CHECK(failure.status == ExitStatus::config);
      CHECK(std::string(failure.what()).find(row.second) != std::string::npos);
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
          "Can't initiate TLS/SSL handshake: wrong version number. This port does not speak TLS: is it "
          "another port, or type = imap (STARTTLS)?");
  }
}

TEST_CASE("TLS: what channels are bound by is the same at both ends") {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    std::string exported(32, '\0'), finished(64, '\0');
    TlsServer server(
        bed().good, [&](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, version); },
        [&](SSL* ssl) {
          SSL_export_keying_material(ssl, reinterpret_cast<unsigned char*>(exported.data()), 32,
                                     "EXPORTER-Channel-Binding", 24,
                                     reinterpret_cast<const unsigned char*>(""), 0, 1);
          finished.resize(SSL_get_peer_finished(ssl, finished.data(), finished.size()));
        });
    TlsContext context(bed().trusting(), "localhost", [](LogLevel, const std::string&) {});
    auto stream = context.start(std::make_unique<SocketStream>(server.client()));
    auto bindings = stream->channelBindings();
    server.join();
    CHECK(bindings.back().type == "tls-unique");
    CHECK(bindings.back().octets == finished);
    CHECK(bindings.size() == (version == TLS1_3_VERSION ? 2 : 1));
    if (bindings.size() < 2) continue;
    CHECK(bindings.front().type == "tls-exporter");
    CHECK(bindings.front().octets == exported);
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

namespace {

// Reads a moment later, so that whatever the peer sends in a row is there at once.
class Late final : public Stream {
 public:
  explicit Late(Descriptor socket) : below_(std::move(socket)) {}
  Result read(std::span<char> buffer) override {
    poll(nullptr, 0, 20);
    return below_.read(buffer);
  }
  Result write(std::string_view bytes) override { return below_.write(bytes); }
  bool flush() override { return below_.flush(); }
  bool pending() const override { return below_.pending(); }
  int fd() const override { return below_.fd(); }
  bool wantsRead() const override { return below_.wantsRead(); }
  bool wantsWrite() const override { return below_.wantsWrite(); }

 private:
  SocketStream below_;
};

}  // namespace

TEST_CASE("TLS: a greeting that comes along with the end of the handshake is pending") {
  TlsServer server(bed().good, nullptr, [&](SSL* ssl) {
    SSL_write(ssl, "* OK\r\n", 6);
    readAll(ssl, 1);
  });
  settings::Tls settings = bed().trusting();
  settings.protocolMax = "TLSv1.2";  // where the last word is the server's
  TlsContext context(settings, "localhost", [](LogLevel, const std::string&) {});
  auto stream = context.start(std::make_unique<Late>(server.client()));
  CHECK(stream->pending());
  std::array<char, 10> buffer;
  CHECK(stream->read(buffer).size == 6);
  CHECK_FALSE(stream->pending());
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
