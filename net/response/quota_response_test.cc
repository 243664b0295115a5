// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/quota_response.h"

#include <doctest/doctest.h>

using namespace interimap;

TEST_CASE("QUOTA: RFC 9208 section 5.2.1, and what the grammar refuses") {
  Tokens in("\"User quota\" (STORAGE 10 512 message 3 100)");
  auto quota = QuotaResponse::parse(in);
  REQUIRE(quota);
  CHECK(in.atEnd());
  CHECK(quota->resources == std::vector<QuotaResponse::Resource>{{"STORAGE", 10, 512}, {"MESSAGE", 3, 100}});
  CHECK(quota->text() == "STORAGE 10 of 512, MESSAGE 3 of 100");
  Tokens none("\"\" ()");
  CHECK(QuotaResponse::parse(none)->resources.empty());
  for (const char* text :
       {"", "\"\"", "\"\" ", "\"\" (STORAGE 10)", "\"\" (STORAGE -1 5)", "\"\" (STORAGE 1 5",
        "\"\" (STORAGE 1 5 )", "\"\" ( 1 5)", "\"\" (STORAGE 1 99999999999999999999)"}) {
    CAPTURE(text);
    Tokens bad(text);
    CHECK_FALSE(QuotaResponse::parse(bad));
  }
}

TEST_CASE("ID: RFC 2971 section 3.2, and what the grammar refuses") {
  Tokens in("(\"name\" \"Dovecot\" \"VERSION\" \"2.3\" \"os\" NIL)");
  auto id = IdResponse::parse(in);
  REQUIRE(id);
  CHECK(id->name == "Dovecot");
  CHECK(id->version == "2.3");
  for (const char* text : {"NIL", "()"}) {
    Tokens empty(text);
    CHECK(IdResponse::parse(empty)->name.empty());
  }
  for (const char* text : {"", "(", "(\"name\")", "(\"name\" )", "(\"name\" \"x\"", "(name \"x\")"}) {
    CAPTURE(text);
    Tokens bad(text);
    CHECK_FALSE(IdResponse::parse(bad));
  }
}
