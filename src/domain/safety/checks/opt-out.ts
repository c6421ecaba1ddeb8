import type { KubeObject, World } from '../../kube.js';
import type { Check } from '../facts.js';
import { findingsOf, targetText } from './finding.js';
import { lineOf, subjectOf } from './subject.js';

const { deny } = findingsOf('opt_out');

const isIgnored = (o: KubeObject | undefined): boolean => o?.metadata.annotations?.['kubernaut.io/ignore'] === 'true';

/** Who opts a workload out means its autoscaler too. */
const scaledBy = (world: World, { kind, metadata, spec }: KubeObject): KubeObject | undefined =>
  kind === 'HorizontalPodAutoscaler' ? world.get(spec?.scaleTargetRef?.kind, metadata.namespace, spec?.scaleTargetRef?.name) : undefined;

/** `kubernaut.io/ignore: "true"` on the object, what owns it or is scaled by it, its namespace, or the node under its pod (C7). */
export const optOut: Check = (f) => {
  const subject = subjectOf(f);
  if (!f.step.isWriting || !subject) return [];
  const bearers = [
    ...lineOf(f.world, subject),
    scaledBy(f.world, subject),
    f.world.get('Namespace', undefined, f.step.target.namespace ?? ''),
    f.world.get('Node', undefined, subject.spec?.nodeName ?? ''),
  ];
  const bearer = bearers.find(isIgnored);
  return bearer ? deny('opted_out', `${targetText(f)}: ${bearer.kind.toLowerCase()} ${bearer.metadata.name} carries kubernaut.io/ignore`) : [];
};
