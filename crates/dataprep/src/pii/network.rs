//! IP addresses. Those of no machine in particular (loopback, unspecified, masks) stay, and so do numbers of versions and
//! chapters that only look like one.

use super::{before, behind, pattern, stands_alone};
use regex::Regex;
use std::{
    net::{Ipv4Addr, Ipv6Addr},
    ops::Range,
    sync::LazyLock,
};

static FOUR: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"));
static SIX: LazyLock<Regex> = LazyLock::new(|| pattern(r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}"));

/// Words before what has four numbers and is no address.
static NUMBERED: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "version release build firmware driver section chapter clause figure table rule paragraph appendix \
     version: upgrade 版本 章节 第 固件 驱动 条款 附录 升级到 更新到 软件版 oid sdk item part 编 目录"
        .split_whitespace()
        .collect()
});

pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    for m in FOUR.find_iter(text) {
        let range = m.range();
        let is_address = |address| is_machine(address) && is_said(text, &range, address);
        if is_apart(text, &range) && m.as_str().parse().is_ok_and(is_address) && !is_numbered(text, &range) {
            found.push(range);
        }
    }
    if text.matches(':').nth(1).is_none() {
        return;
    }
    for m in SIX.find_iter(text) {
        // A time or a path in code is none: all groups are there, or `::` stands for some and digits are among them.
        let is_hex = m.as_str().chars().any(|c| c.is_ascii_digit()) && m.as_str().matches(':').count() > 1;
        let beside = text[..m.start()].ends_with(':') || text[m.end()..].starts_with(':');
        if is_hex && !beside && stands_alone(text, &m.range()) && m.as_str().parse().is_ok_and(is_machine_6) {
            found.push(m.range());
        }
    }
}

fn is_machine(address: Ipv4Addr) -> bool {
    !(address.is_loopback() || address.is_unspecified() || address.octets()[0] == 255 || address.octets()[0] == 0)
}

fn is_machine_6(address: Ipv6Addr) -> bool {
    // Short forms such as 1::2 are rather anything else.
    let groups = address.segments().iter().filter(|group| **group != 0).count();
    !address.is_loopback() && !address.is_unspecified() && groups >= 2 && address.segments()[0] > 0xff
}

fn is_apart(text: &str, range: &Range<usize>) -> bool {
    let (left, right) = (&text[..range.start], &text[range.end..]);
    let goes_on = right.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    stands_alone(text, range) && !left.ends_with('.') && !left.ends_with('-') && !goes_on
}

/// Numbers as small as those of chapters and versions are an address only where the text says so.
fn is_said(text: &str, range: &Range<usize>, address: Ipv4Addr) -> bool {
    const SAYS: &[&str] = &[
        "ip",
        "address",
        "host",
        "server",
        "ping",
        "connect",
        "login",
        "dns",
        "gateway",
        "登录",
        "地址",
        "主机",
        "服务器",
        "网关",
    ];
    let small = address.octets()[0] < 10 && address.octets().iter().all(|octet| *octet < 32);
    let near = before(text, range.start, 24).to_lowercase();
    !small || SAYS.iter().any(|word| near.contains(word))
}

fn is_numbered(text: &str, range: &Range<usize>) -> bool {
    let near = before(text, range.start, 12).to_lowercase();
    // `Chrome/99.0.48.44` names a program, `http://10.0.0.1` a machine.
    let slash = near.strip_suffix('/').is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_alphanumeric()));
    let sections = behind(text, range.end, 3).trim_start();
    slash
        || near.ends_with(['v', '§', '='].as_slice())
            && !near.ends_with("ip=")
            && !near.ends_with("host=")
            && !near.ends_with("addr=")
        || NUMBERED
            .iter()
            .any(|word| near.trim_end().trim_end_matches(['为', '是', ':', '：', '号']).trim_end().ends_with(word))
        || ["节", "章", "版", "条"].iter().any(|word| sections.starts_with(word))
}
