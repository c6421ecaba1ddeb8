import fc from 'fast-check';
import type { KubeObject } from '../../src/domain/kube.js';

/** How a valid object may differ from the one of a fixture without becoming a reason to refuse. */
export interface Start {
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  templateAnnotations?: Record<string, string>;
  /** Beside the containers that are there. */
  sidecars?: object[];
  /** Then indexes move. */
  areSidecarsFirst?: boolean;
  /** Of the containers that are there. */
  env?: { name: string; value: string }[];
  /** Of a Deployment. */
  replicas?: number;
}

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const key = word.map((w) => `example.com/${w}`);
/** Anything at all, and what masking looks for. */
const text = fc.oneof(fc.string({ maxLength: 20 }), word.map((w) => `password=${w}`), fc.constant(''));
const labelled = fc.dictionary(key, word, { maxKeys: 3 });
const annotated = fc.dictionary(key, text, { maxKeys: 3 });
const env = fc.uniqueArray(fc.record({ name: fc.constantFrom('LOG_LEVEL', 'DB_PASSWORD', 'API_TOKEN', 'REGION'), value: text }), { maxLength: 3, selector: (one) => one.name });
const sidecar = fc.record({
  image: word.map((w) => `${w}:1`),
  env,
  resources: fc.constantFrom(undefined, {}, { requests: { cpu: '10m' } }, { requests: { cpu: '0.1', memory: '16Mi' }, limits: { memory: '0.5Gi' } }),
});

export const anyStart: fc.Arbitrary<Start> = fc.record(
  {
    annotations: annotated,
    labels: labelled,
    templateAnnotations: annotated,
    sidecars: fc.array(sidecar, { maxLength: 2 }).map((list) => list.map((one, n) => ({ name: `sidecar-${String(n)}`, ...withoutUndefined(one) }))),
    areSidecarsFirst: fc.boolean(),
    env,
    replicas: fc.integer({ min: 1, max: 6 }),
  },
  { requiredKeys: [] },
);

const withoutUndefined = (o: object): object => Object.fromEntries(Object.entries(o).filter(([, value]) => value !== undefined));

/** The same difference for a workload and its revisions, so that they still belong together. */
export function varied(object: KubeObject, start: Start): KubeObject {
  const copy = structuredClone(object);
  if (start.annotations) copy.metadata.annotations = { ...start.annotations, ...copy.metadata.annotations };
  if (start.labels) copy.metadata.labels = { ...start.labels, ...copy.metadata.labels };
  if (copy.kind === 'Deployment' && start.replicas !== undefined) withReplicas(copy, start.replicas);
  if (Array.isArray(copy.spec?.template?.spec?.containers)) varyTemplate(copy.spec.template, start);
  return copy;
}

function withReplicas({ spec, status }: KubeObject, replicas: number): void {
  spec.replicas = replicas;
  for (const count of ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas']) if (status?.[count] !== undefined) status[count] = replicas;
}

interface Template {
  metadata?: { annotations?: Record<string, string> };
  spec: { containers: { env?: unknown[] }[] };
}

function varyTemplate(template: Template, { templateAnnotations, sidecars = [], areSidecarsFirst, env: added }: Start): void {
  if (templateAnnotations) template.metadata = { ...template.metadata, annotations: { ...templateAnnotations, ...template.metadata?.annotations } };
  const own = template.spec.containers.map((c) => (added ? { ...c, env: [...(c.env ?? []), ...added] } : c));
  template.spec.containers = structuredClone(areSidecarsFirst ? [...sidecars, ...own] : [...own, ...sidecars]);
}
