import type { KubeObject, World } from './kube.js';

/** A Service that an application talks to, and how we know. */
export interface HostReference {
  service: string;
  namespace: string;
  port?: number;
  from: 'env' | 'args' | 'log';
  /** The application itself complained about it. */
  isComplained: boolean;
  quote: string;
}

const HOST = /(?:^|[\s"'`=@/,(])((?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*)(?::(\d{1,5}))?(?=$|[\s"'`/,;:)?<\\])/gi;

/** `main.go:42` in front of a log line is no host. */
const SOURCE_FILE = /\.(go|py|js|mjs|ts|java|kt|rb|rs|c|cc|cpp|php|cs|ex|erl|scala)$/i;

/** `db`, `db.data`, `db.data.svc.cluster.local`, `db-0.db.data.svc` (a pod of a headless Service) as Service and namespace; undefined for addresses and outside hosts. */
export function serviceOfHost(host: string, fromNamespace: string): { service: string; namespace: string } | undefined {
  const labels = host.toLowerCase().replace(/\.$/, '').split('.');
  if (/^[0-9.]+$/.test(host) || labels[0] === 'localhost' || !/[a-z]/i.test(labels[0] ?? '')) return undefined;
  if (SOURCE_FILE.test(host)) return undefined;
  const [first, second, third, fourth] = labels as [string, ...(string | undefined)[]];
  if (fourth === 'svc') return { service: second!, namespace: third! };
  return third === undefined || third === 'svc' ? { service: first, namespace: second ?? fromNamespace } : undefined;
}

/** Every host-like word of a text, with its port where one follows. */
function hostsIn(text: string): { host: string; port?: number }[] {
  return [...text.slice(0, 2000).matchAll(HOST)].map((m) => ({ host: m[1]!, ...(m[2] ? { port: Number(m[2]) } : {}) }));
}

interface ContainerTexts {
  env?: { name: string; value?: string; valueFrom?: { configMapKeyRef?: { name?: string; key?: string } } }[];
  envFrom?: { configMapRef?: { name?: string } }[];
  command?: string[];
  args?: string[];
}

const containersIn = (o: KubeObject): ContainerTexts[] => {
  const { containers = [], initContainers = [] } = (o.kind === 'Pod' ? o.spec : (o.spec?.jobTemplate?.spec ?? o.spec)?.template?.spec) ?? {};
  return [...containers, ...initContainers];
};

/** Hosts in what the template says: only words that name a Service of the world, or sit in a URL or host:port. */
export function hostsOfTemplate(o: KubeObject, world: World): HostReference[] {
  const namespace = o.metadata.namespace ?? 'default';
  const texts = containersIn(o).flatMap((c) => [
    ...variablesOf(c, namespace, world).map(([name, text]) => ({ from: 'env' as const, text, about: `${name}=` })),
    ...[...(c.command ?? []), ...(c.args ?? [])].map((text) => ({ from: 'args' as const, text, about: '' })),
  ]);
  return texts.flatMap(({ from, text, about }) =>
    referencesIn(text, namespace)
      .filter((r) => isPlausible(r, text, about, world))
      .map((r) => ({ ...r, from, isComplained: false, quote: `${about}${r.service}${r.namespace === namespace ? '' : `.${r.namespace}`}${r.port ? `:${r.port}` : ''}` })),
  );
}

/** Variables with their values: written out, or of a ConfigMap that was read (evidence keeps hosts of those and nothing else). */
function variablesOf({ env = [], envFrom = [] }: ContainerTexts, namespace: string, world: World): [name: string, value: string][] {
  const dataOf = (name: string | undefined): Record<string, string> => (name === undefined ? {} : (world.get('ConfigMap', namespace, name)?.data ?? {}));
  return [
    ...env.map((e): [string, string] => [e.name, e.value ?? dataOf(e.valueFrom?.configMapKeyRef?.name)[e.valueFrom?.configMapKeyRef?.key ?? ''] ?? '']),
    ...envFrom.flatMap((s) => Object.entries(dataOf(s.configMapRef?.name))),
  ];
}

function isPlausible(r: { service: string; namespace: string; port?: number; host: string }, text: string, about: string, world: World): boolean {
  if (world.get('Service', r.namespace, r.service)) return true;
  const isAddress = r.port !== undefined || new RegExp(`://(?:[^@/]*@)?${r.host.replaceAll('.', '\\.')}(?:[:/]|$)`, 'i').test(text);
  const isHostVariable = /HOST|ADDR|SERVER|ENDPOINT|UPSTREAM|BROKER/i.test(about) && text === r.host;
  return (isAddress || isHostVariable) && isKnownNamespace(world, r.namespace);
}

/** Pods of foreign namespaces are read only to count their requests: they do not make the namespace known. */
export const isKnownNamespace = (world: World, namespace: string): boolean =>
  world.get('Namespace', undefined, namespace) !== undefined || world.objects.some((o) => o.metadata.namespace === namespace && o.kind !== 'Pod');

export type Reference = { service: string; namespace: string; port?: number; host: string };

export function referencesIn(text: string, namespace: string): { service: string; namespace: string; port?: number; host: string }[] {
  return hostsIn(text).flatMap(({ host, port }) => {
    const named = serviceOfHost(host, namespace);
    return named ? [{ ...named, host, ...(port ? { port } : {}) }] : [];
  });
}
