import { cpus, loadavg } from 'node:os';
import { countsOf } from './ingest-report.js';
import type { StormResult } from './storm.js';
import { firstOf } from './storm-counts.js';

const ABOUT = `A real AlertManager (Debian's) with the configuration that \`kubernaut connect alertmanager\` prints but for shorter waits: one receiver with a token,
\`group_by: [alertname, namespace]\`, so one group holds alerts of ten workloads; 1 s group_wait, 2 s group_interval, one minute repeat_interval. A changed
group is sent whole, which is where most duplicates come from. Alerts name one of four pods of a Deployment or the Deployment; pods belong to ReplicaSets, as
the controllers made them, and stay Pending. \`kubernaut gateway\` runs from the build with its own rate limit, on PostgreSQL with fsync on and a real Temporal, is
killed with SIGKILL while it holds requests, and started again. No worker runs meanwhile: what is open stays open, so that a second run of a workflow id could
only be ours. At the end the workflow code goes through every history and tells the problems that it found there.`;

export function printStorm(r: StormResult): void {
  const { options, posted } = r;
  const sent = Object.values(r.webhooks).reduce((a, b) => a + b, 0);
  const lines = [
    `storm bench, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, Node ${process.version}, PostgreSQL (fsync on), load average ${loadavg()[2]!.toFixed(1)}`,
    '', ABOUT, '',
    `${options.alerts} alerts, ${options.workloads} workloads, ${options.kills} kills |`,
    '--- | ---',
    `posted to AlertManager | ${posted.firing} firing, ${posted.again} of them again, ${posted.resolved} resolved, in ${posted.posts} posts`,
    `webhook requests | ${sent}: ${countsOf(r.webhooks)}`,
    `kills | ${r.kills.map((k) => `at ${k.rows} rows with ${k.cut} requests in flight`).join('; ') || 'none'}; back after ${r.kills.map((k) => k.downSeconds.toFixed(1)).join(', ') || '–'} s`,
    `rows in the store | ${countsOf(r.rows)}`,
    `workflow runs in Temporal | ${r.runs} of ${r.workflowIds} workflow ids`,
    `problems in the remediations | ${r.problems}, of which ${r.resolvedProblems} resolved`,
    `remediation documents written by the gateway itself | ${r.documents}`,
    `first post to last row | ${r.seconds.toFixed(0)} s`,
    `resident memory of the gateway, at most | ${r.mostMib.toFixed(0)} MiB`,
    `**lost or doubled** | **${r.isExact ? 'nothing' : `${r.wrong.length} findings`}**`,
    ...firstOf(r.wrong).map((text) => `- ${text}`),
  ];
  console.log(lines.join('\n'));
}
