// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/certificate.h"

#include <stdexcept>

#include "tests/e2e/process.h"

namespace interimap::bed {
namespace {

std::string shell(const fs::path& directory, const std::string& script) {
  Outcome outcome = run({{"sh", "-ec", "cd \"$0\"\n" + script, directory.string()}, {}});
  if (!outcome.succeeded()) throw std::runtime_error("openssl: " + outcome.errors);
  return outcome.output;
}

// -not_after of x509 came with OpenSSL 3.4: -days 0 is a certificate that has just run out.
constexpr const char* kScript = R"(
new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
for ca in ca other_ca; do
  openssl req -x509 $new -keyout $ca.key -out $ca.pem -days 30 -subj "/CN=Test $ca" -addext basicConstraints=critical,CA:TRUE
done
openssl req $new -keyout srv.key -out srv.csr -subj /CN=localhost
sign() {
  printf '%s\n' "$2" >"$1.ext"
  openssl x509 -req -in srv.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days "$3" -extfile "$1.ext" -out "$1.pem"
}
sign srv subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1 30
sign other subjectAltName=DNS:other.example.test 30
sign expired subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1 0
)";

}  // namespace

Certificates::Certificates(const fs::path& directory) : directory_(makeDirectory(directory)) {
  shell(directory_, kScript);
}

std::string Certificates::pinOf(const fs::path& key, const std::string& digest) const {
  std::string line =
      shell(directory_, "openssl pkey -in " + key.string() + " -pubout -outform DER | " + digest + "sum");
  return line.substr(0, line.find(' '));
}

namespace {

std::string sign(const std::string& name, const std::string& extensions) {
  return "printf '%s\n' '" + extensions + "' >" + name + ".ext\nopenssl x509 -req -in " + name +
         ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile " + name + ".ext -out " + name +
         ".pem\n";
}

}  // namespace

fs::path Certificates::issue(const std::string& name, const std::string& subject,
                             const std::string& extensions) const {
  shell(directory_, "openssl req -new -key srv.key -out " + name + ".csr -subj " + subject + "\n" +
                        sign(name, extensions));
  return directory_ / (name + ".pem");
}

fs::path Certificates::issueBelow(const fs::path& issuer, const std::string& name, const std::string& subject,
                                  const std::string& extensions) const {
  shell(directory_, "openssl req -new -key srv.key -out " + name + ".csr -subj " + subject +
                        "\nprintf '%s\n' '" + extensions + "' >" + name + ".ext\nopenssl x509 -req -in " +
                        name + ".csr -CA " + issuer.string() +
                        " -CAkey srv.key -CAcreateserial -days 30 -extfile " + name + ".ext -out " + name +
                        ".pem\n");
  return directory_ / (name + ".pem");
}

fs::path Certificates::issueRsa(const std::string& name, const std::string& subject,
                                const std::string& extensions) const {
  shell(directory_, "openssl req -newkey rsa:2048 -nodes -keyout " + name + ".key -out " + name +
                        ".csr -subj " + subject + "\n" + sign(name, extensions));
  return directory_ / (name + ".pem");
}

fs::path Certificates::hashedAuthority() const {
  shell(directory_, "mkdir -p hashed\ncp ca.pem hashed/$(openssl x509 -in ca.pem -noout -subject_hash).0");
  return directory_ / "hashed";
}

}  // namespace interimap::bed
