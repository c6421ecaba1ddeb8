import type { Notification } from '../contracts/notification.js';
import { oneLine, visible, webLinks } from './plain-text.js';

/** Escaped by eta (`<%=`): every value is untrusted text. */
const TEMPLATE = `<!doctype html>
<html><body style="font-family:sans-serif;max-width:44em">
<h2><%= it.title %></h2>
<p><code><%= it.remediationId %></code> · <%= it.target %> · <%= it.severity %><% if (it.outcome) { %> · <strong><%= it.outcome %></strong><% } %></p>
<% it.lines.forEach(function (line) { %><p><%= line %></p>
<% }) %><% if (it.commands.length) { %><pre style="background:#f4f4f4;padding:8px"><%= it.commands.join('\\n') %></pre><% } %>
<% it.links.forEach(function (link) { %><p><a href="<%= link.url %>"><%= link.label %></a></p>
<% }) %></body></html>
`;

/** The HTML part. eta is loaded on first use: most installations send no mail. */
export async function emailHtmlOf(n: Notification): Promise<string> {
  const { Eta } = await import('eta');
  return new Eta({ autoEscape: true, autoTrim: false }).renderString(TEMPLATE, {
    title: oneLine(n.title, 200),
    remediationId: n.remediationId,
    target: visible(n.target),
    severity: n.severity,
    outcome: n.outcome,
    lines: n.lines.map(visible),
    commands: n.commands.map(visible),
    links: webLinks(n.links).map(([label, url]) => ({ label, url })),
  });
}
