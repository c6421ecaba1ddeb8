import type { ImageEntry } from '../images.js';
import type { Container, Pod, Probe } from './kube-types.js';

const portOf = (port: number | string, container: Container): number | undefined =>
  typeof port === 'number' ? port : (container.ports?.find((one) => one.name === port)?.containerPort ?? (Number(port) || undefined));

/**
 * Why a probe fails against what the image serves, in the kubelet's words; undefined = it passes. Commands run inside
 * the container are taken to succeed: the table says nothing about them.
 */
export function probeFailure(probe: Probe, container: Container, image: ImageEntry, pod: Pod): string | undefined {
  const wanted = probe.httpGet?.port ?? probe.tcpSocket?.port ?? probe.grpc?.port;
  if (wanted === undefined) return undefined;
  const port = portOf(wanted, container);
  if (port === undefined) return `couldn't find port: ${String(wanted)}`;
  const address = `${pod.status?.podIP ?? '10.244.0.0'}:${String(port)}`;
  const path = probe.httpGet?.path ?? '/';
  if (image.listens && !image.listens.includes(port)) {
    return probe.httpGet
      ? `Get "http://${address}${path}": dial tcp ${address}: connect: connection refused`
      : `dial tcp ${address}: connect: connection refused`;
  }
  const isServed = !probe.httpGet || !image.paths || image.paths.includes(path.split('?')[0] ?? path);
  return isServed ? undefined : 'HTTP probe failed with statuscode: 404';
}

/** How long the kubelet lets a probe fail before it acts, in ms, at the pace written in the spec. */
export const patienceMs = (probe: Probe): number =>
  1000 * ((probe.initialDelaySeconds ?? 0) + (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3));

/** The same at the sandbox's pace: one try per second, at most three. */
export const shortPatienceMs = (probe: Probe): number => Math.min(patienceMs(probe), 1000 * Math.min(probe.failureThreshold ?? 3, 3));
