// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/tls_server_test.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace interimap::test {

namespace {

void addExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (!extension) throw std::runtime_error("bad extension " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string hex(const unsigned char* octets, unsigned size) {
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    char two[3];
    snprintf(two, sizeof two, "%02x", octets[i]);
    text += two;
  }
  return text;
}

}  // namespace

Identified issue(const Wanted& wanted, const Identified* issuer) {
  static long serial = 1;
  Identified made{Key(EVP_EC_gen("P-256"), EVP_PKEY_free), Certificate(X509_new(), X509_free)};
  X509* certificate = made.certificate.get();
  const Identified& signer = issuer ? *issuer : made;
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), wanted.fromDay * 86400L);
  X509_gmtime_adj(X509_getm_notAfter(certificate), wanted.toDay * 86400L);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wanted.commonName.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(signer.certificate.get()));
  addExtension(certificate, signer.certificate.get(), NID_basic_constraints,
               wanted.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!wanted.alternativeNames.empty())
    addExtension(certificate, signer.certificate.get(), NID_subject_alt_name, wanted.alternativeNames);
  if (!wanted.purpose.empty())
    addExtension(certificate, signer.certificate.get(), NID_ext_key_usage, wanted.purpose);
  X509_sign(certificate, signer.key.get(), EVP_sha256());
  return made;
}

std::string pem(const Identified& identified) {
  std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(memory.get(), identified.certificate.get());
  char* text = nullptr;
  long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string keyDigest(const Identified& identified, const char* algorithm) {
  unsigned char* der = nullptr;
  int size = i2d_PUBKEY(identified.key.get(), &der);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(der, static_cast<std::size_t>(size), digest, &length, EVP_get_digestbyname(algorithm), nullptr);
  OPENSSL_free(der);
  return hex(digest, length);
}

std::string certificateDigest(const Identified& identified) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  X509_digest(identified.certificate.get(), EVP_sha256(), digest, &length);
  return hex(digest, length);
}

TlsServer::TlsServer(const Identified& identified, std::function<void(SSL_CTX*)> setUp,
                     std::function<void(SSL*)> talk, std::function<bool(int)> inClear) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) throw std::runtime_error("socketpair");
  signal(SIGPIPE, SIG_IGN);  // OpenSSL's socket BIO, which the server uses, writes without MSG_NOSIGNAL
  client_ = Descriptor(pair[0]);
  server_ = Descriptor(pair[1]);
  thread_ = std::thread([=, this] { run(identified, setUp, talk, inClear); });
}

TlsServer::TlsServer(Descriptor server, const Identified& identified, std::function<void(SSL*)> talk,
                     std::function<bool(int)> inClear)
    : server_(std::move(server)) {
  signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([=, this] { run(identified, {}, talk, inClear); });
}

TlsServer::~TlsServer() {
  client_ = Descriptor();
  join();
}

void TlsServer::run(const Identified& identified, const std::function<void(SSL_CTX*)>& setUp,
                    const std::function<void(SSL*)>& talk, const std::function<bool(int)>& inClear) {
  if (inClear && !inClear(server_.get())) {
    server_ = Descriptor();
    return;
  }
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_use_certificate(context.get(), identified.certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), identified.key.get());
  if (setUp) setUp(context.get());
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), server_.get());
  shookHands_ = SSL_accept(ssl.get()) == 1;
  if (const char* name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name)) serverName_ = name;
  if (shookHands_ && talk) talk(ssl.get());
  read_ = BIO_number_read(SSL_get_rbio(ssl.get()));
  ssl.reset();
  server_ = Descriptor();
}

Directory::Directory() {
  char pattern[] = "/tmp/interimap-test.XXXXXX";
  if (!mkdtemp(pattern)) throw std::runtime_error("mkdtemp");
  path_ = pattern;
}

Directory::~Directory() { std::filesystem::remove_all(path_); }

std::string Directory::write(const std::string& name, const std::string& content) const {
  std::string path = path_ + '/' + name;
  std::ofstream(path) << content;
  return path;
}

std::string readAll(SSL* ssl, std::size_t size) {
  std::string octets(size, '\0');
  std::size_t got = 0, piece = 0;
  while (got < size && SSL_read_ex(ssl, octets.data() + got, size - got, &piece) == 1) got += piece;
  octets.resize(got);
  return octets;
}

}  // namespace interimap::test
