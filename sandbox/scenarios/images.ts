import { stringify } from 'yaml';
import { tolerating, type KubeClient } from '../simulator/kube-client.js';
import type { Image } from './scenario.js';

const PATH = '/api/v1/namespaces/kubernaut-sandbox/configmaps/images';

export interface ImageRows {
  /** Adds rows; a row of the same image is replaced. */
  merge(rows: readonly Image[]): Promise<void>;
  remove(): Promise<void>;
}

/**
 * The image table as one file sees it: a key per namespace (`<namespace>.yaml`), which the simulator applies to that
 * namespace and `<namespace>-*` alone. Files running at once write different keys by merge patch and never meet.
 */
export function imageRowsOf(client: KubeClient, namespaces: readonly string[]): ImageRows {
  const rows = new Map<string, Image>();
  let hasWritten = false;
  const write = async (text: string | null): Promise<void> => {
    const data = Object.fromEntries(namespaces.map((namespace) => [`${namespace}.yaml`, text]));
    await client.request('merge', PATH, { data });
  };
  return {
    merge: async (more) => {
      if (more.length === 0) return;
      for (const row of more) rows.set(row.image, row);
      hasWritten = true;
      await write(stringify({ images: [...rows.values()] }));
    },
    remove: async () => {
      if (hasWritten) await tolerating([404], write(null));
    },
  };
}
