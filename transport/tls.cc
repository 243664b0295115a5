// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "ipc/failure.h"
#include "transport/backlog.h"

namespace interimap {

namespace {

constexpr int kMostReadsAtOnce = 16;
constexpr std::size_t kRecord = 16384;  // RFC 8446 section 5.1

// The first thing that OpenSSL complained of since ERR_clear_error().
std::string complaint() {
  const char* data = nullptr;
  int flags = 0;
  unsigned long error = ERR_peek_error_all(nullptr, nullptr, nullptr, &data, &flags);
  if (!error) return "unknown reason";
  const char* reason = ERR_reason_error_string(error);
  std::string text = reason ? reason : "OpenSSL error " + std::to_string(error);
  if ((flags & ERR_TXT_STRING) && data && *data) text += std::string(" (") + data + ')';
  return text;
}

[[noreturn]] void misconfigured(const std::string& call) {
  throw Failure(ExitStatus::config, call + ": " + complaint());
}

[[noreturn]] void unsupported(const std::string& call) {
  throw Failure(ExitStatus::config, call + ": not supported by OpenSSL");
}

// Which setting would mend it, where that can be told from OpenSSL's words.
std::string advice(const std::string& reason) {
  auto says = [&](const char* words) { return reason.find(words) != std::string::npos; };
  if (says("wrong version number") || says("packet length too long") || says("http request"))
    return ". This port does not speak TLS: is it another port, or type = imap (STARTTLS)?";
  if (says("unable to get local issuer certificate") || says("self-signed certificate") ||
      says("self signed certificate") || says("unable to get issuer certificate") ||
      says("unable to verify the first certificate"))
    return ". The certificate's issuer is not trusted: a CA of your own goes into SSL_CAfile";
  if (says("certificate has expired"))
    return ". The server's certificate has to be renewed; until it is, SSL_verify = NO with SSL_fingerprint "
           "trusts its key alone";
  if (says("ostname mismatch") || says("IP address mismatch"))
    return ". The certificate is for another name: see host and SSL_hostname";
  if (says("unsupported protocol") || says("protocol version"))
    return ". The server has no common version of TLS: see SSL_protocol_min and SSL_protocol_max";
  if (says("handshake failure") || says("no shared cipher") || says("no ciphers available"))
    return ". The server has no common cipher: see SSL_cipherlist and SSL_ciphersuites";
  return {};
}

[[noreturn]] void handshakeFailed(ExitStatus status, const std::string& reason) {
  throw Failure(status, "Can't initiate TLS/SSL handshake: " + reason + advice(reason));
}

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class TlsStream final : public Stream {
 public:
  TlsStream(SSL_CTX* context, std::unique_ptr<Stream> below);
  ~TlsStream() override;

  SSL* ssl() { return ssl_.get(); }
  // One step; ok: done. again: as for read(). The rest: as ever, and the reason is for the caller to find.
  enum class Step { done, again, closed, failed };
  Step handshake();

  Result read(std::span<char> buffer) override;
  Result write(std::string_view bytes) override;
  bool flush() override { return push() && below_->flush(); }
  bool pending() const override { return pending_ || below_->pending(); }
  int fd() const override { return below_->fd(); }
  bool wantsRead() const override { return below_->wantsRead(); }
  bool wantsWrite() const override { return below_->wantsWrite(); }
  std::vector<ChannelBinding> channelBindings() const override;

 private:
  bool push();     // what OpenSSL has encrypted, to the layer below; true: all of it
  State pull();    // from the layer below, to OpenSSL
  void collect();  // out of OpenSSL, into the backlog
  std::size_t decrypt(std::span<char> buffer);

  std::unique_ptr<Stream> below_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  BIO *in_, *out_;  // belong to ssl_
  Backlog backlog_;
  std::array<char, 2 * kRecord> encrypted_;
  bool pending_ = false, established_ = false, ended_ = false;
};

TlsStream::TlsStream(SSL_CTX* context, std::unique_ptr<Stream> below)
    : below_(std::move(below)),
      ssl_(SSL_new(context)),
      in_(BIO_new(BIO_s_mem())),
      out_(BIO_new(BIO_s_mem())) {
  if (!ssl_ || !in_ || !out_) throw std::bad_alloc();
  BIO_set_mem_eof_return(in_, -1);  // nothing there means "later"; the end of the stream is told by below_
  SSL_set_bio(ssl_.get(), in_, out_);
  SSL_set_connect_state(ssl_.get());
}

// A close_notify, or the alert that says what was wrong, if it goes without waiting; nobody is told if not.
TlsStream::~TlsStream() {
  try {
    ERR_clear_error();
    if (established_) SSL_shutdown(ssl_.get());
    push();
  } catch (const Failure&) {
  }
}

void TlsStream::collect() {
  std::size_t size = BIO_ctrl_pending(out_), got = 0;
  if (size) BIO_read_ex(out_, backlog_.extend(size), size, &got);
}

bool TlsStream::push() {
  collect();
  return backlog_.drain(*below_);
}

Stream::State TlsStream::pull() {
  Result result = below_->read(encrypted_);
  std::size_t taken = 0;
  if (result.state == State::ok) BIO_write_ex(in_, encrypted_.data(), result.size, &taken);
  return result.state;
}

TlsStream::Step TlsStream::handshake() {
  while (true) {
    ERR_clear_error();
    int result = SSL_do_handshake(ssl_.get());
    int error = SSL_get_error(ssl_.get(), result);
    if (result == 1) {
      established_ = true;
      // Up to TLS 1.2 the server has the last word, and its greeting may have come along with it.
      pending_ = BIO_ctrl_pending(in_) > 0;
    }
    if (result != 1 && error != SSL_ERROR_WANT_READ) return Step::failed;
    if (!push()) return Step::again;
    if (result == 1) return Step::done;
    State state = pull();
    if (state == State::end) return Step::closed;
    if (state == State::again) return Step::again;
  }
}

// Until the buffer is full or OpenSSL needs more.
std::size_t TlsStream::decrypt(std::span<char> buffer) {
  std::size_t size = 0;
  while (size < buffer.size()) {
    std::size_t piece = 0;
    ERR_clear_error();
    int result = SSL_read_ex(ssl_.get(), buffer.data() + size, buffer.size() - size, &piece);
    if (result == 1) {
      size += piece;
      continue;
    }
    int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_ZERO_RETURN) ended_ = true;
    if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_WANT_READ) break;
    established_ = false;  // no close_notify after an error: SSL_shutdown(3)
    throw Failure(ExitStatus::unavailable, "TLS: " + complaint());
  }
  return size;
}

Stream::Result TlsStream::read(std::span<char> buffer) {
  for (int reads = 0; reads < kMostReadsAtOnce; ++reads) {
    std::size_t size = ended_ ? 0 : decrypt(buffer);
    pending_ = size == buffer.size() || (ended_ && size > 0);
    if (size > 0) return {State::ok, size};
    push();  // an answer to what was no data: KeyUpdate, an alert
    if (ended_) return {State::end, 0};
    State state = pull();
    if (state != State::ok) {
      // IMAP and SMTP say themselves when they are over, so nothing can be cut short unnoticed: an end
      // is an end.
      ended_ = state == State::end;
      return {state, 0};
    }
  }
  pending_ = true;  // a peer that sends tickets and nothing else shall not keep us from everything else
  return {State::again, 0};
}

Stream::Result TlsStream::write(std::string_view bytes) {
  std::size_t size = 0;
  while (size < bytes.size()) {
    if (backlog_.full() && !push() && backlog_.full()) break;
    std::size_t piece = 0;
    ERR_clear_error();
    int result =
        SSL_write_ex(ssl_.get(), bytes.data() + size, std::min(bytes.size() - size, kRecord), &piece);
    if (result != 1) {
      if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) break;
      established_ = false;
      throw Failure(ExitStatus::unavailable, "TLS: " + complaint());
    }
    collect();
    size += piece;
  }
  return size ? Result{State::ok, size} : Result{State::again, 0};
}

// The exporter (RFC 9266) is defined for TLS 1.3, and tls-unique (RFC 5929 section 3) is not; Cyrus takes it
// there nevertheless, and nothing else. Before 1.3 it is what servers mean. There is no resumption, so that
// the first Finished is ours.
std::vector<ChannelBinding> TlsStream::channelBindings() const {
  std::vector<ChannelBinding> all;
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  std::string exported(32, '\0'), finished(EVP_MAX_MD_SIZE, '\0');
  auto* octets = reinterpret_cast<unsigned char*>(exported.data());
  if (SSL_version(ssl_.get()) >= TLS1_3_VERSION &&
      SSL_export_keying_material(ssl_.get(), octets, exported.size(), kLabel.data(), kLabel.size(), nullptr,
                                 0, 0) == 1)
    all.push_back({"tls-exporter", exported});
  finished.resize(std::min(finished.size(), SSL_get_finished(ssl_.get(), finished.data(), finished.size())));
  if (!finished.empty()) all.push_back({"tls-unique", finished});
  return all;
}

TlsStream::Step shakeHands(TlsStream& stream, std::chrono::milliseconds deadline) try {
  Patience patience(deadline, kHandshakeTotal);
  while (true) {
    TlsStream::Step step = stream.handshake();
    if (step != TlsStream::Step::again) return step;
    if (!patience.await(stream)) throw Failure(ExitStatus::unavailable, "the server does not answer");
  }
} catch (const Failure& failure) {
  handshakeFailed(failure.status, failure.what());
}

constexpr std::pair<std::string_view, int> kVersions[] = {{"SSLv3", SSL3_VERSION},
                                                          {"TLSv1", TLS1_VERSION},
                                                          {"TLSv1.1", TLS1_1_VERSION},
                                                          {"TLSv1.2", TLS1_2_VERSION},
                                                          {"TLSv1.3", TLS1_3_VERSION}};

int version(const std::string& name) {
  for (auto [known, number] : kVersions)
    if (name == known) return number;
  throw Failure(ExitStatus::config, "Unknown protocol version: " + name);
}

constexpr std::pair<std::string_view, std::uint64_t> kProtocols[] = {{"SSLv2", 0},  // OpenSSL has none
                                                                     {"SSLv3", SSL_OP_NO_SSLv3},
                                                                     {"TLSv1", SSL_OP_NO_TLSv1},
                                                                     {"TLSv1.0", SSL_OP_NO_TLSv1},
                                                                     {"TLSv1.1", SSL_OP_NO_TLSv1_1},
                                                                     {"TLSv1.2", SSL_OP_NO_TLSv1_2},
                                                                     {"TLSv1.3", SSL_OP_NO_TLSv1_3}};

std::uint64_t disabling(std::string_view name) {
  for (auto [known, option] : kProtocols)
    if (name == known) return option;
  throw Failure(ExitStatus::config, "Unknown SSL protocol: " + std::string(name));
}

// SSL_protocols: "!X" disables X; if any is named without "!", those not named are disabled, too.
std::uint64_t disabled(const std::vector<std::string>& protocols) {
  std::uint64_t included = 0, excluded = 0, all = 0;
  bool anyIncluded = false;
  for (std::string_view name : protocols) {
    bool negated = name.starts_with('!');
    if (negated) name.remove_prefix(1);
    (negated ? excluded : included) |= disabling(name);
    anyIncluded |= !negated;
  }
  for (auto [name, option] : kProtocols) all |= option;
  return anyIncluded ? excluded | (all & ~included) : excluded;
}

}  // namespace

// The first lines also prime what would open files after lock-in: OpenSSL's configuration and providers, its
// random numbers, and the time zone, which gmtime_r() reads when a certificate's dates are looked at.
TlsContext::TlsContext(const settings::Tls& settings, const std::string& host, Log log, Passed passed,
                       const Secret& passphrase)
    : log_(std::move(log)),
      passed_(std::move(passed)),
      context_(SSL_CTX_new(TLS_client_method())),
      required_(settings, host, log_) {
  tzset();
  unsigned char primed[1];
  if (!context_ || RAND_bytes(primed, sizeof primed) != 1) misconfigured("SSL_CTX_new()");
  SSL_CTX* context = context_.get();
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  ERR_clear_error();
  setVersions(settings);
  setCiphers(settings);
  Examination::install(context);
  if (!settings.certificate.empty()) loadCertificate(settings, passphrase);
  sni_ = settings.hostname ? *settings.hostname : required_.hostIsAddress ? "" : required_.host;
}

void TlsContext::setVersions(const settings::Tls& settings) {
  const std::string &least = settings.protocolMin, &most = settings.protocolMax;
  if (!least.empty()) {
    if (SSL_CTX_set_min_proto_version(context_.get(), version(least)) != 1)
      unsupported("CTX_set_min_proto_version(" + least + ')');
    log_(LogLevel::debug, "Minimum SSL/TLS protocol version: " + least);
  }
  if (!most.empty()) {
    if (SSL_CTX_set_max_proto_version(context_.get(), version(most)) != 1)
      unsupported("CTX_set_max_proto_version(" + most + ')');
    log_(LogLevel::debug, "Maximum SSL/TLS protocol version: " + most);
  }
  if (!least.empty() || !most.empty() || settings.protocols.empty()) return;
  log_(LogLevel::warning,
       "SSL_protocols is deprecated and may be removed in a future release! Use SSL_protocol_{min,max} "
       "instead.");
  SSL_CTX_set_options(context_.get(), disabled(settings.protocols));
}

void TlsContext::setCiphers(const settings::Tls& settings) {
  if (!settings.cipherList.empty() &&
      SSL_CTX_set_cipher_list(context_.get(), settings.cipherList.c_str()) != 1)
    misconfigured("SSL_CTX_set_cipher_list(" + settings.cipherList + ')');
  if (settings.cipherSuites && SSL_CTX_set_ciphersuites(context_.get(), settings.cipherSuites->c_str()) != 1)
    misconfigured("SSL_CTX_set_ciphersuites(" + *settings.cipherSuites + ')');
}

// A PEM file: the certificate first, then whoever issued it.
void TlsContext::loadCertificate(const settings::Tls& settings, const Secret& passphrase) {
  auto open = [](const char* key, const std::string& path) {
    std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path.c_str(), "r"), BIO_free);
    if (!file) misconfigured(std::string(key) + " = " + path);
    return file;
  };
  certificate_.reset(sk_X509_new_null());
  auto file = open("SSL_cert", settings.certificate);
  while (X509* each = PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr))
    if (sk_X509_push(certificate_.get(), each) <= 0) X509_free(each);
  if (sk_X509_num(certificate_.get()) == 0) misconfigured("SSL_cert = " + settings.certificate);
  ERR_clear_error();
  const std::string& path = settings.key.empty() ? settings.certificate : settings.key;
  auto tell = [](char* buffer, int size, int, void* secret) {
    std::string_view text = static_cast<const Secret*>(secret)->reveal();
    if (text.empty() || text.size() > static_cast<std::size_t>(size)) return -1;
    std::copy(text.begin(), text.end(), buffer);
    return static_cast<int>(text.size());
  };
  key_.reset(
      PEM_read_bio_PrivateKey(open("SSL_key", path).get(), nullptr, tell, const_cast<Secret*>(&passphrase)));
  if (!key_)
    throw Failure(ExitStatus::config,
                  "SSL_key = " + path + ": " + complaint() +
                      (passphrase.empty() ? ". A passphrase goes into SSL_key-password-command" : ""));
  if (X509_check_private_key(sk_X509_value(certificate_.get(), 0), key_.get()) != 1)
    throw Failure(ExitStatus::config, "SSL_key = " + path + " is not the key of SSL_cert");
}

std::unique_ptr<Stream> TlsContext::start(std::unique_ptr<Stream> below,
                                          std::chrono::milliseconds deadline) const {
  auto stream = std::make_unique<TlsStream>(context_.get(), std::move(below));
  SSL* ssl = stream->ssl();
  if (!sni_.empty()) {
    if (SSL_set_tlsext_host_name(ssl, sni_.c_str()) != 1)
      misconfigured("SSL_set_tlsext_host_name(" + sni_ + ')');
    log_(LogLevel::debug, "Using SNI with name " + sni_);
  }
  if (key_) {
    STACK_OF(X509)* chain = certificate_.get();
    bool used = SSL_use_certificate(ssl, sk_X509_value(chain, 0)) == 1;
    for (int i = 1; used && i < sk_X509_num(chain); ++i)
      used = SSL_add1_chain_cert(ssl, sk_X509_value(chain, i)) == 1;
    if (!used || SSL_use_PrivateKey(ssl, key_.get()) != 1) misconfigured("SSL_cert");
  }
  Examination examination(ssl, required_, log_, passed_);
  TlsStream::Step step = shakeHands(*stream, deadline);
  if (step == TlsStream::Step::failed) {
    std::string reason = examination.refusal();
    bool refused = !reason.empty();
    if (!refused) reason = complaint();
    handshakeFailed(refused ? ExitStatus::noPermission : ExitStatus::unavailable, reason);
  }
  if (step == TlsStream::Step::closed)
    handshakeFailed(ExitStatus::unavailable, "the server closed the connection");
  if (key_) SSL_certs_clear(ssl);  // nobody asks for them any more
  if (!examination.passed()) handshakeFailed(ExitStatus::noPermission, "the server showed no certificate");
  log_(LogLevel::debug, std::string("SSL protocol: ") + SSL_get_version(ssl));
  log_(LogLevel::debug, std::string("SSL cipher: ") + SSL_get_cipher_name(ssl) + " (" +
                            std::to_string(SSL_get_cipher_bits(ssl, nullptr)) + " bits)");
  if (passed_)
    passed_(
        "tls", std::string(SSL_get_version(ssl)) + ", " + SSL_get_cipher_name(ssl),
        {{"protocol", std::string(SSL_get_version(ssl))}, {"cipher", std::string(SSL_get_cipher_name(ssl))}});
  return stream;
}

}  // namespace interimap
