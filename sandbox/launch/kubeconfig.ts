import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const SANDBOX_CONTEXT = 'kubernaut-sandbox';

/** A kubeconfig that carries its credentials inside, so it can be copied: those of a client certificate, or a token. JSON is YAML. */
export function kubeconfigFor(options: { server: string; pkiDir: string; client: string; token?: string }): string {
  const base64Of = (file: string): string => readFileSync(join(options.pkiDir, file)).toString('base64');
  const certificate = () => ({ 'client-certificate-data': base64Of(`${options.client}.crt`), 'client-key-data': base64Of(`${options.client}.key`) });
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': SANDBOX_CONTEXT,
      clusters: [
        { name: SANDBOX_CONTEXT, cluster: { server: options.server, 'certificate-authority-data': base64Of('ca.crt') } },
      ],
      users: [
        {
          name: options.client,
          user: options.token === undefined ? certificate() : { token: options.token },
        },
      ],
      contexts: [{ name: SANDBOX_CONTEXT, context: { cluster: SANDBOX_CONTEXT, user: options.client } }],
    },
    null,
    2,
  )}\n`;
}
