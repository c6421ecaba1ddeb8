import type { KubeObject, ManagedField } from '../domain/kube.js';
import { redactText } from '../domain/redact.js';
import { sha256 } from '../domain/sha256.js';
import { podSpecOf, type PodSpec } from './workload.js';

/** RFC 3339, UTC, both ends included. */
export interface Range {
  from: string;
  to: string;
}

interface Change {
  manager: string;
  operation: string;
  at: string;
  subresource?: string;
}

export const isWithin = (time: string | undefined, { from, to }: Range): boolean =>
  time !== undefined && Date.parse(time) >= Date.parse(from) && Date.parse(time) <= Date.parse(to);

/** Who wrote it last through which tool, as the API server remembers it: one entry per field manager. */
const changesOf = (o: KubeObject): Change[] =>
  ((o.metadata.managedFields ?? []) as ManagedField[]).map((f) => ({
    manager: f.manager ?? '', operation: f.operation ?? '', at: f.time ?? '', ...(f.subresource ? { subresource: f.subresource } : {}),
  }));

/** Made or written (other than by a status) within the range, as far as its field managers tell. */
export const isChangedIn = (o: KubeObject, range: Range): boolean =>
  isWithin(o.metadata.creationTimestamp, range) || changesOf(o).some((c) => c.subresource !== 'status' && isWithin(c.at, range));

const headOf = (o: KubeObject, range: Range) => ({
  kind: o.kind, name: o.metadata.name, ...(o.metadata.namespace ? { namespace: o.metadata.namespace } : {}), uid: o.metadata.uid,
  createdAt: o.metadata.creationTimestamp, changes: changesOf(o), isChangedInRange: isChangedIn(o, range),
});

interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}

/** A user's name may be the address of a person; the same one stays recognisable. */
const subjectOf = ({ kind, name, namespace }: Subject) => ({
  kind, name: kind === 'User' ? redactText(name, (text) => `<redacted:${sha256(text).slice(0, 3)}>`) : name, ...(namespace ? { namespace } : {}),
});

export const roleEntry = (o: KubeObject, range: Range) => ({ ...headOf(o, range), rules: o.rules ?? [] });
export const bindingEntry = (o: KubeObject, range: Range) => ({ ...headOf(o, range), roleRef: o.roleRef, subjects: ((o.subjects ?? []) as Subject[]).map(subjectOf) });

/** Does it give somebody of this namespace rights in the whole cluster? */
export const reaches = (binding: KubeObject, namespace: string): boolean =>
  ((binding.subjects ?? []) as Subject[]).some((s) => (s.kind === 'ServiceAccount' && s.namespace === namespace) || (s.kind === 'Group' && s.name === `system:serviceaccounts:${namespace}`));

interface Container {
  name: string;
  image?: string;
  securityContext?: unknown;
}

/** Of a CronJob that of its jobs. */
const specOf = (o: KubeObject): PodSpec => (o.kind === 'CronJob' ? o.spec?.jobTemplate?.spec?.template?.spec : podSpecOf(o)) ?? {};

/** What a container of a pod really runs: a tag may have moved. */
const imageIdIn = (o: KubeObject, name: string): string | undefined =>
  o.kind === 'Pod' ? ((o.status?.containerStatuses ?? []) as { name: string; imageID?: string }[]).find((s) => s.name === name)?.imageID : undefined;

function containersOf(o: KubeObject): object[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = specOf(o);
  const all = [...initContainers, ...containers, ...ephemeralContainers] as Container[];
  return all.map(({ name, image, securityContext = {} }) => ({ name, image, imageID: imageIdIn(o, name), securityContext }));
}

/** What its pods may do on their node, and what they run. Nothing of the environment. */
export function workloadEntry(o: KubeObject, range: Range) {
  const { serviceAccountName, hostNetwork = false, hostPID = false, hostIPC = false, securityContext = {} } = specOf(o);
  return { ...headOf(o, range), serviceAccountName, hostNetwork, hostPID, hostIPC, securityContext, containers: containersOf(o) };
}

interface EventTimes {
  firstTimestamp?: string;
  lastTimestamp?: string;
  eventTime?: string;
  series?: { lastObservedTime?: string };
}

const firstOf = (o: KubeObject): string | undefined => (o as EventTimes).firstTimestamp ?? (o as EventTimes).eventTime ?? o.metadata.creationTimestamp;
const lastOf = (o: KubeObject): string | undefined => {
  const { series, lastTimestamp, eventTime } = o as EventTimes;
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? firstOf(o);
};

/** Did any of its occurrences fall, or could one have fallen, into the range? */
export const isEventIn = (o: KubeObject, { from, to }: Range): boolean => {
  const [first, last] = [Date.parse(firstOf(o) ?? ''), Date.parse(lastOf(o) ?? '')];
  return last >= Date.parse(from) && first <= Date.parse(to);
};

const sourceOf = (o: KubeObject): string => o.reportingComponent || o.source?.component || '';
const countOf = (o: KubeObject): number => o.series?.count ?? o.count ?? 1;

export function eventEntry(o: KubeObject) {
  const { kind, name, uid } = o.involvedObject ?? {};
  return { at: lastOf(o), firstAt: firstOf(o), type: o.type, reason: o.reason, count: countOf(o), object: { kind, name, uid }, by: sourceOf(o), message: String(o.message ?? '') };
}
