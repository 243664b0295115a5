// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/certificate.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "ipc/failure.h"
#include "transport/address.h"
#include "transport/deadlines.h"

namespace interimap {

namespace {

std::string nameText(const X509_NAME* name) {
  std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  // UTF-8 stays readable; whoever shows it escapes what a terminal should not get.
  X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  long size = BIO_get_mem_data(memory.get(), &text);
  return size > 0 ? std::string(text, std::min<std::size_t>(static_cast<std::size_t>(size), kMostNameShown))
                  : "no name";
}

std::string octetsOf(const ASN1_STRING* value) {
  auto data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(value));
  return std::string(data, static_cast<std::size_t>(ASN1_STRING_length(value)));
}

std::string alternativeName(const GENERAL_NAME* name) {
  if (name->type == GEN_DNS) return octetsOf(name->d.dNSName).substr(0, kMostNameShown);
  if (name->type != GEN_IPADD) return {};
  std::string octets = octetsOf(name->d.iPAddress);
  char text[INET6_ADDRSTRLEN] = "";
  if (octets.size() == 4) inet_ntop(AF_INET, octets.data(), text, sizeof text);
  if (octets.size() == 16) inet_ntop(AF_INET6, octets.data(), text, sizeof text);
  return text;
}

// Whom the certificate is for: its subjectAltNames, or without any its subject.
std::string holders(X509* leaf) {
  std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::string text;
  std::size_t shown = 0;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    std::string name = alternativeName(sk_GENERAL_NAME_value(names.get(), i));
    if (name.empty()) continue;
    if (++shown > kMostNamesShown) return text + ", ...";
    text += (text.empty() ? "" : ", ") + name;
  }
  return text.empty() ? nameText(X509_get_subject_name(leaf)) : text;
}

}  // namespace

Requirements::Requirements(const settings::Tls& settings, const std::string& hostSetting, const Log& log)
    : verify(settings.verify), host(hostSetting) {
  auto literal = parseLiteral(host);
  hostIsAddress = literal.has_value();
  if (literal) host = literal->text();
  // "imap.example.net." is a way to name a host, but no certificate is for that.
  if (!hostIsAddress && host.size() > 1 && host.back() == '.') host.pop_back();
  for (const std::string& text : settings.fingerprints) fingerprints.emplace_back(text);
  if (verify) trust = Trust(settings.caFile, settings.caPath, log);
}

void Examination::install(SSL_CTX* context) {
  // In place of X509_verify_cert(), not after it: a pinned key is looked at without verification, too, and
  // authorities are decoded when a chain names them.
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify, nullptr);
}

const Passed Examination::kNobody;

Examination::Examination(SSL* ssl, const Requirements& required, const Log& log, const Passed& passed)
    : ssl_(ssl), required_(required), log_(log), passedOn_(passed) {
  SSL_set_app_data(ssl, this);
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
  if (!required.verify) return;
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  int set = required.hostIsAddress
                ? X509_VERIFY_PARAM_set1_ip_asc(parameters, required.host.c_str())
                : X509_VERIFY_PARAM_set1_host(parameters, required.host.data(), required.host.size());
  if (set != 1) throw Failure(ExitStatus::config, "A certificate cannot be for the host " + required.host);
}

Examination::~Examination() { SSL_set_app_data(ssl_, nullptr); }

// Called by OpenSSL, through whose C frames no exception may pass; whatever goes wrong is a refusal.
int Examination::verify(X509_STORE_CTX* chain, void*) {
  auto ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto self = static_cast<Examination*>(SSL_get_app_data(ssl));
  if (!self) return 0;
  try {
    return self->examine(chain) ? 1 : 0;
  } catch (const std::exception& error) {
    self->refusal_ = error.what();
    return 0;
  }
}

bool Examination::examine(X509_STORE_CTX* chain) {
  X509* leaf = X509_STORE_CTX_get0_cert(chain);
  STACK_OF(X509)* sent = X509_STORE_CTX_get0_untrusted(chain);
  for (int depth = 0; depth < std::min(sk_X509_num(sent), kMostCertificatesShown); ++depth) {
    X509* certificate = sk_X509_value(sent, depth);
    log_(LogLevel::debug, "Certificate at depth " + std::to_string(depth) + ": subject " +
                              nameText(X509_get_subject_name(certificate)) + ", issuer " +
                              nameText(X509_get_issuer_name(certificate)));
  }
  if (passedOn_) tell(leaf);
  // Both, whatever the first says, so that one run shows all there is to know.
  bool trusted = !required_.verify || verifyChain(chain);
  bool pinned = verifyPin(leaf);
  // What OpenSSL tells the server in its alert, and SSL_get_verify_result() us.
  if (trusted) X509_STORE_CTX_set_error(chain, pinned ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
  passed_ = trusted && pinned;
  return passed_;
}

void Examination::tell(X509* leaf) const {
  int days = 0, seconds = 0;
  std::string until = "no date that can be read", issuer = nameText(X509_get_issuer_name(leaf));
  std::vector<Finding::Fact> facts{
      {"names", holders(leaf)}, {"issuer", issuer}, {"fingerprint", Fingerprint::of(leaf)}};
  if (ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(leaf)) == 1) {
    bool over = days < 0 || seconds < 0;
    until = over        ? std::to_string(-days) + " days over"
            : days == 0 ? std::string("less than a day left")
                        : std::to_string(days) + " days left";
    facts.push_back({"daysLeft", static_cast<std::uint64_t>(over ? 0 : days)});
  }
  passedOn_("certificate",
            "Certificate for " + holders(leaf) + ", issued by " + issuer + ", " + until +
                ". To pin its key: SSL_fingerprint = " + Fingerprint::of(leaf),
            std::move(facts));
}

bool Examination::verifyChain(X509_STORE_CTX* chain) {
  required_.trust.offer(X509_STORE_CTX_get0_store(chain), X509_STORE_CTX_get0_untrusted(chain));
  if (X509_verify_cert(chain) == 1) return true;
  refusal_ = describe(chain);
  return false;
}

bool Examination::verifyPin(X509* leaf) {
  log_(LogLevel::debug, "Fingerprint of the server's key: " + Fingerprint::of(leaf));
  if (required_.fingerprints.empty()) return true;
  for (const Fingerprint& fingerprint : required_.fingerprints) {
    if (!fingerprint.matches(leaf)) continue;
    log_(LogLevel::debug, "It matches " + fingerprint.text());
    return true;
  }
  log_(LogLevel::warning, "Fingerprint doesn't match! MiTM in action?");
  if (refusal_.empty())
    refusal_ = "the server's key, " + Fingerprint::of(leaf) + ", is none of SSL_fingerprint";
  return false;
}

std::string Examination::describe(X509_STORE_CTX* chain) const {
  int error = X509_STORE_CTX_get_error(chain);
  std::string text = X509_verify_cert_error_string(error);
  X509* leaf = X509_STORE_CTX_get0_cert(chain);
  if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH)
    return text + " (the certificate is for " + holders(leaf) + ", not for " + required_.host + ')';
  X509* current = X509_STORE_CTX_get_current_cert(chain);
  return text + " (depth " + std::to_string(X509_STORE_CTX_get_error_depth(chain)) + ", " +
         nameText(X509_get_subject_name(current ? current : leaf)) + ')';
}

}  // namespace interimap
