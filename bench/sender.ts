import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { RunFile } from '../src/cli/run-file.js';
import type { RemediateResult } from '../src/domain/messages.js';
import type { App } from './broken-apps.js';

export interface Sent {
  app: App;
  workflowId: string;
  /** When POST /alerts was first sent, ms since the epoch. */
  at: number;
  /** How long the answer that accepted it took, ms. */
  answeredMs: number;
  /** How often it was told to come again (503). */
  refusals: number;
}

export interface Done extends Sent {
  outcome: string;
  /** ms since the epoch. */
  closedAt: number;
}

export interface Sender {
  send(app: App): Promise<Sent>;
  /** Sends and waits until the remediation is closed. */
  remediate(app: App): Promise<Done>;
}

/** AlertManager's part: one group of one alert per request, sent again when it is refused for now. */
export function senderTo({ gateway, token }: RunFile, client: Client): Sender {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

  async function send(app: App): Promise<Sent> {
    const body = JSON.stringify(groupOf(app));
    const at = Date.now();
    for (let refusals = 0; ; refusals++) {
      const from = performance.now();
      const response = await fetch(`${gateway}/alerts`, { method: 'POST', headers, body });
      const text = await response.text();
      const answeredMs = performance.now() - from;
      if (response.status === 202) return { app, workflowId: workflowOf(text), at, answeredMs, refusals };
      if (response.status !== 503) throw new Error(`POST /alerts answered ${response.status}: ${text}`);
      await sleep(Number(response.headers.get('retry-after') ?? 1) * 1000);
    }
  }

  return {
    send,
    async remediate(app) {
      const sent = await send(app);
      const { outcome } = (await client.workflow.getHandle(sent.workflowId).result()) as RemediateResult;
      return { ...sent, outcome, closedAt: Date.now() };
    },
  };
}

function workflowOf(answer: string): string {
  const [result] = (JSON.parse(answer) as { results: { outcome: string; workflow_id: string }[] }).results;
  // "joined" or "duplicate": an earlier try that was answered with 503 had arrived all the same.
  if (!result || !['started', 'joined', 'duplicate'].includes(result.outcome)) throw new Error(`no remediation was started: ${answer}`);
  return result.workflow_id;
}

function groupOf({ namespace, name }: App): object {
  const labels = { alertname: 'KubeDeploymentReplicasMismatch', severity: 'warning', namespace, deployment: name };
  const annotations = { summary: 'Deployment has not matched the expected number of replicas.' };
  const alert = { status: 'firing', labels, annotations, startsAt: new Date().toISOString(), endsAt: '0001-01-01T00:00:00Z', generatorURL: '', fingerprint: fingerprintOf(`${namespace}/${name}`) };
  return {
    version: '4', groupKey: `{}:{deployment="${name}"}`, truncatedAlerts: 0, status: 'firing', receiver: 'kubernaut',
    groupLabels: { deployment: name }, commonLabels: labels, commonAnnotations: annotations, externalURL: 'http://bench', alerts: [alert],
  };
}

/** FNV-1a, 16 hex digits: any stable text of that shape will do. */
function fingerprintOf(text: string): string {
  const hash = (seed: number): number => [...text].reduce((h, char) => Math.imul(h ^ char.charCodeAt(0), 16777619) >>> 0, seed);
  return [2166136261, 40389].map((seed) => hash(seed).toString(16).padStart(8, '0')).join('');
}
