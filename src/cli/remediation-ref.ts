import type { Command } from 'commander';
import type { Remediation } from '../contracts/remediation.js';
import type { Client } from './client.js';
import { queryText } from './client.js';
import { EXIT, Exit } from './exit.js';

/** Every command about one remediation takes the same argument. */
export const REF_ARGUMENT = '<id>';
export const REF_HELP = 'the id, a unique prefix of it, or a target like deployment/api with -n';

export const withNamespace = (command: Command): Command => command.option('-n, --namespace <namespace>', 'of the target, when it is named instead of an id');

/** `/api/v1/remediations/<id>[/verb][?namespace=]` */
export const remediationPath = (ref: string, namespace?: string, verb?: string): string =>
  `/api/v1/remediations/${encodeURIComponent(ref)}${verb === undefined ? '' : `/${verb}`}${queryText({ namespace })}`;

export const getRemediation = (client: Client, ref: string, namespace?: string): Promise<Remediation> =>
  client.get<Remediation>(remediationPath(ref, namespace));

/** What stands beside a remediation may not be there yet, or not be known to an older gateway: the rest is shown all the same. */
export async function orNone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Exit && error.code === EXIT.failed && error.errorCode === 'NotFound') return undefined;
    throw error;
  }
}
