import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fingerprintOf } from '../sandbox/ticker/fingerprint.js';
import { TOKEN } from './servers.js';
import type { NamedPod } from './targets.js';

export interface Alert {
  status: 'firing';
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
  generatorURL: string;
  fingerprint: string;
}

export interface Answers {
  /** Of the answers that took a post, ms. */
  ms: number[];
  /** Results of the alerts by outcome. */
  outcomes: Record<string, number>;
  /** Answers that told to come again, by status. */
  refusals: Record<string, number>;
}

/** As kube-prometheus writes it: labels and annotations of the usual number and length. */
export function alertOf({ namespace, pod }: NamedPod): Alert {
  const labels = {
    alertname: 'KubePodNotReady', severity: 'warning', namespace, pod, job: 'kube-state-metrics', container: 'kube-state-metrics',
    instance: '10.244.0.7:8080', prometheus: 'monitoring/k8s',
  };
  return {
    status: 'firing', labels,
    annotations: {
      summary: 'Pod has been in a non-ready state for more than 15 minutes.',
      description: `Pod ${namespace}/${pod} has been in a non-ready state for longer than 15 minutes on cluster .`,
      runbook_url: 'https://runbooks.prometheus-operator.dev/runbooks/kubernetes/kubepodnotready',
    },
    startsAt: new Date().toISOString(), endsAt: '0001-01-01T00:00:00Z', generatorURL: 'http://prometheus.example/graph', fingerprint: fingerprintOf(labels),
  };
}

const groupOf = (alerts: readonly Alert[]): string =>
  JSON.stringify({
    version: '4', groupKey: '{}:{alertname="KubePodNotReady"}', truncatedAlerts: 0, status: 'firing', receiver: 'kubernaut',
    groupLabels: { alertname: 'KubePodNotReady' }, commonLabels: {}, commonAnnotations: {}, externalURL: 'http://bench', alerts,
  });

/** AlertManager's part: posts each group over a connection that is kept, all at once, again when it is told to come again. */
export async function postAll(url: string, groups: readonly (readonly Alert[])[]): Promise<Answers> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
  const all: Answers = { ms: [], outcomes: {}, refusals: {} };
  try {
    await Promise.all(groups.map((group) => postUntilTaken({ url, agent, body: groupOf(group) }, all)));
    return all;
  } finally {
    agent.destroy();
  }
}

interface Post {
  url: string;
  agent: http.Agent;
  body: string;
}

async function postUntilTaken(post: Post, all: Answers): Promise<void> {
  for (;;) {
    const from = performance.now();
    const { status, text, retryAfterS } = await send(post);
    if (status === 200 || status === 202) {
      all.ms.push(performance.now() - from);
      for (const { outcome } of (JSON.parse(text) as { results: { outcome: string }[] }).results) all.outcomes[outcome] = (all.outcomes[outcome] ?? 0) + 1;
      return;
    }
    if (status !== 503) throw new Error(`POST /alerts answered ${status}: ${text}`);
    all.refusals[status] = (all.refusals[status] ?? 0) + 1;
    await sleep(retryAfterS * 1000);
  }
}

function send({ url, agent, body }: Post): Promise<{ status: number; text: string; retryAfterS: number }> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = http.request(`${url}/alerts`, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString(), retryAfterS: Number(response.headers['retry-after'] ?? 1) }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
