# SPDX-License-Identifier: MIT
"""What a stranger may send, be called, or bind to, in the hope that a page or a terminal obeys it."""

SCRIPT = "document.title='owned'"

MARKUP = [
    f"<script>{SCRIPT}</script>",
    f"</script><script>{SCRIPT}</script>",
    f"</SCRIPT ><sCrIpT>{SCRIPT}</sCrIpT>",
    f"<script\t>{SCRIPT}</script\t>",
    f"<script/x>{SCRIPT}</script>",
    f"<<script>{SCRIPT}//<</script>",
    f"<script src=data:text/javascript,{SCRIPT}></script>",
    f"<img src=x onerror={SCRIPT}>",
    f"<img src=x onerror=\"{SCRIPT}\"/>",
    f"\"><img src=x onerror={SCRIPT}>",
    f"'><img src=x onerror={SCRIPT}>",
    f"`><img src=x onerror={SCRIPT}>",
    f"\" autofocus onfocus=\"{SCRIPT}",
    f"' autofocus onfocus='{SCRIPT}",
    f"x onmouseover={SCRIPT} ",
    f"<svg onload={SCRIPT}>",
    f"<svg/onload={SCRIPT}>",
    f"<svg><script>{SCRIPT}</script></svg>",
    f"</svg><script>{SCRIPT}</script>",
    f"<svg><animate onbegin={SCRIPT} attributeName=x dur=1s>",
    f"<svg><set onbegin={SCRIPT} attributeName=x>",
    f"<svg><a xlink:href=\"javascript:{SCRIPT}\"><text>x</text></a></svg>",
    "<svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'/>#x\"/></svg>",
    f"<svg><foreignObject><body onload={SCRIPT}></foreignObject></svg>",
    f"</title><script>{SCRIPT}</script>",
    f"</desc><script>{SCRIPT}</script>",
    f"</text><script>{SCRIPT}</script>",
    f"</tspan></text></a></g><script>{SCRIPT}</script>",
    f"</pre></section></aside><script>{SCRIPT}</script>",
    f"</code></td></tr></table><script>{SCRIPT}</script>",
    f"</style><script>{SCRIPT}</script>",
    "</style><style>*{display:none}</style>",
    "<style>@import 'file:///etc/passwd';</style>",
    "<link rel=stylesheet href=file:///etc/passwd>",
    "<base href=//127.0.0.1:9/>",
    "<meta http-equiv=refresh content=0;url=about:blank>",
    f"<meta http-equiv=Content-Security-Policy content=\"script-src 'unsafe-inline'\"><script>{SCRIPT}</script>",
    f"<iframe src=\"javascript:parent.{SCRIPT}\"></iframe>",
    f"<iframe srcdoc=\"<script>parent.{SCRIPT}</script>\"></iframe>",
    f"<object data=\"javascript:{SCRIPT}\"></object>",
    f"<embed src=\"javascript:{SCRIPT}\">",
    f"<body onload={SCRIPT}>",
    f"<details open ontoggle={SCRIPT}>x</details>",
    f"<video><source onerror={SCRIPT}></video>",
    f"<audio src onerror={SCRIPT}>",
    f"<input autofocus onfocus={SCRIPT}>",
    f"<select autofocus onfocus={SCRIPT}></select>",
    f"<marquee onstart={SCRIPT}>x</marquee>",
    f"<math><mtext></form><form><mglyph><style></math><img src onerror={SCRIPT}>",
    f"<form action=javascript:{SCRIPT}><button id=details>x</button></form>",
    f"<noscript><p title=\"</noscript><img src=x onerror={SCRIPT}>\">",
    f"<template><script>{SCRIPT}</script></template>",
    f"<!--><script>{SCRIPT}</script>-->",
    f"--><script>{SCRIPT}</script><!--",
    f"--!><script>{SCRIPT}</script>",
    f"]]><script>{SCRIPT}</script>",
    f"]]>*/{SCRIPT};/*",
    f"*/{SCRIPT}//",
    f"<![CDATA[<script>{SCRIPT}</script>]]>",
    f"<?xml-stylesheet href=\"javascript:{SCRIPT}\"?>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>&e;",
    "<?php echo 1 ?>",
]
ENTITIES = [
    f"&lt;script&gt;{SCRIPT}&lt;/script&gt;",
    "&#60;script&#62;", "&#x3c;b&#x3e;", "&amp;lt;", "&nbsp;&copy;&bogus;", "&", "&#0;&#xFFFFFFFF;", "&e;%e;",
    f"javascript:{SCRIPT}", f"';{SCRIPT}//", f"\\';{SCRIPT}//", f"${{{SCRIPT}}}", f"{{{{{SCRIPT}}}}}", "__proto__",
    "%s%n%x%d", "%3Cscript%3E", "\\u003cscript\\u003e", "constructor", "c1", "#c1",
]
BYTES = [
    f"\0<script>{SCRIPT}</script>".encode(), b"a\0b", b"<scr\0ipt>", b"\x01\x02\x07\x08\x0b\x0c\x1f\x7f",
    b"\x1b]0;owned\x07", b"\x1b[2J\x1b[31mred", b"\x1b]8;;file:///etc/passwd\x1b\\x\x1b]8;;\x1b\\", b"\x9b31m\x90q\x9c",
    b"one\r\ntwo\ttab\nthree\r", "\u202egpj.exe\u202c".encode(), "\u2066\u2067x\u2069".encode(),
    "\u200b\u200e\u200f\ufeff\u00ad".encode(), "\u2028\u2029\u0085".encode(), "\ufffe\uffff\U0001ffff".encode(),
    "\ue000\U000f0000".encode(), "na\u00efve \u65e5\u672c\u8a9e \U0001f41f".encode(), "e\u0301\u0301\u0301".encode(),
    b"\xff\xfe<\x00s\x00", b"\xc0\xbcscript\xc0\xbe", b"\xe0\x80\xbc", b"\xf0\x80\x80\xbc", b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80\x80\x80", b"\xf0\x9f\x90<b>", b"+ADw-script+AD4-", b"\xa2\xbescript\xbe",
    "\uff1cscript\uff1e".encode(), b"<\xff/script>", b"&\x00lt;", bytes(range(256)),
]
ALL = [text.encode() for text in MARKUP + ENTITIES] + BYTES


def visible(data):
    """The bytes as every drawing shows them: what has no picture by its number."""
    text = ""
    for part in data.decode(errors="surrogateescape"):
        point = ord(part)
        if 0xdc80 <= point <= 0xdcff:
            text += f"\\x{point - 0xdc00:02x}"
        elif part in "\n\r\t":
            text += {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[part]
        elif part.isprintable():
            text += part
        else:
            text += f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
    return text
