// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ipc/failure.h"

namespace interimap::sasl {

namespace {

constexpr std::size_t kNonce = 18;  // octets, before base64

// A digest, or a key: wiped when it goes.
class Octets {
 public:
  explicit Octets(std::size_t size) : size_(size) {}
  ~Octets() { OPENSSL_cleanse(all_.data(), all_.size()); }
  Octets(const Octets&) = default;
  Octets& operator=(const Octets&) = default;
  unsigned char* data() { return all_.data(); }
  const unsigned char* data() const { return all_.data(); }
  std::size_t size() const { return size_; }
  std::string_view text() const { return {reinterpret_cast<const char*>(all_.data()), size_}; }
  Octets operator^(const Octets& other) const {
    Octets result(size_);
    for (std::size_t i = 0; i < size_; ++i) result.all_[i] = all_[i] ^ other.all_[i];
    return result;
  }

 private:
  std::array<unsigned char, EVP_MAX_MD_SIZE> all_{};
  std::size_t size_;
};

[[noreturn]] void impossible(const char* what) {
  throw Failure(ExitStatus::internal, std::string(what) + ": refused by OpenSSL");
}

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Octets hmac(const EVP_MD* digest, const Octets& key, std::string_view text) {
  Octets result(key.size());
  if (!HMAC(digest, key.data(), static_cast<int>(key.size()), octets(text), text.size(), result.data(),
            nullptr))
    impossible("HMAC");
  return result;
}

// The value of an attribute "x=value" at the beginning, taken off with the comma behind it.
std::optional<std::string_view> take(std::string_view& message, char attribute) {
  if (message.size() < 2 || message[0] != attribute || message[1] != '=') return std::nullopt;
  std::string_view value = message.substr(2, message.find(',') - 2);
  message.remove_prefix(std::min(message.size(), value.size() + 3));
  return value;
}

class Scram final : public Mechanism {
 public:
  Scram(Digest digest, BindingFlag flag, const ChannelBinding& binding, const Credentials& credentials,
        std::string nonce)
      : name_(std::string(digest == Digest::sha1 ? "SCRAM-SHA-1" : "SCRAM-SHA-256") +
              (flag == BindingFlag::bound ? "-PLUS" : "")),
        digest_(digest == Digest::sha1 ? EVP_sha1() : EVP_sha256()),
        password_(credentials.password),
        nonce_(std::move(nonce)) {
    // gs2-header: RFC 5801 section 4
    header_ = flag == BindingFlag::bound     ? "p=" + binding.type
              : flag == BindingFlag::unheard ? std::string("y")
                                             : std::string("n");
    header_ += credentials.authzid.empty() ? ",," : ",a=" + saslName(credentials.authzid) + ",";
    bound_ = header_ + (flag == BindingFlag::bound ? binding.octets : std::string());
    first_ = "n=" + saslName(credentials.username) + ",r=" + nonce_;
  }

  std::string_view name() const override { return name_; }
  std::optional<Secret> initial() override { return Secret(header_ + first_); }
  std::optional<Secret> step(std::string_view challenge) override {
    switch (step_++) {
      case 0: return prove(challenge);
      case 1: return believe(challenge);
      default: return std::nullopt;
    }
  }
  bool satisfied() const override { return satisfied_; }
  bool heard() const override { return step_ > 0; }
  std::string reason() const override { return reason_; }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Failure(ExitStatus::protocol, name_ + ": the server's challenge " + why);
  }

  // server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
  Secret prove(std::string_view challenge) {
    std::string_view rest = challenge;
    if (rest.starts_with("m=")) refuse("wants an extension that is not known");
    auto nonce = take(rest, 'r'), salt64 = take(rest, 's'), count = take(rest, 'i');
    if (!nonce || !salt64 || !count) refuse("makes no sense");
    if (!nonce->starts_with(nonce_) || nonce->size() == nonce_.size()) refuse("is not for us");
    auto salt = unbase64(*salt64);
    if (!salt || salt->empty()) refuse("has no salt");
    std::uint32_t iterations = 0;
    auto parsed = std::from_chars(count->data(), count->data() + count->size(), iterations);
    if (parsed.ptr != count->data() + count->size() || count->empty() ||
        (parsed.ec != std::errc() && parsed.ec != std::errc::result_out_of_range) ||
        (parsed.ec == std::errc() && iterations == 0))
      refuse("has no iteration count");
    if (parsed.ec != std::errc() || iterations > kMostIterations)
      refuse("wants more than " + std::to_string(kMostIterations) + " iterations");
    Octets salted(static_cast<std::size_t>(EVP_MD_get_size(digest_)));
    if (PKCS5_PBKDF2_HMAC(password_.data(), static_cast<int>(password_.size()), octets(*salt),
                          static_cast<int>(salt->size()), static_cast<int>(iterations), digest_,
                          static_cast<int>(salted.size()), salted.data()) != 1)
      impossible("PBKDF2");
    std::string final = "c=" + std::string(base64(bound_).reveal()) + ",r=" + std::string(*nonce);
    std::string message = first_ + "," + std::string(challenge) + "," + final;
    Octets client = hmac(digest_, salted, "Client Key"), stored(client.size());
    if (EVP_Digest(client.data(), client.size(), stored.data(), nullptr, digest_, nullptr) != 1)
      impossible("EVP_Digest");
    Octets proof = client ^ hmac(digest_, stored, message);
    signature_ = base64(hmac(digest_, hmac(digest_, salted, "Server Key"), message).text());
    return Secret(final + ",p=" + std::string(base64(proof.text()).reveal()));
  }

  // server-final-message = (server-error / verifier) ["," extensions]
  Secret believe(std::string_view challenge) {
    if (auto error = take(challenge, 'e')) {
      reason_ = *error;
      return {};
    }
    auto verifier = take(challenge, 'v');
    if (!verifier) refuse("makes no sense");
    std::string_view expected = signature_.reveal();
    if (verifier->size() != expected.size() ||
        CRYPTO_memcmp(verifier->data(), expected.data(), expected.size()) != 0)
      throw Failure(ExitStatus::noPermission,
                    name_ + ": the server does not know the password; is it the one that it should be?");
    satisfied_ = true;
    return {};
  }

  std::string name_;
  const EVP_MD* digest_;
  std::string_view password_;
  std::string nonce_, header_, bound_, first_;
  Secret signature_;  // the server's, as it has to be
  int step_ = 0;
  bool satisfied_ = false;
  std::string reason_;
};

// Where no TLS has been prepared nothing of OpenSSL may be read now: its configuration is a file.
std::string randomNonce() {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  std::array<char, kNonce> octets{};
  if (RAND_bytes(reinterpret_cast<unsigned char*>(octets.data()), kNonce) != 1) impossible("RAND_bytes");
  return std::string(base64({octets.data(), octets.size()}).reveal());
}

}  // namespace

std::unique_ptr<Mechanism> makeScram(Digest digest, BindingFlag flag, const ChannelBinding& binding,
                                     const Credentials& credentials, std::string nonce) {
  if (nonce.empty()) nonce = randomNonce();
  return std::make_unique<Scram>(digest, flag, binding, credentials, std::move(nonce));
}

}  // namespace interimap::sasl
