// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// For tests: certificates made on the spot, and a TLS server in a thread.
#pragma once

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "ipc/body.h"

namespace interimap::test {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

struct Identified {
  Key key;
  Certificate certificate;
};

struct Wanted {
  std::string commonName = "localhost";
  std::string alternativeNames;  // "DNS:localhost,IP:127.0.0.1"
  std::string purpose;           // extendedKeyUsage
  bool authority = false;
  int fromDay = -1, toDay = 30;
};

// Signed by `issuer`, or by itself.
Identified issue(const Wanted& wanted, const Identified* issuer = nullptr);

std::string pem(const Identified& identified);
// What SSL_fingerprint would have, without "ALGO$", computed with other means than the code under test.
std::string keyDigest(const Identified& identified, const char* algorithm);
std::string certificateDigest(const Identified& identified);

// Holds one end of a socket pair; whoever has the other one meets the server.
class TlsServer {
 public:
  // `setUp` before the handshake, `talk` after a successful one. `inClear` comes first, with the socket; no
  // handshake if it says false.
  TlsServer(const Identified& identified, std::function<void(SSL_CTX*)> setUp, std::function<void(SSL*)> talk,
            std::function<bool(int)> inClear = {});
  // The server of a connection that somebody else has made.
  TlsServer(Descriptor server, const Identified& identified, std::function<void(SSL*)> talk,
            std::function<bool(int)> inClear);
  ~TlsServer();
  Descriptor client() { return std::move(client_); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  // After join().
  bool shookHands() const { return shookHands_; }
  const std::string& serverName() const { return serverName_; }
  std::size_t read() const { return read_; }

 private:
  void run(const Identified& identified, const std::function<void(SSL_CTX*)>& setUp,
           const std::function<void(SSL*)>& talk, const std::function<bool(int)>& inClear);

  Descriptor client_, server_;
  bool shookHands_ = false;
  std::string serverName_;
  std::size_t read_ = 0;
  std::thread thread_;
};

// A directory that goes with its owner.
class Directory {
 public:
  Directory();
  ~Directory();
  const std::string& path() const { return path_; }
  std::string write(const std::string& name, const std::string& content) const;  // gives the file's path

 private:
  std::string path_;
};

// Reads from a blocking SSL until `size` octets are there or the end.
std::string readAll(SSL* ssl, std::size_t size);

}  // namespace interimap::test
