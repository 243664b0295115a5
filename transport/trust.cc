// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/trust.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

#include "ipc/failure.h"

namespace interimap {

namespace {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    free(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Name = std::unique_ptr<X509_NAME, Freed<X509_NAME_free>>;

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
  throw Failure(ExitStatus::config, "SSL_CTX_load_verify_locations(" + path + "): " + reason);
}

std::string openSslReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason ? reason : "not a certificate";
}

std::optional<unsigned long> hashOf(const X509_NAME* name) {
  int ok = 0;
  unsigned long hash = X509_NAME_hash_ex(name, nullptr, nullptr, &ok);
  return ok ? std::optional(hash) : std::nullopt;
}

// Into an element, or past it.
bool enter(const unsigned char*& at, const unsigned char* end, long* length = nullptr) {
  long ignored = 0;
  int tag = 0, tagClass = 0;
  return !(ASN1_get_object(&at, length ? length : &ignored, &tag, &tagClass, end - at) & 0x80);
}
bool skip(const unsigned char*& at, const unsigned char* end) {
  long length = 0;
  if (!enter(at, end, &length)) return false;
  at += length;
  return true;
}

// The subject of a certificate without decoding the rest of it, its public key above all.
//   TBSCertificate = SEQUENCE { [0] version (optional), serialNumber, signature, issuer, validity, subject,
//   ...
//                                                                                ; RFC 5280 section 4.1
std::optional<unsigned long> subjectHash(const std::string& der) {
  auto at = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* end = at + der.size();
  if (!enter(at, end) || !enter(at, end) || at == end) return std::nullopt;
  constexpr unsigned char kVersion = 0xa0;
  for (int before = *at == kVersion ? 5 : 4; before > 0; --before)
    if (!skip(at, end)) return std::nullopt;
  Name subject(d2i_X509_NAME(nullptr, &at, end - at));
  return subject ? hashOf(subject.get()) : std::nullopt;
}

// 5ed36f99.0: the hash of a subject, and a number.
bool namedByHash(std::string_view name) {
  return name.size() > 9 && name[8] == '.' && name.find_first_not_of("0123456789abcdef") == 8 &&
         name.find_first_not_of("0123456789", 9) == std::string_view::npos;
}

std::string environment(const char* name, const char* otherwise) {
  const char* value = secure_getenv(name);
  return value ? value : otherwise;
}

}  // namespace

Trust::Trust(const std::string& file, const std::string& directory, const Log& log) {
  ERR_clear_error();
  if (file.empty() && directory.empty()) readSystem(log);
  if (!file.empty()) readFile(file);
  if (!directory.empty() && readDirectory(directory) == 0)
    log(LogLevel::warning, "No file in SSL_CApath " + directory + " is named as `openssl rehash` would");
}

// As X509_STORE_set_default_paths: what is not there is not missed.
void Trust::readSystem(const Log& log) {
  std::string file = environment(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  std::string directories = environment(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  auto attempt = [&](const std::string& path, auto read) {
    if (path.empty() || access(path.c_str(), F_OK) != 0) return;
    try {
      read();
    } catch (const Failure& failure) {
      log(LogLevel::warning, failure.what());
    }
  };
  attempt(file, [&] { readFile(file); });
  while (!directories.empty()) {
    std::size_t colon = directories.find(':');
    std::string directory = directories.substr(0, colon);
    attempt(directory, [&] { readDirectory(directory); });
    directories.erase(0, colon == std::string::npos ? colon : colon + 1);
  }
  log(LogLevel::debug,
      "Using default locations for trusted CA certificates (" + std::to_string(certificates_) + " found)");
}

void Trust::readFile(const std::string& path) {
  Bio file(BIO_new_file(path.c_str(), "re"));
  if (!file) fail(path, strerror(errno));
  std::size_t met = 0;
  while (true) {
    char *name = nullptr, *header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(file.get(), &name, &header, &data, &size) != 1) break;
    std::string type(name), der(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    bool auxiliary = type == PEM_STRING_X509_TRUSTED;
    if (!auxiliary && type != PEM_STRING_X509 && type != PEM_STRING_X509_OLD) continue;
    auto hash = subjectHash(der);
    if (!hash) fail(path, "not a certificate");
    ++met;
    certificates_ += bySubject_[*hash].insert(Encoded{std::move(der), auxiliary}).second;
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) fail(path, openSslReason());
  ERR_clear_error();
  if (met == 0) fail(path, "no certificate found");
}

std::size_t Trust::readDirectory(const std::string& path) {
  std::unique_ptr<DIR, Freed<closedir>> directory(opendir(path.c_str()));
  if (!directory) fail(path, strerror(errno));
  std::size_t files = 0;
  while (const dirent* entry = readdir(directory.get())) {
    if (!namedByHash(entry->d_name)) continue;
    readFile(path + '/' + entry->d_name);
    ++files;
  }
  return files;
}

// Of the authorities only those that the chain leads to, step by step, are decoded: to decode all that a
// Debian trusts takes longer than the handshake. A server that names none of them gets nothing in the store,
// and is refused.
void Trust::offer(X509_STORE* store, STACK_OF(X509) * chain) const {
  std::vector<Hash> wanted;
  auto want = [&](const X509_NAME* name) {
    if (auto hash = hashOf(name)) wanted.push_back(*hash);
  };
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    want(X509_get_subject_name(sk_X509_value(chain, i)));
    want(X509_get_issuer_name(sk_X509_value(chain, i)));
  }
  std::set<Hash> seen;
  while (!wanted.empty()) {
    Hash hash = wanted.back();
    wanted.pop_back();
    auto found = bySubject_.find(hash);
    if (found == bySubject_.end() || !seen.insert(hash).second) continue;
    for (const Encoded& encoded : found->second) {
      auto at = reinterpret_cast<const unsigned char*>(encoded.der.data());
      auto size = static_cast<long>(encoded.der.size());
      Certificate certificate(encoded.auxiliary ? d2i_X509_AUX(nullptr, &at, size)
                                                : d2i_X509(nullptr, &at, size));
      if (!certificate) continue;
      X509_STORE_add_cert(store, certificate.get());
      want(X509_get_issuer_name(certificate.get()));
    }
  }
}

}  // namespace interimap
