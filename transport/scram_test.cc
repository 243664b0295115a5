// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/scram.h"

#include <doctest/doctest.h>

#include <chrono>
#include <numeric>
#include <string>

#include "ipc/failure.h"

using namespace interimap;
using namespace interimap::sasl;

namespace {

struct Vector {
  const char* name;
  Digest digest;
  BindingFlag flag;
  ChannelBinding binding;
  Credentials credentials;
  const char *nonce, *first, *challenge, *final, *verifier;
};

std::string thirtyTwo() {
  std::string octets(32, '\0');
  std::iota(octets.begin(), octets.end(), '\0');
  return octets;
}

// The first two: RFC 5802 section 5, RFC 7677 section 3. The others: computed by Python's hashlib.
const Vector kVectors[] = {
    {"SCRAM-SHA-1",
     Digest::sha1,
     BindingFlag::none,
     {},
     {"user", "pencil"},
     "fyko+d2lbbFgONRv9qkxdawL",
     "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    {"SCRAM-SHA-256",
     Digest::sha256,
     BindingFlag::none,
     {},
     {"user", "pencil"},
     "rOprNGfwEbeRWgbNEkqO",
     "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+"
     "Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
    {"SCRAM-SHA-1-PLUS",
     Digest::sha1,
     BindingFlag::bound,
     {"tls-unique", "\x01\x02\x03\xff"},
     {"user", "pencil"},
     "clientnonce",
     "p=tls-unique,,n=user,r=clientnonce",
     "r=clientnonceserver,s=c2FsdA==,i=1",
     "c=cD10bHMtdW5pcXVlLCwBAgP/,r=clientnonceserver,p=pvJKgyH5UZ8U/FOpcKDRMm+UByI=",
     "v=vMeA5b7nSCAdMQ+tytFqHWWNpNM="},
    {"SCRAM-SHA-256-PLUS",
     Digest::sha256,
     BindingFlag::bound,
     {"tls-exporter", thirtyTwo()},
     {"user", "pencil", "admin,x="},
     "clientnonce",
     "p=tls-exporter,a=admin=2Cx=3D,n=user,r=clientnonce",
     "r=clientnonceserver,s=c2FsdA==,i=5000",
     "c=cD10bHMtZXhwb3J0ZXIsYT1hZG1pbj0yQ3g9M0QsAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,r="
     "clientnonceserver,"
     "p=zBnF3A3kLmca9Rfcd0/pRwfZlZ0ezbgLAnWn2TVLBho=",
     "v=vr2u+7BQ5RxhnaKRi2K0nEXBt6ZlWxenr8NXV81MjRg="},
    {"SCRAM-SHA-256",
     Digest::sha256,
     BindingFlag::unheard,
     {},
     {"a=b,c", "p\xc3\xa4ss,="},
     "clientnonce",
     "y,,n=a=3Db=2Cc,r=clientnonce",
     "r=clientnonceserver,s=AAE=,i=2",
     "c=eSws,r=clientnonceserver,p=erfXJP7QFu1Bxn0CH+HBhSqQyFS8/TXjpFkW/u11+OU=",
     "v=yvaMSZU8R7fufm18Ml2Sy6XxWdoXv1gvD08WAzTYDTg="},
};

std::unique_ptr<Mechanism> begin(const Vector& vector) {
  return makeScram(vector.digest, vector.flag, vector.binding, vector.credentials, vector.nonce);
}

// What comes of challenges, one after the other: "ok", or why not.
std::string outcome(const Vector& vector, const std::vector<std::string>& challenges) {
  auto scram = begin(vector);
  scram->initial();
  try {
    for (const std::string& challenge : challenges)
      if (!scram->step(challenge)) return "nothing to say";
    return scram->satisfied() ? "ok" : "not satisfied " + scram->reason();
  } catch (const Failure& failure) {
    return std::to_string(static_cast<int>(failure.status)) + " " + failure.what();
  }
}

}  // namespace

TEST_CASE("SCRAM: test vectors, step by step") {
  for (const Vector& vector : kVectors) {
    CAPTURE(vector.first);
    auto scram = begin(vector);
    CHECK(scram->name() == vector.name);
    CHECK(scram->initial()->reveal() == vector.first);
    CHECK_FALSE(scram->heard());
    CHECK(scram->step(vector.challenge)->reveal() == vector.final);
    CHECK(scram->heard());
    CHECK_FALSE(scram->satisfied());
    CHECK(scram->step(vector.verifier)->reveal().empty());
    CHECK(scram->satisfied());
    CHECK_FALSE(scram->step(""));
  }
}

TEST_CASE("SCRAM: challenges that are refused") {
  const Vector& vector = kVectors[0];
  const std::string nonce = "r=fyko+d2lbbFgONRv9qkxdawL3rfc", salt = ",s=QSXCR+Q6sek8bf92";
  const std::string senseless = "76 SCRAM-SHA-1: the server's challenge makes no sense",
                    countless = "76 SCRAM-SHA-1: the server's challenge has no iteration count",
                    many = "76 SCRAM-SHA-1: the server's challenge wants more than 1000000 iterations",
                    foreign = "76 SCRAM-SHA-1: the server's challenge is not for us",
                    saltless = "76 SCRAM-SHA-1: the server's challenge has no salt";
  const struct {
    std::string challenge, why;
  } table[] = {
      {"", senseless},
      {"r=", senseless},
      {"r", senseless},
      {",,,", senseless},
      {"x=y" + salt + ",i=1", senseless},
      {salt + ",i=1", senseless},
      {nonce, senseless},
      {nonce + ",", senseless},
      {nonce + ",i=4096" + salt, senseless},
      {nonce + salt, senseless},
      {nonce + salt + ",", senseless},
      {nonce + salt + ",i", senseless},
      {nonce + std::string("\0,s=", 4), senseless},
      {"m=must" + std::string(",") + nonce + salt + ",i=1",
       "76 SCRAM-SHA-1: the server's challenge wants an extension that is not known"},
      {"r=" + salt + ",i=1", foreign},
      {"r=another" + salt + ",i=1", foreign},
      {"r=fyko+d2lbbFgONRv9qkxdaw" + salt + ",i=1", foreign},
      {"r=fyko+d2lbbFgONRv9qkxdawL" + salt + ",i=1", foreign},  // adds nothing of its own
      {nonce + ",s=,i=1", saltless},
      {nonce + ",s=A,i=1", saltless},
      {nonce + ",s=A\xff==,i=1", saltless},
      {nonce + salt + ",i=", countless},
      {nonce + salt + ",i=0", countless},
      {nonce + salt + ",i=-1", countless},
      {nonce + salt + ",i=+1", countless},
      {nonce + salt + ",i= 1", countless},
      {nonce + salt + ",i=1x", countless},
      {nonce + salt + ",i=0x10", countless},
      {nonce + salt + ",i=99999999999999999999x", countless},
      {nonce + salt + ",i=1000001", many},
      {nonce + salt + ",i=4294967295", many},
      {nonce + salt + ",i=4294967297", many},
      {nonce + salt + ",i=99999999999999999999999999", many},
      {nonce + salt + ",i=1", "not satisfied "},
      {nonce + salt + ",i=0000000001,x=extension", "not satisfied "},
  };
  for (const auto& row : table) {
    CAPTURE(row.challenge);
    CHECK(outcome(vector, {row.challenge}) == row.why);
  }
}

TEST_CASE("SCRAM: a server that does not know the password is not believed") {
  const Vector& vector = kVectors[0];
  const std::string impostor =
      "77 SCRAM-SHA-1: the server does not know the password; is it the one that it should be?";
  const struct {
    std::string verifier, why;
  } table[] = {
      {vector.verifier, "ok"},
      {std::string(vector.verifier) + ",x=extension", "ok"},
      {"v=", impostor},
      {"v=rmF9pqV8S7suAoZWja4dJRkFsKR=", impostor},
      {"v=rmF9pqV8S7suAoZWja4dJRkFsKQ", impostor},
      {"v=rmF9pqV8S7suAoZWja4dJRkFsKQ==", impostor},
      {"v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", impostor},
      {"", "76 SCRAM-SHA-1: the server's challenge makes no sense"},
      {"r=fyko", "76 SCRAM-SHA-1: the server's challenge makes no sense"},
      {"e=invalid-proof", "not satisfied invalid-proof"},
  };
  for (const auto& row : table) {
    CAPTURE(row.verifier);
    CHECK(outcome(vector, {vector.challenge, row.verifier}) == row.why);
  }
  CHECK(outcome(vector, {vector.challenge, vector.verifier, "more"}) == "nothing to say");
}

TEST_CASE("SCRAM: a nonce is never used twice") {
  auto one = makeScram(Digest::sha256, BindingFlag::none, {}, {"user", "pencil"});
  auto two = makeScram(Digest::sha256, BindingFlag::none, {}, {"user", "pencil"});
  std::string first(one->initial()->reveal());
  CHECK(first.size() == std::string("n,,n=user,r=").size() + 24);
  CHECK(first != two->initial()->reveal());
}
