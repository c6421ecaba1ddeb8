import { createHash } from 'node:crypto';
import { Eta } from 'eta';
import type { PageView } from './view.js';

const STYLE = `
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:40rem;padding:1rem;overflow-wrap:anywhere;background:#fff;color:#1a1a1a}
h1{font-size:1.3rem;line-height:1.3;margin:.2rem 0}h2{font-size:1.05rem;margin:1.4rem 0 .4rem}
p,ul,ol,dl{margin:.4rem 0}ul,ol{padding-left:1.3rem}
.small{color:#555;font-size:.9rem}.box{border:1px solid #8886;border-radius:.5rem;padding:.7rem .9rem;margin:.6rem 0}
.changed{border-color:#b45309;border-width:2px}
code{font:.9em ui-monospace,monospace}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;font-size:.9rem}dd{margin:0}
label{display:block;margin:.7rem 0 .2rem}.choice{display:flex;gap:.6rem;align-items:flex-start;margin:.5rem 0}.choice input{margin-top:.35rem;min-width:1.2rem;min-height:1.2rem}
input[type=text]{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;border:1px solid #777;border-radius:.4rem;background:transparent;color:inherit}
button{font:inherit;font-weight:600;width:100%;padding:.9rem;margin:.5rem 0;border-radius:.5rem;border:2px solid #166534;background:#166534;color:#fff}
button.no{background:transparent;color:inherit;border-color:#777}
:focus-visible{outline:3px solid #2563eb;outline-offset:2px}
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}.small{color:#aaa}}
`;

const sourceOf = (style: string): string => `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/** No scripts, no foreign anything, not in a frame; the form goes nowhere but here. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src ${sourceOf(STYLE)}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  // Not no-referrer: browsers would send the form with "Origin: null". The address goes to no other site.
  'referrer-policy': 'same-origin',
  'x-robots-tag': 'noindex, nofollow, noarchive',
} as const;

const LAYOUT = (body: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title><%= it.title %></title><style>${STYLE}</style></head>
<body><main>${body}</main></body></html>
`;

const MESSAGE = LAYOUT(`<h1><%= it.title %></h1>
<p><%= it.text %></p>
<% if (it.again) { %><p><a href="">Look at it again</a></p><% } %>`);

const QUESTION = LAYOUT(`<p class="small">Kubernaut asks · <code><%= it.v.id %></code></p>
<h1><%= it.v.alert %> on <%= it.v.target %></h1>
<p class="small"><%= it.v.severity %> · cluster <%= it.v.cluster %></p>
<% if (it.v.why || it.v.diff.length) { %><section class="box changed"><h2>This is asked again</h2>
<% if (it.v.why) { %><p><%= it.v.why %></p><% } %><% if (it.v.diff.length) { %><ul><% it.v.diff.forEach(function (line) { %><li><%= line %></li><% }) %></ul><% } %></section><% } %>
<section><h2>Why</h2>
<% if (it.v.cause) { %><p><strong><%= it.v.cause %></strong> <span class="small">(<%= it.v.sure %>)</span></p><% } %>
<% it.v.reasoning.forEach(function (line) { %><p class="small"><%= line %></p><% }) %></section>
<section><h2>What would be done</h2>
<% it.v.steps.forEach(function (s) { %><div class="box"><p><strong><%= s.summary %></strong></p>
<dl><dt>Action</dt><dd><code><%= s.action %></code></dd><dt>Risk</dt><dd>tier <%= s.tier %>: <%= s.risk %></dd><dt>Undo</dt><dd><%= s.undo %></dd>
<% s.parameters.forEach(function (p) { %><dt><%= p[0] %></dt><dd><code><%= p[1] %></code></dd><% }) %></dl></div><% }) %>
<p class="small">Plan <code><%= it.v.plan %></code>. The cluster is read again before anything is written; if it moved, you are asked anew.</p></section>
<% if (it.v.findings.length) { %><section><h2>What the checks say</h2><ul><% it.v.findings.forEach(function (f) { %><li><%= f.severity %>: <%= f.message %></li><% }) %></ul></section><% } %>
<form method="post" action="">
<% if (it.v.others.length) { %><fieldset class="box"><legend>Which way</legend>
<div class="choice"><input type="radio" name="candidate" value="1" id="c1" checked><label for="c1">The plan above</label></div>
<% it.v.others.forEach(function (o) { %><div class="choice"><input type="radio" name="candidate" value="<%= o.number %>" id="c<%= o.number %>"><label for="c<%= o.number %>"><%= o.summary %><br><span class="small"><%= o.about %></span></label></div><% }) %></fieldset><% } %>
<label for="by">Your name (goes into the record)</label><input type="text" id="by" name="by" required maxlength="100" autocomplete="name">
<label for="reason">Reason <span class="small">(optional)</span></label><input type="text" id="reason" name="reason" maxlength="500">
<button name="decision" value="approve">Approve</button>
<button name="decision" value="reject" class="no">Reject</button>
</form>
<p class="small"><% if (it.v.expiresAt) { %>Open until <%= it.v.expiresAt %>; silence means no. <% } %>This link works once.</p>`);

const eta = new Eta({ autoEscape: true, autoTrim: false });
const question = eta.compile(QUESTION);
const message = eta.compile(MESSAGE);

export const questionPage = (v: PageView): string => eta.render(question, { title: `Decide: ${v.alert} on ${v.target}`, v });

/** `canLookAgain`: the link is still good. */
export const messagePage = (title: string, text: string, canLookAgain = false): string => eta.render(message, { title, text, again: canLookAgain });
