#pragma once
#include <stdbool.h>

/// Whether `url` is a URL whose host is `expected`; an IPv6 literal is compared without its brackets.
///
/// FoundationNetworking asks this before each transfer (`CFURLSessionCurlHostIsEqual`, `EasyHandle.set(url:)`). In Swift
/// 6.3 and 6.4 its answer frees the parsed URL with `curl_free` instead of `curl_url_cleanup`: scheme, host, port, path and
/// query are lost, 140 to 280 bytes with each request. Release programs are linked with
/// `--wrap=CFURLSessionCurlHostIsEqual`, so that this answers instead, as Foundation's own repair does
/// (swift-corelibs-foundation #5498, of July 2026). `scripts/build-release` fails with a toolchain that has that; then this
/// target and the option go.
bool __wrap_CFURLSessionCurlHostIsEqual(const char *url, const char *expected);
