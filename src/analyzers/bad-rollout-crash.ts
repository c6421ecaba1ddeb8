import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { canonicalJson } from '../domain/sha256.js';
import { defineAnalyzer } from './define.js';
import { configReferencesOf, modifiedAt } from './reading/config-references.js';
import { cut, describeTrouble, type Trouble } from './reading/container-trouble.js';
import { nameOf, rollback, targetOf } from './reading/proposals.js';
import { describeChange, fallbackWithout, revisionTroubles, servesAlike, type RevisionTrouble } from './reading/revision-trouble.js';
import { changedFields, changedPodFields, containerOf, podSpecOf, revisionOf } from './reading/rollout.js';
import { logLinesOf } from './reading/scene.js';

/** Pod fields that cannot make a container exit. */
const HARMLESS = ['terminationGracePeriodSeconds', 'nodeSelector', 'affinity', 'tolerations', 'topologySpreadConstraints', 'priorityClassName'];

/** The newest revision's containers do not stay up, and an earlier revision differs in something that can be why. */
export const badRolloutCrash = defineAnalyzer({
  id: 'bad_rollout_crash',
  summary: 'The newest revision crashes: wrong command, missing variable, or the program itself.',
  looksAt: ['deployments', 'replicasets', 'pods', 'events', 'logs'],
  diagnose: (evidence, world) =>
    revisionTroubles(evidence, world, ['start', 'crash']).flatMap((t) => findingOf(t, evidence, world)),
});

function findingOf(t: RevisionTrouble, evidence: Evidence, world: World): Finding[] {
  const trouble = t.troubles.find((one) => one.kind === 'start') ?? t.troubles[0]!;
  const current = t.rollout.current!;
  const fieldsAgainst = (rs: KubeObject) => relevantFields(rs, current, trouble.container);
  const to = fallbackWithout(t, trouble.container, (before) => fieldsAgainst(before).length > 0) ?? newContainer(t, trouble);
  if (!to || !t.isRecent || servesAlike(t, (rs) => fieldsAgainst(rs).length > 0)) return [];
  // logs are read of a few pods only: any pod of this revision tells the same
  const lines = t.troubles.map((one) => logLinesOf(evidence, one.pod, trouble.container)).find((found) => found.length > 0) ?? [];
  const judged = judge(t, trouble, to, lines, world);
  if (!judged) return [];
  const last = lines.at(-1);
  return [
    {
      analyzer: 'bad_rollout_crash',
      cause: judged.cause,
      summary: `${nameOf(t.deployment)}: ${judged.text} since revision ${revisionOf(current)}`,
      target: targetOf(t.deployment),
      evidence: [
        describeTrouble(trouble),
        describeChange(fieldsAgainst(to), to, revisionOf(current)),
        ...(last ? [cut(`log: ${last}`)] : []),
        `${t.readyBefore} pods of earlier revisions are Ready`,
      ],
      confidence: judged.confidence,
      proposals: [rollback(t.deployment, to, judged.confidence, `revision ${revisionOf(to)} ran before ${fieldsAgainst(to).join(', ') || 'the container'} changed`)],
    },
  ];
}

const relevantFields = (before: KubeObject, after: KubeObject, container: string): string[] => [
  ...changedFields(before, after, container).filter((f) => f !== 'readinessProbe' && f !== 'terminationMessagePath'),
  ...changedPodFields(before, after).filter((f) => !HARMLESS.includes(f)),
];

/** A container that earlier revisions did not have is a change of its own. */
const newContainer = (t: RevisionTrouble, trouble: Trouble): KubeObject | undefined =>
  t.rollout.earlier.find((rs) => containerOf(rs, trouble.container) === undefined);

interface Judged {
  cause: string;
  text: string;
  confidence: number;
}

function judge(t: RevisionTrouble, trouble: Trouble, to: KubeObject, lines: string[], world: World): Judged | undefined {
  const current = t.rollout.current!;
  const fields = relevantFields(to, current, trouble.container);
  // content of configuration changed after this revision had come up: the more recent change is the likelier one
  const isContentToBlame = () => isAboutSharedFile(lines, to, current, trouble.container) || isConfigNewer(world, current, t);
  if (trouble.kind === 'start') return { cause: 'bad_rollout.command', text: `container ${trouble.container} cannot start`, confidence: fields.includes('command') || fields.includes('image') ? 0.97 : 0.9 };
  const variable = missingVariable(lines);
  if (variable) return judgeVariable(variable, to, current, trouble.container);
  if (t.isShared || (t.rollout.hasCompleted && isContentToBlame())) return undefined;
  return { cause: 'bad_rollout.crash', text: `container ${trouble.container} keeps crashing`, confidence: t.rollout.hasCompleted ? 0.75 : 0.9 };
}

/** `required environment variable X is not set` in its usual wordings. */
function missingVariable(lines: readonly string[]): string | undefined {
  for (const line of [...lines].reverse()) {
    const found = /(?:env(?:ironment)?(?: variable)?|variable)[ :"'`]+([A-Z][A-Z0-9_]{1,60})["'`]?,? (?:is |was )?(?:not set|required|missing|unset|undefined|empty|is "[^"]*", want)/.exec(line) ?? /missing (?:required )?(?:env(?:ironment)?(?: variable)?)[ :"'`]+([A-Z][A-Z0-9_]{1,60})/i.exec(line);
    if (found) return found[1];
  }
  return undefined;
}

/** The earlier revision helps only when it sets the variable otherwise, or took it from another source. */
function judgeVariable(name: string, to: KubeObject, current: KubeObject, container: string): Judged | undefined {
  const entry = (rs: KubeObject) => JSON.stringify(containerOf(rs, container)?.env?.find((e) => e.name === name) ?? null);
  const sources = (rs: KubeObject) => JSON.stringify(containerOf(rs, container)?.envFrom ?? []);
  const isImageNew = containerOf(to, container)?.image !== containerOf(current, container)?.image;
  if (entry(to) === entry(current) && sources(to) === sources(current) && !isImageNew) return undefined;
  return { cause: 'bad_rollout.env', text: `container ${container} misses the variable ${name}`, confidence: 0.96 };
}

/** After a good start the program complains of a mounted file that both revisions mount alike: its content changed, not the revision. */
function isAboutSharedFile(lines: readonly string[], to: KubeObject, current: KubeObject, container: string): boolean {
  return mountsOf(current, container).some(
    (m) => lines.slice(-5).some((line) => line.includes(`${m.mountPath.replace(/\/$/, '')}/`)) && mountsOf(to, container).some((n) => canonicalJson(n) === canonicalJson(m)),
  );
}

/** ConfigMaps and Secrets mounted into a container, each with its source. */
const mountsOf = (rs: KubeObject, container: string): { mountPath: string; source: unknown }[] =>
  ((containerOf(rs, container)?.['volumeMounts'] ?? []) as { name: string; mountPath: string }[]).flatMap((m) => {
    const volume = ((podSpecOf(rs).volumes ?? []) as { name: string; configMap?: unknown; secret?: unknown; projected?: unknown }[]).find((v) => v.name === m.name);
    const source = volume?.configMap ?? volume?.secret ?? volume?.projected;
    return source === undefined ? [] : [{ mountPath: m.mountPath, source }];
  });

function isConfigNewer(world: World, current: KubeObject, t: RevisionTrouble): boolean {
  const namespace = t.deployment.metadata.namespace;
  return configReferencesOf(current).some((r) => {
    const object = world.get(r.kind, namespace, r.name);
    return object !== undefined && modifiedAt(object) > t.rollout.startedAt;
  }) && podSpecOf(current) !== undefined;
}
