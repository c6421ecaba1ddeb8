import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { objectSamples } from './prometheus-objects.js';
import { podSamples } from './prometheus-pods.js';
import { expositionOf } from './prometheus-text.js';
import type { World } from './world.js';

export interface MetricsServer {
  url: string;
  stop(): Promise<void>;
}

export const metricsText = (world: World, now: number): string =>
  expositionOf([...world.list('Pod').flatMap((pod) => podSamples(pod, world, now)), ...objectSamples(world)]);

/** Plain HTTP on loopback: what kube-state-metrics and cAdvisor would say, at `/metrics`. */
export async function startMetricsServer(world: World): Promise<MetricsServer> {
  const server = http.createServer((request, response) => {
    const isMetrics = request.url === '/metrics';
    response.writeHead(isMetrics ? 200 : 404, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(isMetrics ? metricsText(world, Date.now()) : 'see /metrics\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/metrics`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
