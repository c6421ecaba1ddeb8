import { lookup } from 'node:dns/promises';
import { request, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { KubernautError } from '../../domain/errors.js';
import { isPublicAddress } from './public-address.js';

export interface Address {
  address: string;
  family: number;
}

/** Replaced in tests alone: there is no public host there. */
export interface GuardOptions {
  resolve?: (host: string) => Promise<Address[]>;
  isAllowed?: (address: string) => boolean;
  /** PEM bundle; default: what Node trusts. */
  ca?: string;
  /** From the look-up to the last byte. Default 5 s. */
  timeoutMs?: number;
  maxBytes?: number;
}

/** One URL that data chose: GET over HTTPS, once. */
export type GuardedGet = (url: string) => Promise<string>;

/**
 * HTTPS alone; every address of the host must be public, and the connection goes to those very addresses, so that a second
 * look-up cannot lead elsewhere; no redirect is followed, no proxy used, nothing of ours sent along. At most 64 KiB in 5 s.
 */
export function createGuardedGet(options: GuardOptions = {}): GuardedGet {
  const { timeoutMs = 5000 } = options;
  return async (text) => {
    const url = new URL(text);
    if (url.protocol !== 'https:' || url.username !== '' || url.password !== '' || isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) {
      throw refused(url, 'is not a plain HTTPS URL with a host name');
    }
    const deadline = AbortSignal.timeout(timeoutMs);
    const addresses = await within(deadline, url, addressesOf(url, options));
    return await within(deadline, url, get(url, { addresses, deadline, ...options }));
  };
}

async function addressesOf(url: URL, { resolve = resolveAll, isAllowed = isPublicAddress }: GuardOptions): Promise<Address[]> {
  let addresses: Address[];
  try {
    addresses = await resolve(url.hostname);
  } catch (error) {
    throw unreachable(url, (error as NodeJS.ErrnoException).code ?? 'its name cannot be resolved', error);
  }
  if (addresses.length === 0) throw unreachable(url, 'its name has no address');
  // One is enough to refuse them all: the connection could go to any.
  if (!addresses.every(({ address }) => isAllowed(address))) throw refused(url, 'leads to an address that is not public');
  return addresses;
}

const resolveAll = (host: string): Promise<Address[]> => lookup(host, { all: true, verbatim: true });

interface Connection extends GuardOptions {
  addresses: Address[];
  deadline: AbortSignal;
}

function get(url: URL, { addresses, deadline, ca, maxBytes = 64 * 1024 }: Connection): Promise<string> {
  const options: RequestOptions = { agent: false, signal: deadline, lookup: pinnedTo(addresses), servername: url.hostname, headers: { accept: '*/*', 'user-agent': 'kubernaut' }, ...(ca === undefined ? {} : { ca }) };
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      const { statusCode = 0 } = response;
      const chunks: Buffer[] = [];
      let size = 0;
      if (statusCode !== 200) {
        sent.destroy();
        reject(statusCode >= 500 || statusCode === 429 ? unreachable(url, `it answers ${statusCode}`) : refused(url, `answers ${statusCode}; redirects are not followed`));
        return;
      }
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxBytes) return void chunks.push(chunk);
        sent.destroy();
        reject(refused(url, `answers more than ${maxBytes} bytes`));
      });
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      response.on('error', (error) => reject(unreachable(url, error.message, error)));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(url, deadline.aborted ? 'it does not answer in time' : (error.code ?? error.message), error)));
    sent.end();
  });
}

/** Answers every look-up of the connection with what was checked. */
const pinnedTo =
  (addresses: Address[]): LookupFunction =>
  (_host, options, done) =>
    options.all ? done(null, addresses) : done(null, addresses[0]!.address, addresses[0]!.family);

/** Names are resolved in a thread that cannot be called back: its answer is then nobody's. */
function within<T>(deadline: AbortSignal, url: URL, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(unreachable(url, 'it does not answer in time'));
    if (deadline.aborted) late();
    deadline.addEventListener('abort', late, { once: true });
    work.then(resolve, reject).finally(() => deadline.removeEventListener('abort', late));
  });
}

const refused = (url: URL, why: string): KubernautError => new KubernautError('NotAllowed', `${url.hostname} ${why}; the message that names it is not believed`);

const unreachable = (url: URL, why: string, cause?: unknown): KubernautError =>
  new KubernautError('DependencyMissing', `${url.hostname} cannot be read (${why}); let the gateway reach it on port 443`, cause);
