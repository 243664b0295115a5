// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#define PCRE2_CODE_UNIT_WIDTH 8
#include "sync/mailboxes/ignore.h"

#include <pcre2.h>

#include "ipc/failure.h"

namespace interimap {

namespace {

constexpr std::uint32_t kMatchLimit = 1'000'000, kDepthLimit = 10'000;

std::string message(int error) {
  PCRE2_UCHAR text[256];
  return pcre2_get_error_message(error, text, sizeof text) > 0 ? reinterpret_cast<char*>(text)
                                                               : "unknown error";
}

}  // namespace

Ignore::Ignore(const std::string& pattern) {
  int error;
  PCRE2_SIZE offset;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                   PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr);
  if (code == nullptr)
    throw Failure(ExitStatus::config, "Invalid value for ignore-mailbox: " + message(error) + " at offset " +
                                          std::to_string(offset));
  code_ = {code, [](void* it) { pcre2_code_free(static_cast<pcre2_code*>(it)); }};
}

bool Ignore::matches(const MailboxName& name) const {
  auto* code = static_cast<pcre2_code*>(code_.get());
  std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(
      pcre2_match_data_create(1, nullptr), pcre2_match_data_free);
  std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> context(
      pcre2_match_context_create(nullptr), pcre2_match_context_free);
  pcre2_set_match_limit(context.get(), kMatchLimit);
  pcre2_set_depth_limit(context.get(), kDepthLimit);
  int found = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(name.bytes().data()), name.bytes().size(), 0, 0,
                          data.get(), context.get());
  if (found < 0 && found != PCRE2_ERROR_NOMATCH)
    throw Failure(ExitStatus::config, "Invalid value for ignore-mailbox: " + message(found));
  return found != PCRE2_ERROR_NOMATCH;
}

}  // namespace interimap
