import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Where Debian's build reads its templates from, come what may. */
const builtIn = '/usr/share/prometheus/alertmanager';
const template = 'default.tmpl';

export interface RunnableBinary {
  path: string;
  /** Removes what was made to run it. */
  release(): void;
}

/**
 * Debian's AlertManager opens its templates below a fixed folder, so it does not start from an unpacked package. For
 * such a binary a copy is made whose folder name is replaced by one of the same length that links to the unpacked one.
 * Any other binary is used as it is.
 */
export function runnableAlertManager(binary: string, copyTo: string): RunnableBinary {
  const unpacked = resolve(dirname(binary), '..', 'share', 'prometheus', 'alertmanager');
  const asIs = { path: binary, release: () => undefined };
  if (existsSync(join(builtIn, template)) || !existsSync(join(unpacked, template))) return asIs;
  const content = readFileSync(binary);
  const link = `/tmp/kubernaut-am-${randomBytes(16).toString('hex')}`.slice(0, builtIn.length);
  let isPatched = false;
  for (let at = content.indexOf(builtIn); at >= 0; at = content.indexOf(builtIn, at + 1)) {
    content.write(link, at, 'latin1');
    isPatched = true;
  }
  if (!isPatched) return asIs;
  symlinkSync(unpacked, link);
  writeFileSync(copyTo, content, { mode: 0o755 });
  return { path: copyTo, release: () => rmSync(link, { force: true }) };
}
