import { readFile } from 'node:fs/promises';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { AlertmanagerApiReceivers, AlertmanagerApiStatus } from '../../contracts/alertmanager-api.js';
import { KubernautError } from '../../domain/errors.js';
import { failed, getJson, type GetOptions } from './get-json.js';

export interface AlertManagerOptions extends Pick<GetOptions, 'timeoutMs' | 'maxBytes'> {
  /** One or several, several as a list or with commas between them. */
  url?: string | readonly string[];
  token?: string;
  /** Holds the token, or the password where there is a user. */
  credentialsFile?: string;
  username?: string;
  password?: string;
}

/** The API v2 of one AlertManager. Every method throws DependencyMissing or Unauthorized. */
export interface AlertManager {
  /** As it is configured; for logs, not for strangers. */
  url: string;
  status(): Promise<{ upForMs: number; version: string }>;
  /** What fires: told, silenced or inhibited. Each alert is as it came. */
  alerts(): Promise<unknown[]>;
  /** The names of its receivers. */
  receivers(): Promise<string[]>;
}

const statusSchema = TypeCompiler.Compile(AlertmanagerApiStatus);
const receiversSchema = TypeCompiler.Compile(AlertmanagerApiReceivers);

/** One per address. Throws ConfigInvalid when the credentials contradict each other. */
export function alertManagersOf(options: AlertManagerOptions): AlertManager[] {
  const urls = [options.url ?? []].flat().flatMap((text) => text.split(',')).map((text) => text.trim()).filter((text) => text !== '');
  const bad = urls.find((text) => !URL.canParse(text));
  if (bad !== undefined) throw new KubernautError('ConfigInvalid', `sources.alertmanager.url: ${JSON.stringify(bad.slice(0, 200))} is no address; write it like http://alertmanager.monitoring:9093`);
  requireOneCredential(options);
  return [...new Set(urls)].map((url) => alertManagerAt(url, options));
}

function requireOneCredential({ token, credentialsFile, username, password }: AlertManagerOptions): void {
  const bearers = [token, username].filter((v) => v !== undefined).length;
  const secrets = [token, password, credentialsFile].filter((v) => v !== undefined).length;
  const isWhole = username === undefined ? password === undefined : secrets === 1;
  if (bearers <= 1 && secrets <= 1 && isWhole) return;
  throw new KubernautError('ConfigInvalid', 'sources.alertmanager: give token, or credentialsFile, or username with password or credentialsFile, and nothing beside it');
}

function alertManagerAt(base: string, options: AlertManagerOptions): AlertManager {
  const ask = async (path: string) => {
    const url = new URL(`${base.replace(/\/+$/, '')}/api/v2/${path}`);
    const answer = await getJson(url, { timeoutMs: options.timeoutMs, maxBytes: options.maxBytes, authorization: await authorizationOf(options) });
    return { ...answer, unlike: (what: string) => failed(url, `what it answers is not ${what} of AlertManager's API v2`) };
  };
  return {
    url: base,
    async status() {
      const { value, dateMs = Date.now(), unlike } = await ask('status');
      const startedMs = statusSchema.Check(value) ? Date.parse(value.uptime) : Number.NaN;
      if (Number.isNaN(startedMs)) throw unlike('the status');
      return { upForMs: dateMs - startedMs, version: (value as AlertmanagerApiStatus).versionInfo?.version?.slice(0, 50) ?? 'unknown' };
    },
    async alerts() {
      const { value, unlike } = await ask('alerts?active=true&silenced=true&inhibited=true&unprocessed=true');
      if (!Array.isArray(value)) throw unlike('a list of alerts');
      return value as unknown[];
    },
    async receivers() {
      const { value, unlike } = await ask('receivers');
      if (!receiversSchema.Check(value)) throw unlike('a list of receivers');
      return value.map((r) => r.name);
    },
  };
}

/** The file is read every time: whoever rotates it restarts nobody. */
async function authorizationOf({ token, credentialsFile, username, password }: AlertManagerOptions): Promise<string | undefined> {
  const secret = credentialsFile === undefined ? (token ?? password) : await contentOf(credentialsFile);
  if (secret === undefined) return undefined;
  return username === undefined ? `Bearer ${secret}` : `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`;
}

async function contentOf(file: string): Promise<string> {
  try {
    const text = (await readFile(file, 'utf8')).trim();
    if (!/^[\x20-\x7e]{1,8192}$/.test(text)) throw new Error('it is empty, or no line of text');
    return text;
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new KubernautError('Unauthorized', { message: `the file of sources.alertmanager.credentialsFile, ${file}, cannot be used (${why}); correct it, and the next request reads it again`, why: 'its credentials cannot be read' }, error);
  }
}
