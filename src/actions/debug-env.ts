import type { Edit } from '../domain/change.js';
import { stateOfEdits } from '../domain/edit-state.js';
import { refOf, type KubeObject, type World } from '../domain/kube.js';
import { isMasked } from '../domain/redact-object.js';
import { isSecretName } from '../domain/redact.js';
import { isMoving } from '../domain/safety/checks/rollout.js';
import { findContainer, type FoundContainer } from './container.js';
import type { ActionFacts, Planned, Progress } from './define.js';
import { carriesUnreleasedChange } from './revisions.js';
import { isRolling, rolloutProgress, rolloutTimeoutS, staleDeadlineOf, withStaleDeadline } from './rollout.js';
import { refuse } from './workload.js';

/** On the Deployment, by its owner: `<container>:<ENV>=<debug value>`, for instance `api:LOG_LEVEL=debug`. */
export const DEBUG_ENV = 'kubernaut.io/debug-env';

/** No blank, quote or `$`: a value can neither be taken apart by a start script nor refer to another variable. */
const FORM = /^([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?):([A-Za-z_][A-Za-z0-9_]{0,127})=([\w.,:*=/@+-]{1,128})$/;

/**
 * What loads code, finds programs and files, sets a runtime's options, or sends traffic elsewhere: whoever may write the
 * annotation must not get code into the container through us.
 */
const POWERFUL = [
  /^(LD|DYLD|BASH|PYTHON|RUBY|GEM|PERL|LUA|PHP|DOTNET|COMPLUS|CORECLR|ASPNETCORE|MALLOC|OPENSSL|SSL|GIT|NPM|KUBERNETES|NIX)_?/,
  /^(GO(DEBUG|FLAGS|ROOT|GC|MEMLIMIT|MAXPROCS|TRACEBACK|EXPERIMENT)|GLIBC_TUNABLES|ENV|IFS|SHELL|SHELLOPTS|PS4|PROMPT_COMMAND|HOME|TMPDIR|PWD|USER|HOSTNAME|DISPLAY|EDITOR|PAGER)$/,
  /^NODE_(PATH|OPTIONS|EXTRA|TLS|REPL|CHANNEL)/,
  /(PATH|_?OPT|_?OPTS|OPTIONS|_?ARGS|FLAGS|PRELOAD|AGENT|HOOKS?|CONF|CONFIG|CMD|COMMAND|EXEC|MODULES?|PLUGINS?|PROXY)$/,
];

export const isRefusedEnv = (name: string): boolean => isSecretName(name) || POWERFUL.some((pattern) => pattern.test(name.toUpperCase()));

export interface DebugKnob {
  container: string;
  env: string;
  value: string;
}

const nameOf = (o: KubeObject): string => `${o.kind.toLowerCase()} ${o.metadata.namespace}/${o.metadata.name}`;

/** What the owner declared. Refuses what is not declared, not of the form, or more than a debug switch. */
export function debugKnobOf(object: KubeObject): DebugKnob {
  const at = nameOf(object);
  const text = object.metadata.annotations?.[DEBUG_ENV];
  if (text === undefined) return refuse('PreconditionChanged', `${at} declares no debug switch; its owner may with the annotation ${DEBUG_ENV}: "<container>:<ENV>=<value>"`);
  const [, container, env, value] = FORM.exec(text) ?? [];
  if (!container || !env || !value) return refuse('PreconditionChanged', `${at}: the annotation ${DEBUG_ENV} is not of the form <container>:<ENV>=<value>; correct it`);
  if (isRefusedEnv(env)) return refuse('PolicyDenied', `${at}: ${env} can do more than switch debugging on (code, paths, options, secrets), declared or not; declare a plain switch`);
  return { container, env, value };
}

/** The declared entry gets the declared value; everything around it stays. */
export function planDebugEnv(object: KubeObject, params: { namespace: string; ttl: string }, { world }: ActionFacts): Planned {
  const at = nameOf(object);
  const knob = debugKnobOf(object);
  const found = findContainer(world, object, knob.container);
  const edits = editsOf(found, knob, at);
  const isThere = stateOfEdits(object, edits) === 'after';
  if (!isThere) checkRollout(object, world, at);
  return {
    changes: isThere ? [] : [{ op: 'edit', ref: refOf(object), uid: object.metadata.uid!, edits }],
    summary: `set ${knob.env}=${knob.value} in container ${knob.container} of ${at} for ${params.ttl}`,
    parameters: withStaleDeadline(params, object),
    timeoutS: rolloutTimeoutS(object),
  };
}

interface EnvEntry {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef?: object };
}

/** One whole entry, so that a value that came from a ConfigMap is restored as such. Of two entries by one name the last counts. */
function editsOf({ path, spec }: FoundContainer, { env, value }: DebugKnob, at: string): Edit[] {
  const entries = (spec as { env?: EnvEntry[] }).env ?? [];
  const known = entries.map((e) => e.name).lastIndexOf(env);
  const before = entries[known];
  if (before && (before.valueFrom?.secretKeyRef || isMasked(before))) refuse('PreconditionChanged', `${at}: ${env} holds a secret now; declare another switch`);
  return [
    { path: [...path, 'name'], before: spec.name, after: spec.name },
    { path: [...path, 'env', String(known < 0 ? entries.length : known)], before, after: { name: env, value } },
  ];
}

function checkRollout(object: KubeObject, world: World, at: string): void {
  if (object.spec?.paused) refuse('PreconditionChanged', `${at} is paused, the switch would not reach its pods; resume it first`);
  if (!isRolling(object)) refuse('PreconditionChanged', `${at} does not replace its pods one by one (RollingUpdate); a person must choose the moment`);
  if (carriesUnreleasedChange(world, object)) refuse('PreconditionChanged', `${at} carries a template that was not rolled out yet, our patch would release it; finish that rollout first`);
  if (isMoving(object, world)) refuse('PreconditionChanged', `${at} is in the middle of a rollout; wait for it`);
}

export function debugEnvProgress(object: KubeObject | undefined, params: object, edits: readonly Edit[]): Progress {
  if (object && stateOfEdits(object, edits) !== 'after') return { state: 'waiting', detail: 'the debug value is not there yet' };
  return rolloutProgress(object, staleDeadlineOf(params));
}
