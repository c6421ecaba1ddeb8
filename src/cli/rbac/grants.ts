import type { Permission } from '../../actions/define.js';
import { ACTION_GROUPS, groupOf, placesOf } from '../../actions/groups.js';
import type { Action } from '../../actions/index.js';
import { KINDS } from '../../adapters/kubernetes/kinds.js';
import { KILL_SWITCH } from '../../domain/kill-switch.js';
import type { Grant } from './objects.js';
import { isReading, rulesOf } from './rules.js';

export type Granted = Pick<Action, 'id' | 'permissions'>;

/** How far a grant reaches. `place` = namespaces that the action itself names (kube-system). */
export type Reach = { kind: 'cluster' } | { kind: 'namespace' } | { kind: 'place'; namespaces: readonly string[] };

export interface Reaching extends Grant {
  reach: Reach;
  /** Left out unless asked for: fallbacks, and groups that are off by default. */
  isOptional: boolean;
}

const groupOfApi = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.split('/')[0]! : '');

/** Read beyond what is watched (actions.md 3.2). */
const ALSO_READ: Permission[] = [
  { group: '', resource: 'replicationcontrollers', verbs: ['get', 'list', 'watch'], scope: 'cluster' },
  { group: '', resource: 'pods', subresource: 'log', verbs: ['get'], scope: 'cluster' },
  { group: 'metrics.k8s.io', resource: 'pods', verbs: ['get', 'list'], scope: 'cluster' },
  { group: 'metrics.k8s.io', resource: 'nodes', verbs: ['get', 'list'], scope: 'cluster' },
];

/** What the watch cache and enrichment need, whatever actions are allowed. */
const reader = (actions: readonly Granted[]): Reaching => {
  const watched: Permission[] = KINDS.filter((k) => k.isCached).map((k) => ({ group: groupOfApi(k.apiVersion), resource: k.plural, verbs: ['get', 'list', 'watch'], scope: 'cluster' }));
  const own = actions.flatMap((a) => a.permissions.filter((p) => isReading(p) && p.scope === 'cluster' && !p.names));
  return { name: 'kubernaut-reader', account: 'reader', about: 'what Kubernaut looks at', reach: { kind: 'cluster' }, isOptional: false, rules: rulesOf([...watched, ...ALSO_READ, ...own]) };
};

/** ConfigMaps only by name: those that an action names by itself, and those that the policy names as owners' hooks. */
function namedReads(actions: readonly Granted[], names: Readonly<Record<string, readonly string[]>>): Reaching[] {
  const declared = actions.flatMap((a) => a.permissions.filter((p) => isReading(p) && p.scope === 'namespace' && p.names !== undefined));
  const reads = [...declared, ...Object.entries(names).map(([resource, ofIt]): Permission => ({ group: '', resource, verbs: ['get'], scope: 'namespace', names: [...ofIt] }))];
  if (reads.length === 0) return [];
  return [{ name: 'kubernaut-reader-named', account: 'reader', about: 'objects that the policy names', reach: { kind: 'namespace' }, isOptional: false, rules: rulesOf(reads) }];
}

/** Traces in `kubectl describe`. A write is done whether or not its event could be. */
const EVENTS: Reaching = {
  name: 'kubernaut-executor-events', account: 'executor', about: 'events that tell what Kubernaut did', reach: { kind: 'namespace' }, isOptional: true,
  rules: rulesOf([{ group: 'events.k8s.io', resource: 'events', verbs: ['create'], scope: 'namespace' }]),
};

/** The kill switch of the cluster: this one ConfigMap, wherever else ConfigMaps are out of reach. */
const KILL_SWITCH_READ: Reaching = {
  name: 'kubernaut-reader-pause', account: 'reader', about: 'the kill switch in the cluster', reach: { kind: 'place', namespaces: [KILL_SWITCH.namespace] }, isOptional: false,
  rules: rulesOf([{ group: '', resource: 'configmaps', verbs: ['get', 'list', 'watch'], scope: 'namespace', names: [KILL_SWITCH.name] }]),
};

/** Which keys of a ConfigMap changed, and which hosts its values name. Never part of the rest: whoever binds it lets the reader see values in passing. */
export const CONFIGURATION_READ: Reaching = {
  name: 'kubernaut-reader-configuration', account: 'reader', about: 'which keys of ConfigMaps changed', reach: { kind: 'namespace' }, isOptional: true,
  rules: rulesOf([{ group: '', resource: 'configmaps', verbs: ['get'], scope: 'namespace' }]),
};

interface Declared {
  action: string;
  permission: Permission;
}

/** Every right the product needs in a cluster, apart by whose, of which group, and how far it reaches. */
export function grantsOf(actions: readonly Granted[], names: Readonly<Record<string, readonly string[]>> = {}): Reaching[] {
  const groups = [...new Set([...ACTION_GROUPS.map((g) => g.id), ...actions.map((a) => groupOf(a.id).id)])];
  return [reader(actions), KILL_SWITCH_READ, ...namedReads(actions, names), EVENTS, ...groups.flatMap((id) => ofGroup(id, actions.filter((a) => groupOf(a.id).id === id)))];
}

function ofGroup(id: string, members: readonly Granted[]): Reaching[] {
  const declared: Declared[] = members.flatMap((a) => a.permissions.filter((p) => !isReading(p)).map((permission) => ({ action: a.id, permission })));
  const isOff = members.some((a) => groupOf(a.id).isOffByDefault === true);
  const parts: [reach: Reach, isIn: (d: Declared) => boolean][] = [
    [{ kind: 'namespace' }, (d) => d.permission.scope === 'namespace' && !isPlaced(d)],
    [{ kind: 'cluster' }, (d) => d.permission.scope === 'cluster'],
    [{ kind: 'place', namespaces: [...new Set(members.flatMap((a) => placesOf(a.id)))] }, isPlaced],
  ];
  return [false, true].flatMap((isFallback) =>
    parts.flatMap(([reach, isIn]) => {
      const permissions = declared.filter((d) => isIn(d) && (d.permission.isOptional === true) === isFallback).map((d) => d.permission);
      if (permissions.length === 0) return [];
      const name = `kubernaut-executor-${id}${isFallback ? '-optional' : ''}`;
      return [{ name, account: 'executor' as const, about: aboutOf(id, members), reach, isOptional: isFallback || isOff, rules: rulesOf(permissions) }];
    }),
  );
}

const isPlaced = ({ action, permission }: Declared): boolean => permission.names !== undefined && placesOf(action).length > 0;

const aboutOf = (id: string, members: readonly Granted[]): string => `${ACTION_GROUPS.find((g) => g.id === id)?.summary ?? id} (${members.map((m) => m.id).join(', ')})`;
