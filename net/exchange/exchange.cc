// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/exchange/exchange.h"

#include "net/exchange/append.h"
#include "net/exchange/copy.h"
#include "net/exchange/enable.h"
#include "net/exchange/expunge.h"
#include "net/exchange/fetch.h"
#include "net/exchange/fetch_bodies.h"
#include "net/exchange/fetch_content.h"
#include "net/exchange/list.h"
#include "net/exchange/manage.h"
#include "net/exchange/move.h"
#include "net/exchange/search.h"
#include "net/exchange/select.h"
#include "net/exchange/store.h"
#include "net/exchange/watch.h"

namespace interimap {

void Exchange::completed(std::size_t, const StatusResponse& status) {
  using Completion = answer::Done::Completion;
  auto completion = status.condition == Condition::ok   ? Completion::ok
                    : status.condition == Condition::no ? Completion::no
                                                        : Completion::bad;
  bool first = done_.text.empty() && done_.code.empty();
  if (completion < done_.completion || (completion == done_.completion && !first)) return;
  done_.completion = completion;
  done_.code = status.what.code.substr(0, kMostText);
  done_.text = status.what.text.substr(0, kMostText);
}

namespace {

struct Make {
  const ExchangeContext& context;
  Descriptor& bodies;

  using Made = std::unique_ptr<Exchange>;
  Made operator()(request::Enable& enable) {
    return std::make_unique<Enable>(std::move(enable), context.capabilities, context.greeting);
  }
  Made operator()(request::List& list) {
    return std::make_unique<List>(std::move(list), context.capabilities);
  }
  Made operator()(request::Select& select) {
    return std::make_unique<Select>(std::move(select), context.mailboxSelected);
  }
  Made operator()(request::Fetch& fetch) {
    if (fetch.items == request::Fetch::Items::content)
      return std::make_unique<FetchContent>(std::move(fetch.uids), context.header);
    return std::make_unique<Fetch>(std::move(fetch), context.modSequences, context.header);
  }
  Made operator()(request::FetchBodies& fetch) {
    return std::make_unique<FetchBodies>(std::move(fetch), context.maxMessageSize, context.header);
  }
  Made operator()(request::Append& append) {
    return std::make_unique<Append>(std::move(append), std::move(bodies), appendLimit(context.capabilities));
  }
  Made operator()(request::Store& store) { return std::make_unique<Store>(std::move(store)); }
  Made operator()(request::Expunge& expunge) {
    return std::make_unique<Expunge>(std::move(expunge), context.storing);
  }
  Made operator()(request::Move& move) { return std::make_unique<Move>(std::move(move)); }
  Made operator()(request::Copy& copy) { return std::make_unique<Copy>(std::move(copy)); }
  Made operator()(request::Search& search) { return std::make_unique<Search>(std::move(search)); }
  Made operator()(request::Manage& manage) {
    return std::make_unique<Manage>(std::move(manage), context.capabilities);
  }
  Made operator()(request::Watch& watch) {
    return std::make_unique<Watch>(std::move(watch), context.news, context.log);
  }
  Made operator()(request::Simple& simple) {
    return std::make_unique<Simple>(simple, context.mailboxSelected);
  }
};

}  // namespace

std::unique_ptr<Exchange> makeExchange(Request request, const ExchangeContext& context) {
  return std::visit(Make{context, request.bodies}, request.what);
}

}  // namespace interimap
