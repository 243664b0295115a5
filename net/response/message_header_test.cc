// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/message_header.h"

#include <doctest/doctest.h>

#include <vector>

using namespace interimap;

namespace {

HeaderDigest digest(std::string_view octets, std::size_t step = 1000) {
  MessageHeader header;
  for (std::size_t at = 0; at < octets.size(); at += step) header.add(octets.substr(at, step));
  return header.digest();
}

}  // namespace

TEST_CASE("the digest is the first half of SHA-256") {
  // printf '<a@b>' | sha256sum; the empty header is the digest of nothing.
  CHECK(digest("Message-ID: <a@b>\r\n\r\nbody") == HeaderDigest{0xfd, 0x42, 0xa8, 0x4f, 0x58, 0x94, 0xff,
                                                                0xf5, 0x7e, 0x52, 0x03, 0xd6, 0x9d, 0x27,
                                                                0xc9, 0x2f});
  CHECK(digest("") == HeaderDigest{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8,
                                   0x99, 0x6f, 0xb9, 0x24});
}

TEST_CASE("what servers may change leaves the digest alone") {
  struct Case {
    const char* what;
    std::vector<std::string_view> same;
  };
  const Case cases[] = {
      {"a Message-ID decides, wherever and however it stands",
       {"Message-ID: <a@b>\r\n\r\nbody", "message-id:<a@b>\n\nother body", "Subject: x\r\nMESSAGE-ID : <a@b>",
        "Message-ID:\r\n <a@b>\r\nX: y\r\n\r\n", "Message-ID: <a\r\n\t@b>\r\n\r\n",
        "Message-ID: < a @ b >\r\n", "Message-ID:\r\nSubject: x\r\nMessage-ID: <a@b>\r\n\r\n",
        "Message-ID: <a@b>\r\nMessage-ID: <second@b>\r\n\r\n"}},
      {"else the whole header, without CR, as far as the empty line",
       {"Subject: x\r\nFrom: y\r\n\r\nbody", "Subject: x\nFrom: y\n\nother", "Subject: x\r\nFrom: y\r\n",
        "Subject: x\r\nFrom: y"}},
      {"field 22: without the marks of mbsync and OfflineIMAP",
       {"A: b\r\nC: d\r\n\r\n", "X-TUID: yGpLnPnFGpXM\r\nA: b\r\nC: d\r\n\r\n",
        "A: b\nx-offlineimap: 1-2\nC: d\n\n", "A: b\r\nC: d\r\nX-TUID: x\r\n\r\n",
        "A: b\r\nC: d\r\nX-TUID: x"}},
      {"a body has no Message-ID", {"A: b\r\n\r\nMessage-ID: <a@b>\r\n", "A: b\r\n\r\n"}},
      {"nothing", {"", "\r\n", "\r\nMessage-ID: <a@b>\r\n"}},
  };
  for (const Case& c : cases)
    for (auto text : c.same)
      for (std::size_t step : {1U, 3U, 1000U}) {
        CAPTURE(c.what);
        CAPTURE(text);
        CHECK(digest(text, step) == digest(c.same.front()));
      }
}

TEST_CASE("different messages differ") {
  const std::string_view texts[] = {"Message-ID: <a@b>\r\n\r\n",
                                    "Message-ID: <a@c>\r\n\r\n",
                                    "X-Message-ID: <a@b>\r\n\r\n",
                                    "Message-IDs: <a@b>\r\n\r\n",
                                    "Message-ID <a@b>\r\n\r\n",
                                    "A: b\r\n\r\n",
                                    "A:  b\r\n\r\n",
                                    "A: b\r\nMessage-ID:\r\n\r\n"};
  for (auto a : texts)
    for (auto b : texts) CHECK((digest(a) == digest(b)) == (a == b));
}

TEST_CASE("one object serves message after message, and long headers") {
  MessageHeader header;
  std::string longHeader =
      "X: " + std::string(20000, 'x') + "\r\nMessage-ID: <" + std::string(9000, 'i') + ">\r\n";
  header.add(longHeader);
  auto first = header.digest();
  CHECK(first == digest(longHeader, 7));
  header.reset();
  header.add("A: b\r\n");
  CHECK(header.digest() == digest("A: b\r\n\r\n"));
  header.reset();
  header.add(longHeader);
  CHECK(header.digest() == first);
}
