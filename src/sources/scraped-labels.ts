import type { TargetHint } from '../domain/signal.js';
import { BY_LABEL, legalName, nameIn, valueOf, type LabelRow, type Labels } from './object-labels.js';

/** Who speaks about other objects than itself. The kubelet has a service and no pod. */
const EXPORTERS = ['kube-state-metrics', 'node-exporter', 'blackbox-exporter', 'pushgateway', 'kubelet'];

/** Whose object a label names: the series' own, it cannot be said, or that of who told. */
export type Whose = 'own' | 'doubtful' | 'told';

export function whoseIs(labels: Labels, { label, isOfTarget }: LabelRow, name: string): Whose {
  if (!isOfTarget || nameIn(labels, `exported_${label}`) !== undefined) return 'own';
  // an exported one that is no name, like Traefik's `api@kubernetes`, leaves the other to whom it was scraped from
  if (Object.hasOwn(labels, `exported_${label}`) || isExporters(labels, label, name)) return 'told';
  if (Object.hasOwn(labels, 'exported_namespace')) return 'doubtful';
  return label === 'pod' && isStranger(labels, name) ? 'doubtful' : 'own';
}

const SCRAPED = ['job', 'instance', 'endpoint', 'service'];

/** Rules may have dropped `job`; what else Prometheus adds shows then that the series was not summed by pod. */
function isExporters(labels: Labels, label: string, name: string): boolean {
  if (!SCRAPED.some((key) => Object.hasOwn(labels, key))) return false;
  const scraped = EXPORTERS.filter((exporter) => valueOf(labels, 'job')?.includes(exporter));
  return (scraped.length > 0 ? scraped : EXPORTERS).some((exporter) => {
    if (label === 'pod' && exporter === 'kubelet') return false;
    return name.includes(exporter) || (label === 'pod' && valueOf(labels, 'container') === exporter);
  });
}

/** Generated names keep at least this much of the workload's. */
const KEPT = 40;

/** A pod beside a workload that is not named after it: the exporter's, under whatever name it runs. */
function isStranger(labels: Labels, pod: string): boolean {
  const beside = BY_LABEL.flatMap((row) => {
    const name = row.pods && nameIn(labels, `exported_${row.label}`, row.label);
    return name === undefined ? [] : [{ name, pods: row.pods }];
  });
  return beside.length > 0 && !beside.some(({ name, pods }) => pods === 'its own' && pod.startsWith(name.slice(0, KEPT)));
}

/** node-exporter speaks of the node it runs on, which is `instance`: the node's name, or its address with a port. Outside of a cluster it has no pod. */
export function nodeOf(labels: Labels, teller: TargetHint): TargetHint[] {
  const name = teller.kind === 'Pod' && teller.name.includes('node-exporter') ? legalName(valueOf(labels, 'instance')?.replace(/:\d+$/, '')) : undefined;
  return name === undefined ? [] : [{ kind: 'Node', apiVersion: 'v1', name }];
}
