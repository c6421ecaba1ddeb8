import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Relay {
  url: string;
  /** Requests that have no answer yet. */
  inFlight(): number;
  /** Answers by status; `cut` = the gateway went away without one, `refused` = nobody listened. */
  counts(): Record<string, number>;
  /** ms since the epoch of the last answer, or of its absence. */
  lastAt(): number;
  stop(): Promise<void>;
}

/**
 * Stands between AlertManager and the gateway and counts, because the gateway's own counters die with it. Passes everything
 * on as it comes; where the gateway gives no answer, AlertManager gets none either: its connection breaks.
 */
export async function startRelay(port: number): Promise<Relay> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
  const counts: Record<string, number> = {};
  let waiting = 0;
  let lastAt = Date.now();

  const server = http.createServer((incoming, outgoing) => {
    waiting += 1;
    let isCounted = false;
    const done = (what: string): void => {
      if (isCounted) return;
      isCounted = true;
      waiting -= 1;
      lastAt = Date.now();
      counts[what] = (counts[what] ?? 0) + 1;
    };
    const broken = (error: NodeJS.ErrnoException): void => {
      done(error.code === 'ECONNREFUSED' ? 'refused' : 'cut');
      outgoing.destroy();
    };
    const request = http.request({ host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers: incoming.headers, agent }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.on('error', broken).on('end', () => done(String(response.statusCode))).pipe(outgoing);
    });
    request.on('error', broken);
    // AlertManager gave up: nobody waits for that answer.
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) done('given up by the sender');
      request.destroy();
    });
    incoming.pipe(request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    inFlight: () => waiting,
    counts: () => ({ ...counts }),
    lastAt: () => lastAt,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      agent.destroy();
    },
  };
}
