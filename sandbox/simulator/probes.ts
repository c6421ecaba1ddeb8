import type { ImageEntry } from '../images.js';
import type { Container, Pod, Probe } from './kube-types.js';

const portOf = (port: number | string, container: Container): number | undefined =>
  typeof port === 'number' ? port : (container.ports?.find((one) => one.name === port)?.containerPort ?? (Number(port) || undefined));

const wantedPort = (probe: Probe): number | string | undefined => probe.httpGet?.port ?? probe.tcpSocket?.port ?? probe.grpc?.port;

function refused(probe: Probe, pod: Pod, port: number): string {
  const address = `${pod.status?.podIP ?? '10.244.0.0'}:${String(port)}`;
  const dial = `dial tcp ${address}: connect: connection refused`;
  return probe.httpGet ? `Get "http://${address}${probe.httpGet.path ?? '/'}": ${dial}` : dial;
}

function isPathServed(probe: Probe, image: ImageEntry): boolean {
  if (!probe.httpGet || !image.paths) return true;
  return image.paths.includes((probe.httpGet.path ?? '/').split('?')[0] ?? '/');
}

/**
 * Why a probe fails against what the image serves, in the kubelet's words; undefined = it passes. Commands run inside
 * the container are taken to succeed: the table says nothing about them.
 */
export function probeFailure(probe: Probe, container: Container, image: ImageEntry, pod: Pod): string | undefined {
  const wanted = wantedPort(probe);
  if (wanted === undefined) return undefined;
  const port = portOf(wanted, container);
  if (port === undefined) return `couldn't find port: ${String(wanted)}`;
  if (image.listens && !image.listens.includes(port)) return refused(probe, pod, port);
  return isPathServed(probe, image) ? undefined : 'HTTP probe failed with statuscode: 404';
}

/** How long the kubelet lets a probe fail before it acts, in ms, at the pace written in the spec. */
export const patienceMs = (probe: Probe): number =>
  1000 * ((probe.initialDelaySeconds ?? 0) + (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3));

/** The same at the sandbox's pace: one try per second, at most three. */
export const shortPatienceMs = (probe: Probe): number => Math.min(patienceMs(probe), 1000 * Math.min(probe.failureThreshold ?? 3, 3));
