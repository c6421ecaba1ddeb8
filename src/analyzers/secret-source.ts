import type { Evidence } from '../domain/evidence.js';
import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { redactText } from '../domain/redact.js';
import { defineAnalyzer } from './define.js';
import { configReferencesOf } from './reading/config-references.js';
import { cut } from './reading/container-trouble.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { workloadsInScope } from './reading/scene.js';

const KINDS = ['Certificate', 'ExternalSecret'];

/** Certificates past their end, and secrets that their source does not give any more. Where nothing refuses, a new one is asked for. */
export const secretSource = defineAnalyzer({
  id: 'secret_source',
  summary: 'A certificate has expired, or the source of a secret refuses to give it.',
  looksAt: ['certificates', 'externalsecrets', 'deployments', 'statefulsets', 'daemonsets'],
  diagnose: (evidence, world) => sourcesInScope(evidence, world).flatMap((o) => (o.kind === 'Certificate' ? certificate(o, evidence) : externalSecret(o, evidence))),
});

/** The target itself, or what makes the Secrets that the target's workloads read. */
function sourcesInScope(evidence: Evidence, world: World): KubeObject[] {
  const target = evidence.object;
  if (!target || KINDS.includes(target.kind)) return target ? [target] : [];
  const workloads = workloadsInScope(evidence, world);
  const read = new Set(workloads.flatMap((w) => configReferencesOf(w).filter((r) => r.kind === 'Secret').map((r) => `${w.metadata.namespace}/${r.name}`)));
  return KINDS.flatMap((kind) => world.list(kind)).filter((o) => read.has(`${o.metadata.namespace}/${secretOf(o)}`));
}

const secretOf = (o: KubeObject): string => (o.kind === 'Certificate' ? o.spec?.secretName : (o.spec?.target?.name ?? o.metadata.name));

const wordsOf = (c: { reason?: string; message?: string } | undefined): string => cut(redactText(`${c?.reason ?? 'no reason'}: ${c?.message ?? ''}`));

/** Of a workload in trouble it is one suspect among others. */
const sure = (o: KubeObject, { object }: Evidence, confidence: number): number => (object?.metadata.uid === o.metadata.uid ? confidence : confidence - 0.2);

const isOver = (o: KubeObject, now: string): boolean => Date.parse(o.status?.notAfter ?? '') <= Date.parse(now);

function certificate(o: KubeObject, evidence: Evidence): Finding[] {
  const issuing = conditionOf(o, 'Issuing');
  if (issuing?.status === 'False') {
    return [{ ...person(o), cause: 'certificate.refused', summary: `${nameOf(o)} is not issued: its issuer refuses`, evidence: [wordsOf(issuing), validity(o)], confidence: sure(o, evidence, 0.85) }];
  }
  return isOver(o, evidence.takenAt) && issuing?.status !== 'True' ? [expired(o, evidence)] : [];
}

const validity = ({ status }: KubeObject): string => `status.notAfter is ${status?.notAfter ?? '(none)'}, revision ${status?.revision ?? 0}`;

function expired(o: KubeObject, evidence: Evidence): Finding {
  const confidence = sure(o, evidence, 0.9);
  const finding = { ...person(o), cause: 'certificate.expired', summary: `${nameOf(o)} has expired and is not being issued anew`, evidence: [validity(o)], confidence };
  // what an authority has signed would all have to follow
  if (o.spec?.isCA === true) return finding;
  const { conclusion: _none, edit: _neither, ...rest } = finding;
  const parameters = { namespace: o.metadata.namespace, certificate: o.metadata.name };
  return { ...rest, proposals: [{ action: 'rotate_secrets', target: targetOf(o), parameters, confidence, reason: `${nameOf(o)} expired at ${o.status.notAfter}` }] };
}

/** Asking again is what its operator does all the time: whoever owns the source must look. */
function externalSecret(o: KubeObject, evidence: Evidence): Finding[] {
  const ready = conditionOf(o, 'Ready');
  if (ready?.status !== 'False') return [];
  const since = o.status?.refreshTime ? `last refreshed at ${o.status.refreshTime}` : 'it was never synced';
  return [{ ...person(o), cause: 'external_secret.refused', summary: `${nameOf(o)} is not refreshed: its source refuses`, evidence: [wordsOf(ready), since], confidence: sure(o, evidence, 0.75) }];
}

/** A finding that no action of ours can do something about. */
const person = (o: KubeObject) => ({
  analyzer: 'secret_source',
  target: targetOf(o),
  proposals: [],
  conclusion: 'needs_person' as const,
  edit: `kubectl describe ${o.kind.toLowerCase()} ${o.metadata.name} -n ${o.metadata.namespace}`,
});
