import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeApi {
  url: string;
  /** What was asked for: path and Authorization. */
  seen: { path: string; authorization?: string }[];
  /** Answers `GET /api/v2/<name>`; default: an AlertManager that runs for a day and fires nothing. */
  answer: (name: string, response: ServerResponse, request: IncomingMessage) => void;
  /** What it fires from now on, well-behaved. */
  fires(...alerts: object[]): void;
  close(): Promise<void>;
}

const DAY_MS = 24 * 60 * 60_000;

export const sendJson = (response: ServerResponse, value: unknown): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

/** `startedAgoMs`: how long the AlertManager runs. */
export const wellBehaved = (alerts: object[] = [], startedAgoMs = DAY_MS): FakeApi['answer'] => (name, response) => {
  if (name === 'status') sendJson(response, { cluster: { status: 'disabled' }, uptime: new Date(Date.now() - startedAgoMs).toISOString(), versionInfo: { version: '0.25.0' }, config: { original: '' } });
  else sendJson(response, name === 'receivers' ? [{ name: 'kubernaut' }, { name: 'people' }] : alerts);
};

/** A loopback server where AlertManager's API would be, for what a real one never does. */
export async function fakeAlertmanagerApi(): Promise<FakeApi> {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    fake.seen.push({ path, ...(request.headers.authorization ? { authorization: request.headers.authorization } : {}) });
    fake.answer(/^\/[^?]*\/([a-z]+)(\?|$)/.exec(path)?.[1] ?? '', response, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const fake: FakeApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    answer: wellBehaved(),
    fires(...alerts) {
      fake.answer = wellBehaved(alerts);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

/** One alert as `GET /api/v2/alerts` lists it. */
export const listedAlert = (pod: string, more: { fingerprint?: string; startsAt?: string; state?: string; silencedBy?: string[]; receivers?: string[]; labels?: Record<string, string> } = {}) => ({
  annotations: { summary: 'Pod is crash looping.' },
  endsAt: new Date(Date.now() + 60_000).toISOString(),
  fingerprint: more.fingerprint ?? Buffer.from(pod).toString('hex').padEnd(16, '0').slice(0, 16),
  receivers: (more.receivers ?? ['kubernaut']).map((name) => ({ name })),
  startsAt: more.startsAt ?? '2026-03-01T02:14:03.482Z',
  status: { inhibitedBy: [], silencedBy: more.silencedBy ?? [], state: more.state ?? 'active' },
  updatedAt: new Date().toISOString(),
  generatorURL: '',
  labels: { alertname: 'KubePodCrashLooping', namespace: 'shop', pod, severity: 'warning', ...more.labels },
});
