import type { Config } from './schema.js';

/** What signs the links of notifications, the first one first. Whoever has a token of the API could decide anyway. */
export const linkSecretsOf = ({ gateway: { linkKeys, tokens } }: { gateway: Pick<Config['gateway'], 'linkKeys' | 'tokens'> }): string[] => (linkKeys.length > 0 ? linkKeys : tokens).map((secret) => secret.reveal());
