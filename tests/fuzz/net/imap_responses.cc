// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// From octets to responses, and from responses to their nouns.
#include "ipc/failure.h"
#include "net/response/untagged.h"
#include "net/wire/lexer.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

namespace {

// All that can be told of a server's words, to be compared.
class Account final : LiteralSink {
 public:
  Account(std::string_view octets, std::size_t step) {
    try {
      fuzz::inPieces(octets, step, [&](std::string_view piece) {
        while (lexer_.next(piece)) note(lexer_.response());
      });
      text_ += lexer_.inside() ? "<inside>" : "<between>";
    } catch (const Failure& failure) {
      text_ += failure.what();
    }
  }
  const std::string& text() const { return text_; }

 private:
  void begin(Kind kind, std::uint64_t size, std::string_view before) override {
    text_ += kind == Kind::body ? "<body " : "<header ";
    text_ += std::to_string(size) + " ";
    text_ += before;
    FetchResponse::uidBefore(before);
    left_ = size;
  }
  void octets(std::string_view piece) override {
    require(piece.size() <= left_, "no more octets than were announced");
    left_ -= piece.size();
    text_ += piece;
  }
  void note(const Response& response) {
    text_ += "\n" + response.text;
    std::size_t before = 0;
    for (const Literal& literal : response.literals) {
      require(literal.at >= before && literal.at <= response.text.size(),
              "literals stand in the text, in order");
      require(literal.streamed || literal.size <= response.text.size() - literal.at,
              "a literal is all there");
      before = literal.at;
    }
    if (response.text.starts_with("* ")) {
      ParsedUntagged parsed = parseUntagged(response);
      text_ += " " + parsed.kind + (parsed.what ? std::to_string(parsed.what->index()) : "malformed");
    } else if (std::size_t blank = response.text.find(' '); blank != response.text.npos) {
      auto tagged = StatusResponse::parse(std::string_view(response.text).substr(blank + 1));
      if (tagged) check(tagged->what);
    }
  }
  void check(const RespText& what) {
    constexpr std::size_t kMost = 128;
    if (auto uids = AppendUid::parse(what, kMost))
      require(uids->uids.size() <= kMost, "no more than asked for");
    what.permanentFlags();
    what.number("UIDNEXT");
  }

  Lexer lexer_{*this};
  std::string text_;
  std::uint64_t left_ = 0;  // of the streamed literal
};

}  // namespace

FUZZ(imap_responses) {
  std::string whole = Account(octets, octets.size()).text();
  require(whole == Account(octets, 1).text(), "however they arrive, octets mean the same");
}
