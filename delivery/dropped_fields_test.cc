// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/dropped_fields.h"

#include <doctest/doctest.h>

using namespace interimap;

namespace {

std::string left(const std::string& message, const std::vector<std::string>& names, std::size_t piece) {
  DroppedFields fields(names);
  std::string out;
  for (std::size_t at = 0; at < message.size(); at += piece)
    out += fields.feed(std::string_view(message).substr(at, piece));
  return out + std::string(fields.finish());
}

}  // namespace

TEST_CASE("field 23: fields that are dropped, and nothing else, cut at every place") {
  const struct {
    std::string message, left;
  } cases[] = {
      {"Delivered-To: a@b\r\nSubject: x\r\n\r\nbody\r\n", "Subject: x\r\n\r\nbody\r\n"},
      {"Subject: x\r\ndelivered-to : a@b\r\n\r\nbody", "Subject: x\r\n\r\nbody"},
      {"A: 1\nDelivered-To: a@b,\n c@d\n\te@f\nB: 2\n\nDelivered-To: body\n",
       "A: 1\nB: 2\n\nDelivered-To: body\n"},
      {"X-Old: 1\r\nDelivered-To: 2\r\nX-Old: 3\r\n\r\n", "\r\n"},
      {"Delivered-To-Others: x\r\nDelivered: y\r\nX-Older: z\r\n\r\n",
       "Delivered-To-Others: x\r\nDelivered: y\r\nX-Older: z\r\n\r\n"},
      {"A: 1\r\n Delivered-To: folded\r\n\r\n", "A: 1\r\n Delivered-To: folded\r\n\r\n"},
      {"Delivered-To", "Delivered-To"},
      {"Delivered-To: the end", ""},
      {"Delivered-To: a\r\n\r\n", "\r\n"},
      {"\r\nDelivered-To: body\r\n", "\r\nDelivered-To: body\r\n"},
      {"", ""},
      {"A: 1\rDelivered-To: 2\r\n\r\n", "A: 1\rDelivered-To: 2\r\n\r\n"},
      {"Delivered-To\r\n: x\r\n\r\n", "Delivered-To\r\n: x\r\n\r\n"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.message);
    for (std::size_t piece : {1, 2, 3, 7, 1000}) {
      CHECK(left(each.message, {"Delivered-To", "X-Old"}, piece) == each.left);
      CHECK(left(each.message, {}, piece) == each.message);
    }
  }
}
