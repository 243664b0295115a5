// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/fake_wire.h"

#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <zlib.h>

namespace interimap::bed {
namespace {

constexpr std::size_t kChunk = 65536;
constexpr int kRaw = -15;  // windowBits: RFC 1951, without zlib's header

unsigned char* asOctets(const char* text) {
  return const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(text));
}

}  // namespace

struct FakeWire::Tls {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL* ssl = nullptr;
  ~Tls() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
};

struct FakeWire::Deflate {
  z_stream in{}, out{};
  Deflate() {
    inflateInit2(&in, kRaw);
    deflateInit2(&out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRaw, 8, Z_DEFAULT_STRATEGY);
  }
  ~Deflate() {
    inflateEnd(&in);
    deflateEnd(&out);
  }
};

// OpenSSL writes without MSG_NOSIGNAL; who is blocked is this thread, and nobody it starts.
FakeWire::FakeWire(int socket) : socket_(socket) {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

FakeWire::~FakeWire() = default;

bool FakeWire::startTls(const fs::path& certificate, const fs::path& key) {
  auto tls = std::make_unique<Tls>();
  SSL_CTX_use_certificate_chain_file(tls->context, certificate.c_str());
  SSL_CTX_use_PrivateKey_file(tls->context, key.c_str(), SSL_FILETYPE_PEM);
  tls->ssl = SSL_new(tls->context);
  SSL_set_fd(tls->ssl, socket_);
  if (SSL_accept(tls->ssl) != 1) return false;
  tls_ = std::move(tls);
  return true;
}

void FakeWire::startDeflate() { deflate_ = std::make_unique<Deflate>(); }

void FakeWire::finishDeflate() {
  if (deflate_) deflate({}, Z_FINISH);
}

bool FakeWire::readBelow(std::string& to) {
  char chunk[kChunk];
  ssize_t n = tls_ ? SSL_read(tls_->ssl, chunk, sizeof chunk) : recv(socket_, chunk, sizeof chunk, 0);
  if (n <= 0) return false;
  to.append(chunk, static_cast<std::size_t>(n));
  return true;
}

bool FakeWire::writeBelow(std::string_view octets) {
  while (!octets.empty()) {
    ssize_t n = tls_ ? SSL_write(tls_->ssl, octets.data(), static_cast<int>(octets.size()))
                     : send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool FakeWire::read(std::string& to) {
  if (!deflate_) return readBelow(to);
  std::string compressed;
  if (!readBelow(compressed)) return false;
  z_stream& in = deflate_->in;
  in.next_in = asOctets(compressed.data());
  in.avail_in = static_cast<unsigned>(compressed.size());
  do {
    char chunk[kChunk];
    in.next_out = asOctets(chunk);
    in.avail_out = sizeof chunk;
    int result = inflate(&in, Z_SYNC_FLUSH);
    if (result != Z_OK && result != Z_BUF_ERROR) return false;
    to.append(chunk, sizeof chunk - in.avail_out);
  } while (in.avail_out == 0);
  return true;
}

bool FakeWire::write(std::string_view octets) {
  return deflate_ ? deflate(octets, Z_SYNC_FLUSH) : writeBelow(octets);
}

bool FakeWire::deflate(std::string_view octets, int flush) {
  z_stream& out = deflate_->out;
  out.next_in = asOctets(octets.data());
  out.avail_in = static_cast<unsigned>(octets.size());
  do {
    char chunk[kChunk];
    out.next_out = asOctets(chunk);
    out.avail_out = sizeof chunk;
    ::deflate(&out, flush);
    if (!writeBelow({chunk, sizeof chunk - out.avail_out})) return false;
  } while (out.avail_out == 0);
  return true;
}

}  // namespace interimap::bed
