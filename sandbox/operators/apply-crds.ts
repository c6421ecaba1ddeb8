import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { packageRoot } from '../launch/package-root.js';
import { tolerating, type KubeClient } from '../simulator/kube-client.js';
import type { Operator } from './define.js';

interface Crd {
  metadata: { name: string };
  spec: { group: string; names: { plural: string }; versions: { name: string; served: boolean }[] };
}

const crdsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const lookEveryMs = 50;
const giveUpAfterMs = 20_000;

/** Ours, of the vendor's group, version, kind, scope and fields. One file may hold several. */
function readCrds(name: string): Crd[] {
  const text = readFileSync(join(packageRoot(), 'sandbox', 'operators', 'crds', `${name}.yaml`), 'utf8');
  const documents = parseAllDocuments(text);
  return (Array.isArray(documents) ? documents : []).map((one) => one.toJS() as Crd);
}

/** A CRD of a second start on the same data is brought to today's content. */
async function put(client: KubeClient, crd: Crd): Promise<void> {
  const created = await tolerating([409], client.request('POST', crdsPath, crd));
  if (created === undefined) await client.request('merge', `${crdsPath}/${crd.metadata.name}`, crd);
}

/** Established is said a moment before the path answers, so it is the path that is asked. */
async function waitUntilServed(client: KubeClient, { metadata, spec }: Crd): Promise<void> {
  const paths = spec.versions.filter((v) => v.served).map((v) => `/apis/${spec.group}/${v.name}/${spec.names.plural}?limit=1`);
  const giveUpAt = Date.now() + giveUpAfterMs;
  for (const path of paths) {
    while ((await tolerating([404, 503], client.request('GET', path))) === undefined) {
      if (Date.now() > giveUpAt) throw new Error(`CustomResourceDefinition ${metadata.name} is not served after ${giveUpAfterMs / 1000} s; look at its conditions`);
      await sleep(lookEveryMs);
    }
  }
}

/** All at once; resolves when each can be listed. */
export async function applyCrds(client: KubeClient, operators: readonly Operator[]): Promise<void> {
  const crds = [...new Set(operators.flatMap((o) => o.crds))].flatMap(readCrds);
  await Promise.all(
    crds.map(async (crd) => {
      await put(client, crd);
      await waitUntilServed(client, crd);
    }),
  );
}
